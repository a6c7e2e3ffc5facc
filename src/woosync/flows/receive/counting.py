"""Counting what is refused: in memory, and in the database every few seconds.

So that a flood of bad deliveries does not become a flood of statements.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from woosync import errors
from woosync.domain import topic as topics
from woosync.postgres import refusals
from woosync.postgres.engine import Database

#: Seconds between statements, and how many kinds are kept apart meanwhile.
EVERY, MOST = 5.0, 1000


class Refusals:
    """The counts of one process."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._counted: Counter[refusals.Refusal] = Counter()

    def count(self, store_key: str, topic: topics.Topic, status: int) -> None:
        """Count a refused delivery; where too many kinds wait to be saved, a new one is dropped."""
        name = str(topic)
        known = name if name in topics.WANTED else ""
        one = refusals.Refusal(store_key=store_key, topic=known, status=status)
        if one in self._counted or len(self._counted) < MOST:
            self._counted[one] += 1

    async def save(self) -> None:
        """Save what was counted; what cannot be saved now is saved later."""
        counted, self._counted = self._counted, Counter()
        if not counted:
            return
        try:
            async with self._database.transaction() as tx:
                await refusals.add(tx, counted, at=self._clock())
        except errors.WoosyncError:
            self._counted += counted

    @contextlib.asynccontextmanager
    async def saving(self) -> AsyncIterator[None]:
        """Save now and then while the block lasts, and at its end."""
        ended = asyncio.Event()
        # Never cancelled: what is being saved then would be counted twice or not at all.
        task = asyncio.create_task(self._keep_saving(ended))
        try:
            yield
        finally:
            ended.set()
            await asyncio.gather(task, return_exceptions=True)
            await self.save()

    async def _keep_saving(self, ended: asyncio.Event) -> None:
        while not ended.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), EVERY)
            await self.save()
