"""A page of a collection, and how to get one that is too heavy for the store; used by paging."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from woosync.woo import errors, records
from woosync.woo.client import StoreClient
from woosync.woo.records import BadRecord, Record

#: A PHP that runs out of memory or time answers with these; fewer records may pass.
_HEAVY_STATUSES = {500, 504}
_JUNK_SAMPLE = 500


class ScanPosition(msgspec.Struct, frozen=True):
    """Where a scan stands: `offset` entries lie before it, `last_id` is the last one given."""

    offset: int = 0
    last_id: int = 0


START = ScanPosition()


class Page(msgspec.Struct, frozen=True):
    """Records not given before, in order; `position` is where a later scan resumes after them.

    `total` is X-WP-Total, `junk` the beginning of what plugins printed before the JSON.
    """

    records: list[Record]
    bad: list[BadRecord]
    position: ScanPosition
    total: int | None
    store_time: datetime | None
    junk: bytes = b""


class Chunk(msgspec.Struct, frozen=True):
    """What the store answered for the entries from `offset` on, at most `size` of them."""

    offset: int
    size: int
    records: list[Record]
    bad: list[BadRecord]
    total: int | None
    store_time: datetime | None
    junk: bytes
    divided: bool = False

    @property
    def count(self) -> int:
        """How many entries came."""
        return len(self.records) + len(self.bad)

    @property
    def end(self) -> int:
        """Offset after the last entry that came."""
        return self.offset + self.count

    def page(self, new: list[Record], bad: list[BadRecord], position: ScanPosition) -> Page:
        """Return what of this chunk is given to the caller."""
        return Page(new, bad, position, self.total, self.store_time, self.junk)


class Collection(msgspec.Struct, frozen=True):
    """A list route of one store with its filters."""

    client: StoreClient
    route: str
    query: Mapping[str, str | int]

    async def fetch(self, offset: int, size: int) -> Chunk:
        """Fetch `size` entries from `offset`; in halves where the store cannot give them at once.

        Raises what StoreClient.fetch raises.
        """
        try:
            return await self._fetch_whole(offset, size)
        except (
            errors.StoreTimeout,
            errors.StoreAnsweredNothing,
            errors.StoreAnsweredTooMuch,
        ):
            if size == 1 or self.client.breaker.is_open:
                raise
        except errors.StoreFailed as error:
            if size == 1 or error.status not in _HEAVY_STATUSES or self.client.breaker.is_open:
                raise
        return await self._fetch_halves(offset, size)

    async def _fetch_whole(self, offset: int, size: int) -> Chunk:
        query: dict[str, str | int] = {**self.query, "per_page": size}
        if offset:
            query["offset"] = offset
        answer, cut = await self.client.fetch_as(
            records.PAGE, self.route, query, divisible=size > 1
        )
        return Chunk(
            offset=offset,
            size=size,
            records=cut.records,
            bad=cut.bad,
            total=answer.total,
            store_time=answer.store_time,
            junk=answer.junk[:_JUNK_SAMPLE],
        )

    async def _fetch_halves(self, offset: int, size: int) -> Chunk:
        """Fetch two parts that share one entry, which proves that nothing moved in between.

        Where it did move, or the first part came short, the first part alone is the answer.
        """
        half = (size + 1) // 2
        first = await self.fetch(offset, half)
        if size == 2:  # noqa: PLR2004 - two cannot share one and get smaller
            second = await self.fetch(offset + 1, 1)
            again = await self.fetch(offset, 1)
            joined = ids(again) == ids(first)
        else:
            second = await self.fetch(offset + half - 1, size - half + 1)
            joined = bool(first.records) and ids(first)[-1:] == ids(second)[:1]
        if not joined:
            return _divided(first, first.records, first.bad, size)
        known = set(ids(first))
        samples = {entry.raw for entry in first.bad}
        return _divided(
            second,
            first.records + [record for record in second.records if record.id not in known],
            first.bad + [entry for entry in second.bad if entry.raw not in samples],
            size,
            offset=offset,
        )


def ids(chunk: Chunk) -> list[int]:
    """Return the ids in a chunk, in its order."""
    return [record.id for record in chunk.records]


def with_heads(query: Mapping[str, str | int]) -> dict[str, str | int]:
    """Return the query with the fields that paging itself needs added to `_fields`."""
    fields = str(query.get("_fields", ""))
    if not fields:
        return dict(query)
    named = fields.split(",")
    needed = [name for name in ("id", "date_modified_gmt") if name not in named]
    return {**query, "_fields": ",".join([*needed, *named])}


def _divided(
    chunk: Chunk,
    kept: list[Record],
    bad: list[BadRecord],
    size: int,
    *,
    offset: int | None = None,
) -> Chunk:
    return Chunk(
        offset=chunk.offset if offset is None else offset,
        size=size,
        records=kept,
        bad=bad,
        total=chunk.total,
        store_time=chunk.store_time,
        junk=chunk.junk,
        divided=True,
    )
