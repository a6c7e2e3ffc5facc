"""Read collections and their changes without missing a record; called by pull and audit."""

from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo

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
    zone: tzinfo | None = None,
) -> AsyncGenerator[Page, None]:
    """Fetch what was modified after `since` (aware, whole seconds, exclusive), oldest first.

    `zone` is the shop's; without it, changes hide in the hour that a shop's clocks skip in spring.

    Always asks for the first page after a moving cursor, so that records leaving it by being
    modified again hide none. A record modified meanwhile comes again with its new time. The
    first page is always given, also empty. Customers have no such filter.
    """
    changes = _Changes(since, zone)
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

    def __init__(self, since: datetime, zone: tzinfo | None) -> None:
        self.zone = zone
        self.since = self._sayable(since.astimezone(UTC).replace(microsecond=0))
        self.offset = 0
        self.is_first = True
        # Content as hash: a record may change again in the second of its modified time.
        self._given: dict[tuple[int, datetime | None], int] = {}
        self._seen_bad: set[bytes] = set()
        self._fruitless = 0

    def _sayable(self, moment: datetime) -> datetime:
        """Step back from a time of day that the shop's clocks skip that day.

        WordPress takes the digits of a UTC time for a local time, moves one that does not exist
        on by what the clocks skip, and compares the digits with UTC again.
        """
        if self.zone is None:
            return moment
        digits = moment.replace(tzinfo=None)
        there = moment.replace(tzinfo=self.zone).astimezone(UTC).astimezone(self.zone)
        return moment - (there.replace(tzinfo=None) - digits)

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
        hashed = [(record, hash(bytes(record.raw))) for record in chunk.records]
        new = [record for record, content in hashed if self._given.get(record[:2]) != content]
        bad = [entry for entry in chunk.bad if entry.raw not in self._seen_bad]
        self._given.update((record[:2], content) for record, content in hashed)
        self._seen_bad.update(entry.raw for entry in bad)
        return chunk.page(new, bad, START)

    def advance(self, chunk: pages.Chunk, *, fruitful: bool) -> bool:
        """Move on behind the chunk; False when there is nothing left to ask."""
        self.is_first = False
        whole = chunk.count >= chunk.size or chunk.divided
        if not whole and (chunk.total is None or chunk.total <= chunk.end):
            return False
        dates = [record.modified for record in chunk.records if record.modified is not None]
        reached = self._sayable(max(dates, default=self.since) - _SECOND)
        self._fruitless = 0 if fruitful else self._fruitless + 1
        if reached > self.since:
            self.since, self.offset = reached, 0
            self._given = {
                key: content
                for key, content in self._given.items()
                if key[1] is None or key[1] > reached
            }
            return True
        if chunk.count <= 1 and not fruitful:
            return False
        self.offset = max(chunk.end - 1, 0)
        return self._fruitless < _FRUITLESS
