"""Save the pages of a scan while the next ones are fetched and decoded."""

import asyncio
import contextlib
from typing import Any, Self

from woosync import errors
from woosync.flows import ingest
from woosync.flows.ingest.streams import Stream
from woosync.flows.pull.cursor import Cursor
from woosync.flows.pull.run import Run
from woosync.woo import paging

#: So many changed records at most wait for the transaction before them.
WAITING = 500


class Saver:
    """Writes in the order of the pages, one transaction at a time, several pages in one.

    While PostgreSQL works on one transaction the caller goes on with the next pages; those that
    become ready meanwhile share the next transaction. What waits is bounded.
    """

    def __init__(self, run: Run, stream: Stream) -> None:
        self._run = run
        self._stream = stream
        self._waiting: ingest.Prepared[Any] = ingest.Prepared()
        self._cursor: Cursor | None = None
        self._full = False
        self._task: asyncio.Task[ingest.Result] | None = None

    async def add(self, page: paging.Page, cursor: Cursor | None) -> None:
        """Take a page and the cursor that stands for it; raises what saving earlier ones raised.

        Without a cursor the pages are ones beside the stream's way, and the position stays.
        """
        prepared = await self._run.prepare(self._stream, page)
        self._waiting.seen += prepared.seen
        self._waiting.incoming += prepared.incoming
        self._waiting.bad += prepared.bad
        self._cursor, self._full = cursor, True
        if self._task is not None and (self._task.done() or len(self._waiting.incoming) >= WAITING):
            await self._settle()
        if self._task is None:
            self._begin()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Save everything that waits; after an error only finish what is under way."""
        with contextlib.suppress(*(() if kind is None else (errors.WoosyncError,))):
            await self._settle()
        if kind is None and self._full:
            self._begin()
            await self._settle()

    def _begin(self) -> None:
        saving = self._run.save(self._stream, self._waiting, self._cursor)
        self._task = asyncio.create_task(saving)
        self._waiting, self._cursor, self._full = ingest.Prepared(), None, False

    async def _settle(self) -> None:
        if self._task is not None:
            task, self._task = self._task, None
            await task
