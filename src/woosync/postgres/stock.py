"""The ledger: movements, what each store's level is expected to be, what order lines hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from woosync.postgres import bulk, sql
from woosync.postgres.engine import Transaction

LOAD_LINKS = """
SELECT product_id, woo_id, expected, seq FROM stock_links
WHERE store_id = %s AND product_id = ANY(%s::bigint[]) ORDER BY product_id FOR UPDATE
"""
LOAD_ON_HAND = """
SELECT product_id, on_hand FROM inventory
WHERE warehouse_id = %s AND product_id = ANY(%s::bigint[])
"""
SAVE_LINKS = """
INSERT INTO stock_links (store_id, product_id, woo_id, expected)
SELECT %s, new.product_id, new.woo_id, new.level
FROM unnest(%s::bigint[], %s::bigint[], %s::numeric[]) AS new (product_id, woo_id, level)
"""
SAVE_OPENINGS = """
INSERT INTO inventory_movements
  (product_id, warehouse_id, qty, kind, source_ref, actor, note, at)
SELECT new.product_id, %s, new.gap, 'opening_balance', %s || new.woo_id || ':opening', %s,
  'the level of the store when it was first linked', %s
FROM unnest(%s::bigint[], %s::bigint[], %s::numeric[]) AS new (product_id, woo_id, gap)
"""
SAVE_EFFECTS = """
INSERT INTO order_line_effects (store_id, order_id, line_id, woo_product_id, reduced_qty)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (store_id, order_id, line_id) DO UPDATE SET
  woo_product_id = excluded.woo_product_id, reduced_qty = excluded.reduced_qty, updated_at = now()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A change of stock; `source_ref` is unique, so the same cause never counts twice."""

    product_id: int
    warehouse_id: int
    qty: Decimal | int
    kind: str
    source_ref: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLink:
    """The level that the ledger expects a store to show, and how often it has moved."""

    product_id: int
    woo_id: int
    expected: Decimal | int
    seq: int


@dataclass(frozen=True, slots=True)
class Opening:
    """A product that begins to be counted: the store's level, and what is on hand here so far."""

    product_id: int
    woo_id: int
    level: Decimal | int
    on_hand: Decimal | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What an order line holds of the stock."""

    order_id: int
    line_id: int
    woo_product_id: int
    reduced_qty: Decimal | int


async def news_of(tx: Transaction, store_id: int) -> None:
    """Say that the movements of this transaction are news of a store, which knows them already.

    Only other stores that share the products are marked in the outbox.
    """
    await tx.execute("SELECT set_config('woosync.store', %s, true)", (str(store_id),))


async def load_links(
    tx: Transaction, store_id: int, product_ids: Sequence[int]
) -> dict[int, StockLink]:
    """Load and lock the stock links of products, by local id."""
    found = await sql.rows(tx, LOAD_LINKS, (store_id, list(product_ids)))
    return {
        row[0]: StockLink(product_id=row[0], woo_id=row[1], expected=row[2], seq=row[3])
        for row in found
    }


async def load_on_hand(
    tx: Transaction, warehouse_id: int, product_ids: Sequence[int]
) -> dict[int, Decimal]:
    """Load what a warehouse holds of products, by local id; products without stock are left out."""
    return dict(await sql.rows(tx, LOAD_ON_HAND, (warehouse_id, list(product_ids))))


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
LINK_COLUMNS = ("store_id", "product_id", "woo_id", "expected", "seq")


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


async def save_changed_links(tx: Transaction, store_id: int, changed: Iterable[StockLink]) -> None:
    """Save new expectations."""
    rows = [(store_id, s.product_id, s.woo_id, s.expected, s.seq) for s in changed]
    await bulk.update(
        tx,
        "stock_links",
        LINK_COLUMNS,
        rows,
        keys=("store_id", "product_id"),
        expressions={"updated_at": "now()"},
    )


async def save_effects(tx: Transaction, store_id: int, effects: Sequence[Effect]) -> None:
    """Save what order lines hold now; a line that is gone is to be given with 0."""
    rows = [(store_id, e.order_id, e.line_id, e.woo_product_id, e.reduced_qty) for e in effects]
    if rows:
        async with tx.cursor() as cursor:
            await cursor.executemany(SAVE_EFFECTS, rows)


async def save_new_effects(tx: Transaction, store_id: int, effects: Sequence[Effect]) -> None:
    """Save what the lines of orders seen for the first time hold."""
    rows = [(store_id, e.order_id, e.line_id, e.woo_product_id, e.reduced_qty) for e in effects]
    if rows:
        await bulk.copy(tx, "order_line_effects", EFFECT_COLUMNS, rows)


EFFECT_COLUMNS = ("store_id", "order_id", "line_id", "woo_product_id", "reduced_qty")
