"""Read a whole collection in id order, pages in parallel, without a gap; behind fetch_scan."""

import asyncio
import collections
from collections.abc import AsyncGenerator, AsyncIterator

from woosync.woo import errors, pages, records

#: Entries asked for in a row without anything new before the store's paging is called broken.
_FRUITLESS = 10_000
#: Pages in a row that come whole before a reduced page size grows again; twice that each time.
_CALM = 8
#: Below this a short first page is taken for rows the key may not read, not for a cap.
_SMALLEST_CAP = 10
#: No shop has this many records of a kind; a store that goes on beyond is broken or hostile.
_LONGEST = 50_000_000


class Scan:
    """One scan. Invariant: what existed all the time and has an id up to `last_id` was given.

    A page keeps it when its first record has an id up to `last_id` (it joins on): rows come in id
    order and one answer is one snapshot, so nothing can lie between. A page that does not join
    tells that rows before it were deleted; then the scan re-reads from further left. When each
    page was requested does not matter, so pages are requested ahead of their turn.
    """

    def __init__(
        self, collection: pages.Collection, *, start: pages.ScanPosition, page_size: int
    ) -> None:
        self._collection = collection
        self._position = start
        self._full_size = self._size = max(2, page_size)
        self._calm, self._patience = 0, _CALM
        self._fruitless = 0
        self._expected_end = 0
        self._next: int | None = max(start.offset - 1, 0)
        self._unreadable_to = 0
        self._at_end = False
        self._seen_bad: set[bytes] = set()
        self._pending: collections.deque[asyncio.Task[pages.Chunk]] = collections.deque()

    async def run(self) -> AsyncGenerator[pages.Page, None]:
        """Give the pages in order; the first one always, later ones when they hold anything."""
        first = True
        try:
            while True:
                self._request_ahead()
                chunk = await self._pending.popleft()
                async for page in self._bridge(chunk):
                    yield page
                joined = self._joins(chunk)
                page = self._give(chunk) if joined else chunk.page([], [], self._position)
                if first or page.records or page.bad:
                    yield page
                first = False
                if self._pending or self._next is not None:
                    continue
                self._next = self._onward(chunk, page) if joined else None
                if self._next is None:
                    return
        finally:
            await self._abandon()

    def _request_ahead(self) -> None:
        """Keep as many pages under way or waiting as the store takes at once, and one more."""
        throttle = self._collection.client.throttle
        while self._next is not None and len(self._pending) <= throttle.limit:
            offset, size = self._next, self._size
            self._pending.append(asyncio.create_task(self._collection.fetch(offset, size)))
            last = self._expected_end - 1
            self._next = min(offset + size - 1, last) if offset < last else None

    async def _bridge(self, chunk: pages.Chunk) -> AsyncIterator[pages.Page]:
        """Re-read one after another from left of the last given record until `chunk` joins on.

        Ends also at the end of the collection, when what `chunk` held has gone since.
        """
        if self._at_end and not chunk.count:
            return
        back = self._size // 2
        offset = self._position.offset - 1 - back
        while not self._joins(chunk):
            patch = await self._collection.fetch(max(offset, 0), self._size)
            if not self._joins(patch):
                back *= 2
                offset = patch.offset - back
                continue
            page = self._give(patch)
            if page.records or page.bad:
                yield page
            onward = self._onward(patch, page)
            if onward is None:
                # The collection got shorter: what is asked for beyond this end can only be empty.
                self._next, self._at_end = None, True
                return
            offset = onward

    def _joins(self, chunk: pages.Chunk) -> bool:
        if chunk.offset <= self._unreadable_to:
            return True
        return bool(chunk.records) and chunk.records[0].id <= self._position.last_id

    def _give(self, chunk: pages.Chunk) -> pages.Page:
        last = before = self._position.last_id
        previous, new = 0, []
        for record in chunk.records:
            if record.id < previous:
                raise _unsorted(self._collection.route)
            previous = record.id
            if record.id > last:
                last = record.id
                new.append(record)
        bad = [entry for entry in chunk.bad if self._is_fresh(entry)]
        if last > before:
            self._unreadable_to, self._at_end = 0, False
        if previous == last:
            self._position = pages.ScanPosition(chunk.end, last)
        self._adapt(chunk, fruitful=bool(new or bad))
        return chunk.page(new, bad, self._position)

    def _is_fresh(self, entry: records.BadRecord) -> bool:
        known = len(self._seen_bad)
        self._seen_bad.add(entry.raw)
        return len(self._seen_bad) > known

    def _adapt(self, chunk: pages.Chunk, *, fruitful: bool) -> None:
        """Learn the end, the page size the store manages, and whether this leads anywhere."""
        total = chunk.total or 0
        if not self._expected_end and chunk.count < chunk.size and chunk.end < total:
            # The first page came short of what there is: this host caps the page size.
            self._full_size = min(self._full_size, max(_SMALLEST_CAP, chunk.count))
            self._size = self._full_size
        self._expected_end = max(self._expected_end, total)
        self._calm += 1
        if chunk.divided:
            self._size, self._calm = max(2, chunk.size // 2), 0
            self._patience *= 2
        elif self._calm >= self._patience and self._size < self._full_size:
            self._size, self._calm = min(self._full_size, self._size * 2), 0
        self._fruitless = 0 if fruitful else self._fruitless + chunk.size
        if self._fruitless > _FRUITLESS or chunk.offset > _LONGEST:
            raise _endless(self._collection.route)

    def _onward(self, chunk: pages.Chunk, page: pages.Page) -> int | None:
        """Return the offset to read next, sharing one entry with `chunk`; None at the end."""
        if page.records or page.bad or chunk.count > 1:
            return max(chunk.end - 1, 0)
        if chunk.total is not None and chunk.total > chunk.offset + chunk.size:
            # Rows that this key may not read are counted but not shown: step over them. It is the
            # only step without an overlap, so the only one that a deletion just then could spoil.
            self._unreadable_to = chunk.offset + chunk.size
            return self._unreadable_to
        return None

    async def _abandon(self) -> None:
        for task in self._pending:
            task.cancel()
        await asyncio.gather(*self._pending, return_exceptions=True)


def _unsorted(route: str) -> errors.StoreAnsweredNonsense:
    return errors.StoreAnsweredNonsense(
        f"The store does not list {route} in id order, so a page could hide another.",
        remedy="A plugin changes the order of REST lists; switch it off for the API.",
    )


def _endless(route: str) -> errors.StoreAnsweredNonsense:
    return errors.StoreAnsweredNonsense(
        f"The store goes on listing {route} without anything new.",
        remedy="A cache answers instead of the shop: exclude /wp-json/ from caching.",
    )
