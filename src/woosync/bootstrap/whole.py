"""Everything at once: all concerns in one `Application`, and the care for its database."""

import asyncio
import logging
from dataclasses import dataclass

from woosync import errors
from woosync.bootstrap import pushing, reading, webhooks
from woosync.postgres import embedded

log = logging.getLogger("woosync")
#: Seconds between two looks whether the embedded database still runs.
LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Application(reading.Reading, pushing.Pushing, webhooks.Webhooks):
    """Everything that entry points call: an open database, the settings, and the flows."""

    async def keep_database(self) -> None:
        """Start the embedded PostgreSQL again whenever it ends; what runs for long awaits it."""
        while self.settings.database_url is None:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                if await asyncio.to_thread(embedded.revive, self.settings.data_folder / "postgres"):
                    log.warning("the embedded database had ended and was started again")
            except errors.WoosyncError as error:
                log.warning("the embedded database is down", extra={"cause": error.message})
