"""Keeping parts of the worker up: what fails begins again, and an outage is told once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from woosync import bootstrap, errors
from woosync.postgres import errors as database_errors

#: Seconds until what failed is tried again: first, and at most.
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
#: Seconds after which a part that was told to end is told again; longer than a graceful end takes.
TELL_AGAIN = 5.0

log = logging.getLogger("woosync")


class Keeper:
    """Runs parts for ever; they share what is known about the database."""

    def __init__(self, opened: bootstrap.Application) -> None:
        self._opened = opened
        self._is_away = False

    async def keep_up(self, part: Callable[[], Awaitable[None]]) -> None:
        """Run a part; when it ends or fails, again after a while."""
        wait = FIRST_WAIT
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await _run(part)
            except Exception as error:  # noqa: BLE001 - a part that falls must stand up again
                self._tell(error)
            lasted = asyncio.get_running_loop().time() - started
            wait = FIRST_WAIT if lasted > LONGEST_WAIT else min(wait * 2, LONGEST_WAIT)
            await asyncio.sleep(wait)
            await self._await_database()

    def _tell(self, error: Exception) -> None:
        known = database_errors.known(error)
        if known is None:
            log.error("defect in background work", exc_info=error)
        elif not isinstance(known, database_errors.DatabaseUnavailableError):
            log.warning("background work waits", extra={"cause": known.message})
        elif not self._is_away:
            self._is_away = True
            log.warning(
                "the database is away; background work waits", extra={"cause": known.message}
            )

    async def _await_database(self) -> None:
        """Return when the database answers, at once if it was never away."""
        wait = FIRST_WAIT
        while self._is_away:
            try:
                async with self._opened.database.session():
                    pass
            except errors.WoosyncError:
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
                continue
            if self._is_away:  # another part may have been told meanwhile
                self._is_away = False
                log.warning("the database is back")


async def _run(part: Callable[[], Awaitable[None]]) -> None:
    """Run a part; one that is to end is told again until it does.

    Libraries take a cancellation for themselves now and then, while they connect anew.
    """
    task = asyncio.ensure_future(part())
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=TELL_AGAIN)
        if not task.cancelled():
            task.exception()  # how it ended does not matter any more
        raise
