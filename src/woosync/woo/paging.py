"""Read collections and their changes without missing a record; called by pull and audit."""

from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta

from woosync.woo import pages, scan
from woosync.woo.client import StoreClient
from woosync.woo.pages import START, Page, ScanPosition
from woosync.woo.records import BadRecord, Record

__all__ = ["START", "BadRecord", "Page", "Record", "ScanPosition", "fetch_changes", "fetch_scan"]

_SECOND = timedelta(seconds=1)
#: Requests in a row without anything new before the drain of a second gives up.
_FRUITLESS = 100


def fetch_scan(
    client: StoreClient,
    route: str,
    query: Mapping[str, str | int],
    *,
    start: ScanPosition = START,
    page_size: int = 100,
) -> AsyncGenerator[Page, None]:
    """Fetch a whole collection in id order, pages in parallel, given in order.

    Nothing that exists during the whole scan is skipped or given twice, whatever else is deleted
    or added meanwhile; `start` resumes an earlier scan. Close it (`aclose`) when leaving early, so
    that pages under way are given up. Raises what StoreClient.fetch raises.
    """
    filters = {**pages.with_heads(query), "orderby": "id", "order": "asc", "_skip_cache": 1}
    collection = pages.Collection(client, route, filters)
    return scan.Scan(collection, start=start, page_size=page_size).run()


async def fetch_changes(
    client: StoreClient,
    route: str,
    query: Mapping[str, str | int],
    *,
    since: datetime,
    page_size: int = 100,
) -> AsyncGenerator[Page, None]:
    """Fetch what was modified after `since` (aware, whole seconds, exclusive), oldest first.

    Always asks for the first page after a moving cursor, so that records leaving it by being
    modified again hide none. A record modified meanwhile comes again with its new time. The
    first page is always given, also empty. Customers have no such filter.
    """
    changes = _Changes(since)
    while True:
        collection = pages.Collection(
            client, route, {**pages.with_heads(query), **changes.filters()}
        )
        chunk = await collection.fetch(changes.offset, page_size)
        if not changes.joins(chunk):
            changes.step_back(page_size)
            continue
        page = changes.give(chunk)
        if page.records or page.bad or changes.is_first:
            yield page
        if not changes.advance(chunk, fruitful=bool(page.records or page.bad)):
            return


class _Changes:
    """The cursor of fetch_changes: `since` is exclusive; `offset` drains what shares one second."""

    def __init__(self, since: datetime) -> None:
        self.since = since.astimezone(UTC).replace(microsecond=0)
        self.offset = 0
        self.is_first = True
        self._given: set[tuple[int, datetime | None]] = set()
        self._seen_bad: set[bytes] = set()
        self._fruitless = 0

    def filters(self) -> dict[str, str | int]:
        """Return the query; a zone in the time would make shops east of UTC lose hours."""
        return {
            "orderby": "modified",
            "order": "asc",
            "modified_after": self.since.strftime("%Y-%m-%dT%H:%M:%S"),
            "dates_are_gmt": "true",
            "_skip_cache": 1,
        }

    def joins(self, chunk: pages.Chunk) -> bool:
        """Whether nothing can lie between what was given and this chunk."""
        if chunk.offset == 0:
            return True
        return bool(chunk.records) and chunk.records[0][:2] in self._given

    def step_back(self, page_size: int) -> None:
        """Rows have moved left while a second was drained: read further left."""
        self.offset = max(0, self.offset - max(1, page_size // 2))

    def give(self, chunk: pages.Chunk) -> Page:
        """Return the page without what was given before."""
        new = [record for record in chunk.records if record[:2] not in self._given]
        bad = [entry for entry in chunk.bad if entry.raw not in self._seen_bad]
        self._given.update(record[:2] for record in new)
        self._seen_bad.update(entry.raw for entry in bad)
        return chunk.page(new, bad, START)

    def advance(self, chunk: pages.Chunk, *, fruitful: bool) -> bool:
        """Move on behind the chunk; False when there is nothing left to ask."""
        self.is_first = False
        whole = chunk.count >= chunk.size or chunk.divided
        if not whole and (chunk.total is None or chunk.total <= chunk.end):
            return False
        dates = [record.modified for record in chunk.records if record.modified is not None]
        reached = max(dates, default=self.since) - _SECOND
        self._fruitless = 0 if fruitful else self._fruitless + 1
        if reached > self.since:
            self.since, self.offset = reached, 0
            self._given = {key for key in self._given if key[1] is None or key[1] > reached}
            return True
        if chunk.count <= 1 and not fruitful:
            return False
        self.offset = max(chunk.end - 1, 0)
        return self._fruitless < _FRUITLESS
