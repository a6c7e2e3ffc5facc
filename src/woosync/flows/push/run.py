"""What a push carries along: the store, what was asked for, the counts, and the way to ingest."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from woosync import errors as kinds
from woosync.domain import ids
from woosync.flows import ingest
from woosync.flows.ingest import reading
from woosync.flows.ingest.streams import CUSTOMERS, ORDERS, PRODUCTS, VARIATIONS, Stream
from woosync.flows.push.rules import Rules
from woosync.postgres import errors, outbox
from woosync.postgres.engine import Database
from woosync.woo import batch, paging
from woosync.woo.capabilities import Capabilities
from woosync.woo.client import StoreClient

#: How often a group is tried again when another process was writing the same rows.
ATTEMPTS = 5
#: The order matters: variations need their product, and orders name both others.
STREAMS = (CUSTOMERS, PRODUCTS, VARIATIONS, ORDERS)
#: What a user may name, and the kinds of record behind it.
ENTITIES: dict[str, tuple[ids.Entity, ...]] = {
    "customers": (ids.Entity.CUSTOMER,),
    "products": (ids.Entity.PRODUCT, ids.Entity.VARIATION),
    "orders": (ids.Entity.ORDER,),
}
TABLES = {
    ids.Entity.CUSTOMER: "customers",
    ids.Entity.PRODUCT: "products",
    ids.Entity.VARIATION: "products",
    ids.Entity.ORDER: "purchase_orders",
}

Planned = Callable[[dict[str, object]], None]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller asked for: what waits, or these `local_ids`, or `everything` that differs.

    `since` narrows `everything` to what was changed here since then. `force` lets the back office
    win every conflict. `hold` is how long a write whose outcome is unknown may still arrive.
    `claims` ends a push after so many parts of `size` of each kind: the rest stays for the next.
    `automatic` pushes of an hour share one row in `sync_runs`.
    """

    entities: tuple[str, ...] = tuple(ENTITIES)
    local_ids: tuple[int, ...] | None = None
    everything: bool = False
    since: datetime | None = None
    force: bool = False
    dry_run: bool = False
    size: int = 100
    claims: int | None = None
    automatic: bool = False
    lease: timedelta = timedelta(minutes=10)
    hold: timedelta = timedelta(minutes=2)
    flip_window: timedelta = timedelta(hours=1)

    @property
    def streams(self) -> tuple[Stream, ...]:
        """Return the collections that are meant, in the order in which they are pushed."""
        wanted = {entity for name in self.entities for entity in ENTITIES[name]}
        return tuple(stream for stream in STREAMS if stream.entity in wanted)


class Counts(msgspec.Struct):
    """How many records of an entity met which fate.

    `unchanged`: nothing was to be sent. `held`: a person has to decide first. `waiting`: tried
    again later. `refused`: the store said no.
    """

    seen: int = 0
    pushed: int = 0
    created: int = 0
    unchanged: int = 0
    held: int = 0
    waiting: int = 0
    refused: int = 0

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


class Run(msgspec.Struct, kw_only=True):
    """One push to one store; `earlier` has what pushes of the same row counted before."""

    database: Database
    client: StoreClient
    capabilities: Capabilities
    context: ingest.Context
    options: Options
    rules: Rules
    on_plan: Planned
    counts: dict[ids.Entity, Counts] = msgspec.field(default_factory=dict)
    paces: dict[str, batch.Pace] = msgspec.field(default_factory=dict)
    warnings: list[str] = msgspec.field(default_factory=list)
    earlier: Mapping[str, Mapping[str, int]] = msgspec.field(default_factory=dict)
    trouble: kinds.WoosyncError | None = None

    @property
    def store_id(self) -> int:
        """Return whose store it is."""
        return self.context.store_id

    def now(self) -> datetime:
        """Return the time by the run's clock."""
        return self.context.clock()

    def count(self, entity: ids.Entity) -> Counts:
        """Return the counts of an entity, to be added to."""
        return self.counts.setdefault(entity, Counts())

    def pace(self, kind: str) -> batch.Pace:
        """Return how many of a kind one request gets; orders go singly: those are validated."""
        return self.paces.setdefault(kind, batch.Pace(singly=kind == ORDERS.route))

    def warn(self, text: str) -> None:
        """Note what a person should look at, once."""
        if text not in self.warnings:
            self.warnings.append(text)

    async def take(self, stream: Stream, records: Sequence[paging.Record]) -> None:
        """Ingest what the store says now; one that cannot be read or saved is set aside."""
        if self.context.dry_run or not records:
            return
        async with self.database.transaction() as tx:
            prepared = await ingest.prepare(tx, self.context, stream.noun, records)
        await self._save(stream, prepared)

    async def _save(self, stream: Stream, prepared: ingest.Prepared[Any]) -> None:
        incoming = prepared.incoming
        if not incoming and not prepared.bad:
            return None
        try:
            await self.retried(lambda: self._commit(stream, prepared))
        except kinds.RecordError as error:
            if len(incoming) == 1:
                name = str(incoming[0].woo_id)
                entry = reading.entry(stream.entity.value, name, error, incoming[0].raw)
                return await self._save(stream, ingest.Prepared(0, [], [*prepared.bad, entry]))
            middle = len(incoming) // 2
            await self._save(stream, ingest.Prepared(0, incoming[:middle], prepared.bad))
            await self._save(stream, ingest.Prepared(0, incoming[middle:]))

    async def _commit(self, stream: Stream, prepared: ingest.Prepared[Any]) -> None:
        async with self.database.transaction(relaxed=True) as tx:
            result = await ingest.save(tx, self.context, stream.noun, prepared.incoming)
            await ingest.reject(tx, self.context, prepared.bad, result)

    async def retried(self, work: Callable[[], Any]) -> Any:
        """Do a transaction's work, again when another process was quicker."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await work()
            except errors.DatabaseBusyError:
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("the loop returns or raises")

    async def give_back(
        self, claimed: Sequence[outbox.Claimed], *, delay: timedelta, error: str
    ) -> None:
        """Put claimed records back for later."""
        if claimed and not self.context.dry_run:
            async with self.database.transaction() as tx:
                await outbox.release(tx, claimed, delay=delay, error=error)

    async def done(self, claimed: Sequence[outbox.Claimed]) -> None:
        """Take away marks of records that need nothing."""
        if claimed and not self.context.dry_run:
            async with self.database.transaction() as tx:
                await outbox.acknowledge(tx, claimed)


def patience(attempts: int) -> timedelta:
    """Return how long to wait after so many failures: a minute, doubled up to a day."""
    return min(timedelta(minutes=2 ** min(attempts, 12) / 2), timedelta(days=1))
