"""What a pull carries along: the store, the counts, the cursors; and how a page is saved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from woosync.domain import ids
from woosync.domain.idset import IdSet
from woosync.flows import ingest
from woosync.flows.ingest import reading
from woosync.flows.pull.streams import Cursor, Stream
from woosync.postgres import cursors, errors
from woosync.postgres.engine import Database, Transaction
from woosync.woo import paging
from woosync.woo.capabilities import Capabilities
from woosync.woo.client import StoreClient

#: How often a page is tried again when another process was writing the same rows.
ATTEMPTS = 5
#: Unchanged pages move the cursor only so often: reading them again costs less than committing.
CURSOR_EVERY = 20

Planned = Callable[[dict[str, object]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the caller asked for. `mode`: auto goes on from the cursor, else takes everything.

    `sweep`: look for deleted records (None: when the last look is older than `sweep_every`).
    `allow_deletes`: delete also when suspiciously many records are gone. `scan_customers`: read
    all customers, since a store does not tell which have changed.
    """

    entities: tuple[str, ...] = ("customers", "products", "orders")
    full: bool = False
    force: bool = False
    dry_run: bool = False
    sweep: bool | None = None
    allow_deletes: bool = False
    scan_customers: bool = False
    page_size: int = 100
    overlap: timedelta = timedelta(minutes=5)
    sweep_every: timedelta = timedelta(days=1)
    customer_slice: int = 20


@dataclass(slots=True)
class Progress:
    """How far a stream is; `total` is what the store says, None while unknown."""

    done: int = 0
    total: int | None = None


@dataclass(slots=True, kw_only=True)
class Run:
    """One pull of one store."""

    database: Database
    client: StoreClient
    capabilities: Capabilities
    context: ingest.Context
    options: Options
    on_plan: Planned
    counts: dict[ids.Entity, ingest.Counts] = field(default_factory=dict)
    progress: dict[ids.Entity, Progress] = field(default_factory=dict)
    cursors: dict[ids.Entity, Cursor] = field(default_factory=dict)
    seen: dict[ids.Entity, IdSet] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    pages: dict[ids.Entity, int] = field(default_factory=dict)

    def now(self) -> datetime:
        """Return the time by the run's clock."""
        return self.context.clock()

    def count(self, stream: Stream) -> ingest.Counts:
        """Return the counts of a stream, to be added to."""
        return self.counts.setdefault(stream.entity, ingest.Counts())

    async def load_cursor(self, entity: ids.Entity) -> Cursor:
        """Load the cursor of a stream; a new one where there is none."""
        async with self.database.transaction() as tx:
            found = await cursors.load(tx, self.context.store_id, entity.value, Cursor)
        self.cursors[entity] = found or Cursor()
        return self.cursors[entity]

    async def save_cursor(self, entity: ids.Entity, cursor: Cursor) -> None:
        """Save the cursor of a stream apart from any page."""
        self.cursors[entity] = cursor
        if self.context.dry_run:
            return
        async with self.database.transaction(relaxed=True) as tx:
            await cursors.save(tx, self.context.store_id, entity.value, cursor)

    async def save_page(
        self, stream: Stream, page: paging.Page, cursor: Cursor
    ) -> ingest.Result:
        """Ingest a page and save the cursor that stands for it in one transaction."""
        progress = self.progress.setdefault(stream.entity, Progress())
        progress.done += len(page.records)
        progress.total = page.total if page.total is not None else progress.total
        result = await self._save_records(stream, page.records, cursor)
        if page.bad:
            await self._reject(stream, page, result)
        self.count(stream).add(result.counts)
        for step in result.plan if self.context.dry_run else ():
            self.on_plan(step)
        return result

    async def _save_records(
        self, stream: Stream, records: Sequence[paging.Record], cursor: Cursor
    ) -> ingest.Result:
        try:
            return await self._commit(stream, records, cursor)
        except errors.DatabaseRejectedError as error:
            if len(records) == 1:
                return await self._reject_one(stream, records[0], error)
        middle = len(records) // 2
        first = await self._save_records(stream, records[:middle], self.cursors[stream.entity])
        second = await self._save_records(stream, records[middle:], cursor)
        first.counts.add(second.counts)
        first.plan += second.plan
        first.changed_ids += second.changed_ids
        return first

    async def _commit(
        self, stream: Stream, records: Sequence[paging.Record], cursor: Cursor
    ) -> ingest.Result:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self.database.transaction(relaxed=True) as tx:
                    result = await ingest.ingest(tx, self.context, stream.noun, records)
                    await self._save_cursor_with(tx, stream, cursor, result)
            except errors.DatabaseBusyError:
                if attempt == ATTEMPTS:
                    raise
            else:
                return result
        raise AssertionError("the loop returns or raises")

    async def _save_cursor_with(
        self, tx: Transaction, stream: Stream, cursor: Cursor, result: ingest.Result
    ) -> None:
        if self.context.dry_run:
            return
        changed = bool(result.changed_ids)
        if changed and not cursor.due:
            cursor = msgspec.structs.replace(cursor, due=True)
        moved = cursor != self.cursors.get(stream.entity)
        pages = self.pages[stream.entity] = self.pages.get(stream.entity, 0) + 1
        only_position = cursor.scan is not None and not changed
        if moved and not (only_position and pages % CURSOR_EVERY):
            await cursors.save(tx, self.context.store_id, stream.entity.value, cursor)
        self.cursors[stream.entity] = cursor

    async def _reject_one(
        self, stream: Stream, record: paging.Record, error: errors.DatabaseRejectedError
    ) -> ingest.Result:
        result = ingest.Result(ingest.Counts(seen=1))
        entry = reading.entry(stream.entity.value, str(record.id), error, bytes(record.raw))
        async with self.database.transaction() as tx:
            await ingest.reject(tx, self.context, [entry], result)
        return result

    async def _reject(self, stream: Stream, page: paging.Page, result: ingest.Result) -> None:
        entries = [
            reading.entry(
                stream.entity.value,
                f"unreadable {reading.digest(bad.raw).hex()[:12]}",
                reading.UnreadableError(f"The record cannot be read: {bad.reason}."),
                bad.raw,
            )
            for bad in page.bad
        ]
        async with self.database.transaction() as tx:
            await ingest.reject(tx, self.context, entries, result)
