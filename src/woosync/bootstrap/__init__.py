"""The only wiring: settings become a database, stores and clients; entry points open it.

`Application` has one base a concern, a module each; they share `opening.Opening`.
"""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from woosync import errors
from woosync import settings as configuration
from woosync.bootstrap import pushing, reading, webhooks
from woosync.bootstrap.opening import CREDENTIALS, DEFAULT_STORE, StorePausedError, utc_now
from woosync.postgres import embedded, engine
from woosync.postgres import errors as database_errors

__all__ = ["CREDENTIALS", "DEFAULT_STORE", "Application", "StorePausedError", "application"]

log = logging.getLogger("woosync")
FULL_BELOW = 32 * 1024 * 1024
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


@contextlib.asynccontextmanager
async def application(
    settings: configuration.Settings, *, clock: Callable[[], datetime] = utc_now
) -> AsyncIterator[Application]:
    """Open the database (the embedded one starts now), bring its tables up to date, and wire.

    Raises EmbeddedStartError and the errors of `postgres.errors`.
    """
    folder = settings.data_folder
    with engine.located(settings.database_url, folder=folder / "postgres") as url:
        await asyncio.to_thread(engine.upgrade, url)
        database = replica = engine.Database(url, restarts=settings.database_url is not None)
        if settings.replica_database_url is not None:
            with engine.located(settings.replica_database_url, folder=folder) as replica_url:
                replica = engine.Database(replica_url)
        try:
            yield Application(settings=settings, database=database, replica=replica, clock=clock)
        except database_errors.DatabaseUnavailableError as error:
            if settings.database_url is None:
                raise _explained(error, folder) from error
            raise
        finally:
            await database.close()
            await replica.close()


def _explained(error: errors.WoosyncError, folder: Path) -> errors.WoosyncError:
    """Return what happened to the embedded database that went away."""
    if shutil.disk_usage(folder).free < FULL_BELOW:
        return database_errors.DatabaseFullError(
            f"The disk of {folder} is full.",
            remedy="Free space and run the same command again; it goes on where it stopped.",
        )
    return embedded.stopped(folder / "postgres") or error
