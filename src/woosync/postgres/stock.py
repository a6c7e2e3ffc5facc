"""The ledger: movements, the levels they add up to, and what order lines hold of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from woosync.postgres import bulk, sql
from woosync.postgres.engine import Transaction

LOAD_ON_HAND = """
SELECT product_id, sum(on_hand) FROM inventory
WHERE warehouse_id = ANY(%s::bigint[]) AND product_id = ANY(%s::bigint[]) GROUP BY product_id
"""
LOAD_BY_WAREHOUSE = """
SELECT wanted.product_id, warehouse_id, units
FROM unnest(%s::bigint[]) AS wanted (product_id) CROSS JOIN LATERAL (
  SELECT warehouse_id, on_hand - reserved AS units FROM inventory
  WHERE product_id = wanted.product_id OFFSET 0) AS place
"""
LOAD_FULLEST = """
SELECT DISTINCT ON (product_id) product_id, warehouse_id FROM inventory
WHERE warehouse_id = ANY(%s::bigint[]) AND product_id = ANY(%s::bigint[])
ORDER BY product_id, on_hand - reserved DESC, warehouse_id
"""
SAVE_LINKS = """
INSERT INTO stock_links (store_id, product_id, woo_id, expected, observed)
SELECT %s, new.product_id, new.woo_id, new.level, new.level
FROM unnest(%s::bigint[], %s::bigint[], %s::numeric[]) AS new (product_id, woo_id, level)
"""
SAVE_OPENINGS = """
INSERT INTO inventory_movements
  (product_id, warehouse_id, qty, kind, source_ref, actor, note, at)
SELECT new.product_id, %s, new.gap, 'opening_balance', %s || new.woo_id || ':opening', %s,
  'the level of the store when it was first linked', %s
FROM unnest(%s::bigint[], %s::bigint[], %s::numeric[]) AS new (product_id, woo_id, gap)
"""
LOAD_EFFECTS = """
SELECT wanted.order_id, line_id, woo_product_id, reduced_qty, warehouse_id, version
FROM unnest(%s::bigint[]) AS wanted (order_id) CROSS JOIN LATERAL (
  SELECT line_id, woo_product_id, reduced_qty, warehouse_id, version FROM order_line_effects
  WHERE store_id = %s AND order_id = wanted.order_id OFFSET 0) AS line
"""
FREE = """
WITH locked AS MATERIALIZED (
  SELECT store_id, product_id FROM stock_links
  WHERE store_id = %s AND product_id = ANY(%s::bigint[]) ORDER BY product_id FOR UPDATE)
UPDATE stock_links AS own SET allocation = NULL, wanted = NULL
FROM locked WHERE own.store_id = locked.store_id AND own.product_id = locked.product_id
"""
CLOSE_CONFLICT = """
UPDATE conflicts SET state = 'resolved', resolved_by = %s, resolved_at = now(), updated_at = now()
WHERE store_id = %s AND entity = 'stock' AND local_id = %s AND state = 'open'
"""
SAVE_EFFECTS = """
INSERT INTO order_line_effects
  (store_id, order_id, line_id, woo_product_id, reduced_qty, warehouse_id, version)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (store_id, order_id, line_id) DO UPDATE SET
  woo_product_id = excluded.woo_product_id, reduced_qty = excluded.reduced_qty,
  warehouse_id = excluded.warehouse_id, version = excluded.version, updated_at = now()
"""


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """A change of stock; `source_ref` is unique, so the same cause never counts twice."""

    product_id: int
    warehouse_id: int
    qty: Decimal | int
    kind: str
    source_ref: str
    note: str = ""


class Opening(msgspec.Struct, frozen=True):
    """A product that begins to be counted: the store's level, and what is on hand here so far."""

    product_id: int
    woo_id: int
    level: Decimal | int
    on_hand: Decimal | int


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What an order line holds of the stock, taken from which warehouse; `version` counts changes.

    Without a warehouse the line was there before its product was counted: nothing was moved.
    """

    order_id: int
    line_id: int
    woo_product_id: int
    reduced_qty: Decimal | int
    warehouse_id: int | None = None
    version: int = 0


async def news_of(tx: Transaction, store_id: int) -> None:
    """Say that the movements of this transaction are news of a store, which knows them already.

    Only other stores that share the products are marked in the outbox.
    """
    await tx.execute("SELECT set_config('woosync.store', %s, true)", (str(store_id),))


async def load_on_hand(
    tx: Transaction, warehouse_ids: Sequence[int], product_ids: Sequence[int]
) -> dict[int, Decimal]:
    """Load what warehouses together hold of products, by local id; those without are left out."""
    return dict(await sql.rows(tx, LOAD_ON_HAND, (list(warehouse_ids), list(product_ids))))


async def load_by_warehouse(
    tx: Transaction, product_ids: Sequence[int]
) -> dict[int, dict[int, Decimal]]:
    """Load what each warehouse has of products and is not reserved, by local id and warehouse."""
    found: dict[int, dict[int, Decimal]] = {}
    for product_id, warehouse_id, units in await sql.rows(
        tx, LOAD_BY_WAREHOUSE, (list(product_ids),)
    ):
        found.setdefault(product_id, {})[warehouse_id] = units
    return found


async def load_fullest(
    tx: Transaction, warehouse_ids: Sequence[int], product_ids: Sequence[int]
) -> dict[int, int]:
    """Load which of the warehouses holds most of each product, by local id."""
    return dict(await sql.rows(tx, LOAD_FULLEST, (list(warehouse_ids), list(product_ids))))


async def save_movements(
    tx: Transaction, movements: Iterable[Movement], *, actor: str, now: datetime
) -> None:
    """Append movements; the levels follow by trigger."""
    rows = [
        (m.product_id, m.warehouse_id, m.qty, m.kind, m.source_ref, actor, m.note, now)
        for m in movements
    ]
    if rows:
        await bulk.copy(tx, "inventory_movements", MOVEMENT_COLUMNS, rows)


MOVEMENT_COLUMNS = (
    "product_id",
    "warehouse_id",
    "qty",
    "kind",
    "source_ref",
    "actor",
    "note",
    "at",
)


def opening_ref(store_id: int, woo_id: int) -> str:
    """Return the cause of the movement that a product of a store begins with."""
    return f"store:{store_id}:product:{woo_id}:opening"


async def save_openings(
    tx: Transaction,
    store_id: int,
    warehouse_id: int,
    openings: Sequence[Opening],
    *,
    actor: str,
    now: datetime,
) -> None:
    """Begin to count products: their stock links, and movements up to the store's level."""
    if not openings:
        return
    products = [one.product_id for one in openings]
    woo_ids = [one.woo_id for one in openings]
    levels = [one.level for one in openings]
    gaps = [one.level - one.on_hand for one in openings]
    await tx.execute(SAVE_LINKS, (store_id, products, woo_ids, levels))
    origin = f"store:{store_id}:product:"
    await tx.execute(SAVE_OPENINGS, (warehouse_id, origin, actor, now, products, woo_ids, gaps))


async def free(tx: Transaction, store_id: int, product_ids: Sequence[int]) -> None:
    """Take away what a store was given of goods that it does not sell any more."""
    await tx.execute(FREE, (store_id, list(product_ids)))


async def close_conflict(tx: Transaction, store_id: int, product_id: int, *, by: str) -> bool:
    """Close the open question about a product's level; tell whether there was one."""
    return (await tx.execute(CLOSE_CONFLICT, (by, store_id, product_id))).rowcount > 0


async def load_effects(
    tx: Transaction, store_id: int, order_ids: Sequence[int]
) -> dict[tuple[int, int], Effect]:
    """Load what the lines of these orders hold, by (order, line)."""
    found = await sql.mappings(tx, LOAD_EFFECTS, (list(order_ids), store_id))
    return {(row["order_id"], row["line_id"]): Effect(**row) for row in found}


async def save_effects(tx: Transaction, store_id: int, effects: Sequence[Effect]) -> None:
    """Save what order lines hold now; a line that is gone is to be given with 0."""
    if effects:
        async with tx.cursor() as cursor:
            await cursor.executemany(SAVE_EFFECTS, _effect_rows(store_id, effects))


async def save_new_effects(tx: Transaction, store_id: int, effects: Sequence[Effect]) -> None:
    """Save what the lines of orders seen for the first time hold."""
    if effects:
        await bulk.copy(tx, "order_line_effects", EFFECT_COLUMNS, _effect_rows(store_id, effects))


EFFECT_COLUMNS = (
    "store_id",
    "order_id",
    "line_id",
    "woo_product_id",
    "reduced_qty",
    "warehouse_id",
    "version",
)


def _effect_rows(store_id: int, effects: Iterable[Effect]) -> list[tuple[object, ...]]:
    return [
        (
            store_id,
            e.order_id,
            e.line_id,
            e.woo_product_id,
            e.reduced_qty,
            e.warehouse_id,
            e.version,
        )
        for e in effects
    ]
