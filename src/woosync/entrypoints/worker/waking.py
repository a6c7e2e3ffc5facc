"""Reacting at once: webhook deliveries and local changes wake their flow, per store."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from woosync import bootstrap, errors
from woosync.postgres import stores, wake

#: What waits, and the application's method that sees to it.
FLOWS = {"inbox": "apply", "outbox": "push_changes"}
#: Seconds in which wake-ups of one store are taken for one, and between looks round.
DEBOUNCE, ROUND = 0.02, 30.0

log = logging.getLogger("woosync")


class Wakes:
    """One task a store and kind of work, while there is any; a wake-up meanwhile is not lost."""

    def __init__(self, opened: bootstrap.Application) -> None:
        self._opened = opened
        self._tasks: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._again: set[tuple[str, int]] = set()

    async def listen(self) -> None:
        """Wake flows as PostgreSQL tells, until the connection ends."""
        async for what, store_id in wake.listen(self._opened.database):
            self.wake(what, store_id)

    async def look_round(self) -> None:
        """Wake every flow now and then: a wake-up may have been told while nobody listened."""
        while True:
            async with self._opened.database.transaction() as tx:
                found = await stores.load_all(tx)
            for store in found:
                for what in FLOWS:
                    if store.state == "active":
                        self.wake(what, store.id)
            await asyncio.sleep(ROUND)

    def wake(self, what: str, store_id: int) -> None:
        """Let the flow look at a store soon."""
        key = (what, store_id)
        if key in self._tasks:
            self._again.add(key)
            return
        self._tasks[key] = asyncio.create_task(self._run(key))

    async def close(self) -> None:
        """Stop; what was claimed and not finished is claimed again later."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, key: tuple[str, int]) -> None:
        what, store_id = key
        self._again.add(key)
        try:
            while key in self._again:
                await asyncio.sleep(DEBOUNCE)
                self._again.discard(key)
                await self._see_to(FLOWS[what], store_id)
        finally:
            self._again.discard(key)
            del self._tasks[key]

    async def _see_to(self, flow: str, store_id: int) -> None:
        """Call a flow; what goes wrong is told, and tried again at the next look round."""
        see_to: Callable[[int], Awaitable[object]] | None = getattr(self._opened, flow, None)
        if see_to is None:
            return
        try:
            await see_to(store_id)
        except errors.WoosyncError as error:
            log.warning(
                "waiting work failed",
                extra={"flow": flow, "store": store_id, "cause": error.message},
            )
        except Exception:
            log.exception("defect in waiting work", extra={"flow": flow, "store": store_id})
