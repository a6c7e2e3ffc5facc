"""What people decide: conflicts settled and fields put back, each with who did it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from woosync import errors
from woosync.domain import customer, ids, order, product
from woosync.postgres import bulk, customers, links, orders, products, sql
from woosync.postgres.engine import Transaction
from woosync.postgres.records import Shelf

Shelves = Shelf[customer.Customer] | Shelf[product.Product] | Shelf[order.Order]
SHELVES: Mapping[str, Shelves] = {
    "customer": customers.SHELF,
    "product": products.SHELF,
    "variation": products.SHELF,
    "order": orders.SHELF,
}
LOCKS = {
    "customer": (ids.Entity.CUSTOMER,),
    "product": (ids.Entity.PRODUCT,),
    "variation": (ids.Entity.PRODUCT,),
    "order": (ids.Entity.CUSTOMER, ids.Entity.ORDER),
}
SELECT = """
SELECT found.id, found.store_id, store.key AS store, found.entity, found.woo_id, found.local_id,
  found.field, found.base, found.ours, found.theirs, found.decision, found.suggestion, found.state
FROM conflicts AS found JOIN stores AS store ON store.id = found.store_id
"""
BY_ID = SELECT + " WHERE found.id = %s FOR UPDATE OF found"
IDS = """
SELECT id FROM conflicts
WHERE state = 'open' AND (%(store)s::bigint IS NULL OR store_id = %(store)s)
  AND (%(entity)s::text IS NULL OR entity = %(entity)s)
  AND (%(field)s::text IS NULL OR field = %(field)s) AND entity <> 'stock'
  AND (%(among)s::bigint[] IS NULL OR id = ANY(%(among)s::bigint[]))
ORDER BY id LIMIT %(limit)s
"""
PLACE = "SELECT store_id, entity FROM conflicts WHERE id = %s"
KNOWN = """
SELECT id FROM conflicts
WHERE id = ANY(%s::bigint[]) AND (%s::bigint IS NULL OR store_id = %s) ORDER BY id
"""
SAVE = """
UPDATE conflicts SET state = 'resolved', resolution = %s, resolved_by = %s, resolved_at = now(),
  updated_at = now()
WHERE id = %s
"""
REFRESH = """
UPDATE conflicts SET ours = %s, theirs = %s, updated_at = now() WHERE id = %s
"""
BASE = """
SELECT base::text FROM links WHERE store_id = %s AND entity = %s AND local_id = %s
  AND tombstoned_at IS NULL
"""


class UnknownConflictError(errors.RefusedError):
    """No conflict has this number."""


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """A conflict as saved; values are JSON values."""

    id: int
    store_id: int
    store: str
    entity: str
    woo_id: int | None
    local_id: int | None
    field: str
    base: object
    ours: object
    theirs: object
    decision: str
    suggestion: str
    state: str


async def load_conflict(tx: Transaction, conflict_id: int) -> Conflict:
    """Load a conflict and hold it until the transaction ends; raises UnknownConflictError.

    Ingests of such records are kept out first, in their own order: they write conflicts last.
    """
    for store_id, entity in await sql.rows(tx, PLACE, (conflict_id,)):
        if entity in LOCKS:
            await hold(tx, store_id, entity)
    async with tx.cursor(row_factory=class_row(Conflict)) as cursor:
        await cursor.execute(BY_ID, (conflict_id,))
        found = await cursor.fetchone()
    if found is None:
        raise UnknownConflictError(
            f"There is no conflict with the number {conflict_id}.",
            remedy="`woosync conflicts list` shows them.",
        )
    return found


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which conflicts are meant; None is any."""

    store_id: int | None = None
    entity: str | None = None
    field: str | None = None
    among: Sequence[int] | None = None


async def load_open_ids(tx: Transaction, wanted: Filter, *, limit: int) -> list[int]:
    """Load the numbers of open conflicts, oldest first."""
    values = {
        "store": wanted.store_id,
        "entity": wanted.entity,
        "field": wanted.field,
        "among": None if wanted.among is None else list(wanted.among),
        "limit": limit,
    }
    return [row[0] for row in await sql.rows(tx, IDS, values)]


async def load_known_ids(
    tx: Transaction, numbers: Sequence[int], *, store_id: int | None
) -> list[int]:
    """Load which of these conflicts there are, of a store if one is named."""
    found = await sql.rows(tx, KNOWN, (list(numbers), store_id, store_id))
    return [row[0] for row in found]


async def save_resolution(
    tx: Transaction, conflict_id: int, resolution: Mapping[str, object], *, actor: str
) -> None:
    """Save how a conflict was settled."""
    await tx.execute(SAVE, (Jsonb(dict(resolution)), actor, conflict_id))


async def save_moved(tx: Transaction, conflict_id: int, *, ours: object, theirs: object) -> None:
    """Bring a conflict up to what the two sides hold by now."""
    await tx.execute(REFRESH, (Jsonb(ours), Jsonb(theirs), conflict_id))


async def load_base(tx: Transaction, store_id: int, entity: str, local_id: int) -> str | None:
    """Load the base of a linked record as JSON text; None where the store does not have it."""
    found = await sql.value(tx, BASE, (store_id, entity, local_id))
    return None if found is None else str(found)


async def hold(tx: Transaction, store_id: int, entity: str) -> None:
    """Keep ingests of this kind of record out until the transaction ends."""
    await links.lock(tx, store_id, LOCKS[entity])


async def load_record(tx: Transaction, entity: str, local_id: int) -> Any:
    """Load a record and hold it until the transaction ends; None where there is none."""
    await SHELVES[entity].hold(tx, [local_id])
    if entity == "order":
        loaded = await orders.load(tx, [local_id])
        return loaded[local_id].record if local_id in loaded else None
    found: Mapping[int, Any] = await SHELVES[entity].load(tx, [local_id])
    return found[local_id].record if local_id in found else None


async def save_record(tx: Transaction, entity: str, local_id: int, record: Any) -> None:
    """Write a record's own columns, as an edit of the back office."""
    shelf: Shelf[Any] = SHELVES[entity]
    columns = ("id", *shelf.shape.names)
    row = (local_id, *shelf.shape.row(record))
    await bulk.update(tx, shelf.table, columns, [row], keys=("id",))


EVENTS = """
SELECT at, store_id, entity, event, woo_id, local_id, before, after FROM woocommerce_sync_log
WHERE run_id = %s AND entity <> 'run'
  AND at >= coalesce(%s::timestamptz, '-infinity') AND at < coalesce(%s::timestamptz, 'infinity')
ORDER BY at, id
"""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a run's log."""

    at: datetime
    store_id: int
    entity: str
    event: str
    woo_id: int | None
    local_id: int | None
    before: Any
    after: Any


async def load_events(
    tx: Transaction, run_id: int, *, since: datetime | None = None, until: datetime | None = None
) -> Sequence[Event]:
    """Load what a run did, in order; from `since` on and before `until`, if given."""
    async with tx.cursor(row_factory=class_row(Event)) as cursor:
        await cursor.execute(EVENTS, (run_id, since, until))
        return await cursor.fetchall()
