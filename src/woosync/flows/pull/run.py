"""What a pull carries along: the store, the counts, the cursors; and how a page is saved."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import structs

from woosync.domain import ids
from woosync.domain.idset import IdSet
from woosync.flows import ingest
from woosync.flows.ingest import apart, reading
from woosync.flows.ingest.streams import Stream
from woosync.flows.pull.cursor import Cursor
from woosync.postgres import cursors, quarantine, runs
from woosync.postgres.engine import Database, Transaction
from woosync.woo import paging
from woosync.woo.capabilities import Capabilities
from woosync.woo.client import StoreClient

#: Unchanged pages move the cursor only so often: reading them again costs less than committing.
CURSOR_EVERY = 20

Planned = Callable[[dict[str, object]], None]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Some records alone: the `page`-th `limit` of the newest, or those with the ids `only`.

    `status` and `after` (time of creation) narrow the list where the store can; `all` is any.
    """

    limit: int = 100
    page: int = 1
    status: str = "all"
    after: datetime | None = None
    only: tuple[int, ...] = ()


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller asked for. `mode`: auto goes on from the cursor, else takes everything.

    `sweep`: look for deleted records (None: when the last look is older than `sweep_every`).
    `allow_deletes`: delete also when suspiciously many records are gone. `scan_customers`: read
    all customers, since a store does not tell which have changed. `part`: only some records.
    `quarantine_every`: how long bad records are left alone that are not listed as changed.
    """

    entities: tuple[str, ...] = ("customers", "products", "orders")
    full: bool = False
    force: bool = False
    dry_run: bool = False
    sweep: bool | None = None
    allow_deletes: bool = False
    scan_customers: bool = False
    part: Part | None = None
    page_size: int = 100
    overlap: timedelta = timedelta(minutes=5)
    sweep_every: timedelta = timedelta(days=1)
    customer_slice: int = 20
    quarantine_every: timedelta = timedelta(hours=1)


class Progress(msgspec.Struct):
    """How far a stream is; `total` is what the store says, None while unknown."""

    done: int = 0
    total: int | None = None

    def as_dict(self) -> dict[str, int | None]:
        """Return it as it is saved; what is read twice must not come to more than all."""
        total = None if self.total is None else max(self.total, self.done)
        return {"done": self.done, "total": total}


class Run(msgspec.Struct, kw_only=True):
    """One pull of one store.

    `seen`: ids that this run has met in a whole scan. `resumed`: streams whose scan an earlier run
    began. `token`: proof of the run lock. `came`: store ids saved so far; None where they are too
    many or not all known.
    """

    database: Database
    client: StoreClient
    capabilities: Capabilities
    context: ingest.Context
    options: Options
    on_plan: Planned
    token: str = ""
    counts: dict[ids.Entity, ingest.Counts] = msgspec.field(default_factory=dict)
    progress: dict[ids.Entity, Progress] = msgspec.field(default_factory=dict)
    cursors: dict[ids.Entity, Cursor] = msgspec.field(default_factory=dict)
    seen: dict[ids.Entity, IdSet] = msgspec.field(default_factory=dict)
    warnings: list[str] = msgspec.field(default_factory=list)
    mode: str | None = None
    pages: dict[ids.Entity, int] = msgspec.field(default_factory=dict)
    resumed: set[ids.Entity] = msgspec.field(default_factory=set)
    came: dict[ids.Entity, set[int]] | None = msgspec.field(default_factory=dict)
    named_refunds: dict[int, int] = msgspec.field(default_factory=dict)

    def now(self) -> datetime:
        """Return the time by the run's clock."""
        return self.context.clock()

    def count(self, stream: Stream) -> ingest.Counts:
        """Return the counts of a stream, to be added to."""
        return self.counts.setdefault(stream.entity, ingest.Counts())

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[Transaction]:
        """Open a transaction to save in; raises RunLostError when another run has taken over."""
        async with self.database.transaction(relaxed=not self.token) as tx:
            if self.token:
                await runs.hold(tx, self.context.store_id, "pull", self.token)
            yield tx

    async def load_cursor(self, entity: ids.Entity) -> Cursor:
        """Load the cursor of a stream; a new one where there is none."""
        async with self.database.statements() as tx:
            found = await cursors.load(tx, self.context.store_id, entity.value, Cursor)
        self.cursors[entity] = found or Cursor()
        if self.cursors[entity].due:
            self.came = None  # an earlier run ended before it had seen to what it saved
        return self.cursors[entity]

    async def save_cursor(self, entity: ids.Entity, cursor: Cursor) -> None:
        """Save the cursor of a stream apart from any page."""
        await self.save_cursors({entity: cursor})

    async def save_cursors(self, changed: Mapping[ids.Entity, Cursor]) -> None:
        """Save the cursors of several streams in one transaction."""
        self.cursors.update(changed)
        if self.context.dry_run:
            return
        async with self.writing() as tx:
            for entity, cursor in changed.items():
                await cursors.save(tx, self.context.store_id, entity.value, cursor)

    async def save_page(
        self, stream: Stream, page: paging.Page, cursor: Cursor | None = None
    ) -> ingest.Result:
        """Ingest a page and save the cursor that stands for it in one transaction.

        Without a cursor the page is one beside the stream's way, and the position stays.
        """
        return await self.save(stream, await self.prepare(stream, page), cursor)

    def note_came(self, entity: ids.Entity, woo_ids: Iterable[int]) -> None:
        """Note which records were saved, whose belongings are to be seen to."""
        if self.came is not None:
            self.came.setdefault(entity, set()).update(woo_ids)

    async def prepare(self, stream: Stream, page: paging.Page) -> ingest.Prepared[Any]:
        """Find what differs in a page and decode it; writes nothing."""
        progress = self.progress.setdefault(stream.entity, Progress())
        progress.done += len(page.records)
        progress.total = page.total if page.total is not None else progress.total
        async with self.database.statements() as tx:
            prepared = await ingest.prepare(tx, self.context, stream.noun, page.records)
        prepared.bad += [reading.unreadable(stream.noun, bad) for bad in page.bad]
        return prepared

    async def save(
        self, stream: Stream, prepared: ingest.Prepared[Any], cursor: Cursor | None
    ) -> ingest.Result:
        """Save what was prepared and the cursor that stands for it in one transaction."""

        async def commit(part: ingest.Prepared[Any], last: bool) -> ingest.Result:  # noqa: FBT001 - `apart.Commit`
            return await self._commit(stream, part, cursor if last else None)

        result = await apart.save(stream.noun, prepared, commit)
        counts = self.count(stream)
        counts.add(result.counts)
        counts.seen += prepared.seen
        self.note_came(stream.entity, result.changed_ids)
        if self.context.dry_run and stream.entity is ids.Entity.ORDER:
            self.named_refunds |= {
                head.id: one.woo_id for one in prepared.incoming for head in one.theirs.refunds
            }
        counts.unchanged += prepared.seen - len(result.changed_ids) - result.counts.quarantined
        for step in result.plan:
            self.on_plan(step)
        return result

    async def _commit(
        self, stream: Stream, prepared: ingest.Prepared[Any], cursor: Cursor | None
    ) -> ingest.Result:
        work = prepared.incoming or prepared.bad
        if not work and not self._cursor_is_due(stream, cursor):
            if cursor is not None:
                self.cursors[stream.entity] = self._carried(stream, cursor)
            return ingest.Result()
        async with self.writing() as tx:
            result = await ingest.save(tx, self.context, stream.noun, prepared.incoming)
            await ingest.reject(tx, self.context, prepared.bad, result)
            saved = await self._save_cursor_with(tx, stream, cursor, result)
        self.cursors[stream.entity] = self._carried(stream, saved)
        return result

    async def release_unmet(self, entity: ids.Entity) -> None:
        """Release bad records of earlier runs, after this one has looked at everything."""
        bad = any(name == entity.value for name, _ in self.context.quarantined)
        if self.context.dry_run or not bad:
            return
        async with self.writing() as tx:
            await quarantine.release_unmet(
                tx, self.context.store_id, entity.value, self.context.run_id
            )

    def _cursor_is_due(self, stream: Stream, cursor: Cursor | None) -> bool:
        """Tell whether pages without changes are to move the cursor now."""
        if cursor is None or self.context.dry_run or cursor == self.cursors.get(stream.entity):
            return False
        pages = self.pages[stream.entity] = self.pages.get(stream.entity, 0) + 1
        return cursor.scan is None or pages % CURSOR_EVERY == 0

    async def _save_cursor_with(
        self, tx: Transaction, stream: Stream, cursor: Cursor | None, result: ingest.Result
    ) -> Cursor:
        """Save the cursor with what the changes leave to do; return it as it is now known."""
        changed = result.changed_ids
        known = self.cursors.get(stream.entity, Cursor())
        if cursor is None:
            if changed and not self.context.dry_run:
                await cursors.mark_due(tx, self.context.store_id, stream.entity.value)
            return structs.replace(known, due=known.due or bool(changed))
        cursor = self._carried(stream, cursor)
        if changed:
            cursor = structs.replace(cursor, due=True)
            if cursor.scan is None and self.lists_variations_by_product(stream):
                parents = dict.fromkeys((*cursor.parents, *changed))
                cursor = structs.replace(cursor, parents=tuple(parents))
            if cursor.scan is None and self._follows_customers(stream):
                orders = dict.fromkeys((*cursor.orders, *changed))
                cursor = structs.replace(cursor, orders=tuple(orders))
        if not self.context.dry_run:
            await cursors.save(tx, self.context.store_id, stream.entity.value, cursor)
        return cursor

    def _carried(self, stream: Stream, cursor: Cursor) -> Cursor:
        """Return the cursor with what earlier pages have left to do, which it may not know of."""
        now = self.cursors.get(stream.entity, Cursor())
        return structs.replace(
            cursor,
            due=cursor.due or now.due,
            parents=tuple(dict.fromkeys((*now.parents, *cursor.parents))),
            orders=tuple(dict.fromkeys((*now.orders, *cursor.orders))),
        )

    def _follows_customers(self, stream: Stream) -> bool:
        return stream.entity is ids.Entity.ORDER and "customers" in self.options.entities

    def lists_variations_by_product(self, stream: Stream) -> bool:
        """Tell whether these are products, on a store that lists variations by product only."""
        return stream.entity is ids.Entity.PRODUCT and not self.capabilities.variations_route
