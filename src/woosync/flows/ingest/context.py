"""What an ingest is told, what it carries from step to step, and what it counts."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from woosync.domain import conflict_policy, ids, stock_rules
from woosync.mapping import custom as custom_fields
from woosync.postgres import log, quarantine
from woosync.postgres.engine import Transaction
from woosync.postgres.records import Saved

T = TypeVar("T", bound=msgspec.Struct)


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Whose records these are, and how to treat them; one for a whole run.

    `baseline_orders`: orders are read for the first time, so the levels hold what they took.
    """

    store_id: int
    store_key: str
    run_id: int | None
    actor: str
    warehouse_id: int
    supplier_id: int
    rules: conflict_policy.Rules
    force: bool = False
    dry_run: bool = False
    clock: Callable[[], datetime]
    quarantined: frozenset[tuple[str, str]] = frozenset()
    stock: stock_rules.Rules = stock_rules.DEFAULT
    custom: tuple[custom_fields.Rule, ...] = ()
    baseline_orders: bool = False

    @property
    def warehouses(self) -> tuple[int, ...]:
        """Return the warehouses that the store sells from, first choice first."""
        return self.stock.warehouses or (self.warehouse_id,)


class Counts(msgspec.Struct):
    """How many records of an entity met which fate."""

    seen: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    conflicts: int = 0
    quarantined: int = 0
    deleted: int = 0
    restored: int = 0

    def add(self, other: "Counts") -> None:
        """Add another count to this one."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


class Incoming(msgspec.Struct, Generic[T], frozen=True):
    """A record as the store has it now: raw, decoded (`wire`), in domain form, and as a base."""

    woo_id: int
    parent_id: int | None
    modified: datetime | None
    digest: bytes
    raw: bytes
    wire: Any
    theirs: T
    base: bytes


class Settled(msgspec.Struct, Generic[T], frozen=True):
    """A record after the merge: the value to save, and what stood here before (None: new).

    `was` is the store id it had, when it comes back under another one.
    """

    incoming: Incoming[T]
    local_id: int
    value: T
    before: Saved[T] | None
    linked: bool
    restored: bool
    was: int | None = None


class Prepared(msgspec.Struct, Generic[T]):
    """Records read and decoded, before anything is locked: `incoming` differ from what is here."""

    seen: int = 0
    incoming: list[Incoming[T]] = msgspec.field(default_factory=list)
    bad: list[quarantine.Entry] = msgspec.field(default_factory=list)


class Result(msgspec.Struct):
    """What an ingest did; in a dry run `plan` says what it would do."""

    counts: Counts = msgspec.field(default_factory=Counts)
    events: list[log.Event] = msgspec.field(default_factory=list)
    plan: list[dict[str, object]] = msgspec.field(default_factory=list)
    changed_ids: list[int] = msgspec.field(default_factory=list)


class Noun(Protocol[T]):
    """What differs from entity to entity."""

    @property
    def entity(self) -> ids.Entity:
        """Return the kind of record."""
        ...

    @property
    def kind(self) -> type[T]:
        """Return the domain class."""
        ...

    @property
    def locks(self) -> Sequence[ids.Entity]:
        """Return the kinds whose ingest must wait for this one."""
        ...

    def read(self, raw: bytes) -> tuple[Any, T, int | None]:
        """Decode raw JSON: (wire, domain record, parent's store id). Raises RecordError."""
        ...

    async def find(
        self, tx: Transaction, context: Context, unlinked: Sequence[Incoming[T]]
    ) -> dict[int, int]:
        """Recognise records that exist here already, without a link: store id to local id."""
        ...

    async def hold(self, tx: Transaction, local_ids: Sequence[int]) -> None:
        """Let nobody else write these records until the transaction ends."""
        ...

    async def load(self, tx: Transaction, local_ids: Sequence[int]) -> dict[int, Saved[T]]:
        """Load records by local id."""
        ...

    def gives_way(self, record: T) -> bool:
        """Tell whether the store's record replaces this one when the two are first linked."""
        ...

    async def next_ids(self, tx: Transaction, amount: int) -> list[int]:
        """Draw local ids."""
        ...

    async def save(self, tx: Transaction, context: Context, settled: Sequence[Settled[T]]) -> None:
        """Save records and what belongs to them (stock, items, guests)."""
        ...

    async def preview(
        self, tx: Transaction, context: Context, settled: Sequence[Settled[T]]
    ) -> dict[int, dict[str, object]]:
        """Tell what `save` would change besides fields, by store id; for dry runs."""
        ...

    async def save_restored(self, tx: Transaction, local_ids: Sequence[int]) -> None:
        """Bring soft-deleted records back."""
        ...

    async def save_deleted(self, tx: Transaction, local_ids: Sequence[int], now: datetime) -> None:
        """Soft-delete records."""
        ...
