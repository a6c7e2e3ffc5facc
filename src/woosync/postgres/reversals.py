"""Movements to be taken back: what they were, and whether something since says otherwise."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import msgspec
from psycopg.rows import class_row

from woosync.postgres import sql
from woosync.postgres.engine import Transaction

#: The kind of a counter-movement.
KIND = "undo"

LOCK = """
SELECT warehouse_id, on_hand FROM inventory WHERE product_id = %s ORDER BY warehouse_id FOR UPDATE
"""
# A count, or a level that the same store sets, says how many there are, whatever was before.
LOAD = """
SELECT made.product_id, made.warehouse_id, made.qty, made.kind, made.source_ref,
  item.deleted_at IS NOT NULL AS gone,
  EXISTS (SELECT FROM inventory_movements WHERE source_ref = 'undo:' || made.source_ref) AS undone,
  coalesce((SELECT later.kind FROM inventory_movements AS later
    WHERE later.product_id = made.product_id AND later.warehouse_id = made.warehouse_id
      AND later.id > made.id AND later.source_ref <> ALL(%(refs)s::text[])
      AND (later.kind = 'count'
        OR later.kind IN ('shop_edit', 'store_change', 'opening_balance') AND later.qty <> 0
          AND split_part(later.source_ref, ':', 2) = split_part(made.source_ref, ':', 2))
      AND NOT EXISTS (SELECT FROM inventory_movements AS back
        WHERE back.source_ref = 'undo:' || later.source_ref)
    ORDER BY later.id LIMIT 1), '') AS since
FROM inventory_movements AS made JOIN products AS item ON item.id = made.product_id
WHERE made.source_ref = ANY(%(refs)s::text[]) ORDER BY made.id DESC
"""
MOVING_ORDERS = """
SELECT DISTINCT held.order_id FROM order_line_effects AS held
CROSS JOIN LATERAL generate_series(1, held.version) AS turn (version)
JOIN inventory_movements AS moved ON moved.source_ref = 'store:' || held.store_id || ':order:'
  || held.order_id || ':' || held.line_id || ':' || turn.version
WHERE held.store_id = %s AND held.order_id = ANY(%s::bigint[]) AND moved.at BETWEEN %s AND %s
ORDER BY held.order_id
"""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A movement to be taken back; `since` is the kind of what was said about the goods later."""

    product_id: int
    warehouse_id: int
    qty: Decimal
    kind: str
    source_ref: str
    gone: bool
    undone: bool
    since: str


def ref_of(source_ref: str) -> str:
    """Return the cause of the movement that takes another back; unique, so it counts once."""
    return f"undo:{source_ref}"


async def lock_levels(tx: Transaction, product_id: int) -> dict[int, Decimal]:
    """Lock a product's levels, and return what is on hand by warehouse."""
    return dict(await sql.rows(tx, LOCK, (product_id,)))


async def load(tx: Transaction, refs: Sequence[str]) -> list[Made]:
    """Load movements by their causes, newest first; lock the levels before."""
    async with tx.cursor(row_factory=class_row(Made)) as cursor:
        await cursor.execute(LOAD, {"refs": list(refs)})
        return await cursor.fetchall()


async def load_moving_orders(
    tx: Transaction, store_id: int, order_ids: Sequence[int], span: tuple[datetime, datetime]
) -> list[int]:
    """Load which of a store's orders (its ids) moved stock in a span of time."""
    found = await sql.rows(tx, MOVING_ORDERS, (store_id, list(order_ids), *span))
    return [row[0] for row in found]
