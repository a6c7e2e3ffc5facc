"""Purchase orders with their items and refunds, and who and what they belong to."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from typing import LiteralString

from woosync.domain import ids, order
from woosync.postgres import bulk, sql
from woosync.postgres.engine import Transaction, by_sync
from woosync.postgres.records import Row, Saved, Shelf
from woosync.postgres.shape import Shape

SHELF = Shelf(
    "purchase_orders",
    Shape(
        order.Order,
        columns={
            "number": "number",
            "status": "status",
            "currency": "currency",
            "total": "total",
            "total_tax": "total_tax",
            "shipping_total": "shipping_total",
            "discount_total": "discount_total",
            "created": "placed_at",
            "paid": "paid_at",
            "completed": "completed_at",
            "customer_note": "customer_note",
        },
        documents=("billing", "shipping"),
        apart=("lines",),
    ),
    extra=("customer_id",),
)

REFUNDS = Shelf(
    "purchase_order_refunds",
    Shape(order.Refund, columns={"amount": "amount", "reason": "reason", "created": "refunded_at"}),
    extra=("purchase_order_id",),
)

LINE = Shape(
    order.Line,
    columns={
        "id": "line_id",
        "name": "name",
        "sku": "sku",
        "quantity": "quantity",
        "subtotal": "subtotal",
        "total": "total",
        "tax": "total_tax",
    },
)
ITEM_COLUMNS = ("purchase_order_id", "position", "product_id", "woo_product_id", *LINE.names)


def item_rows(
    local_id: int, record: order.Order, product_ids: Mapping[int, int]
) -> list[tuple[object, ...]]:
    """Return the item rows of an order; `product_ids` maps store ids to local ones."""
    rows: list[tuple[object, ...]] = []
    for position, line in enumerate(record.lines):
        woo_id = line.variation or line.product
        known = product_ids.get(woo_id) if woo_id else None
        rows.append((local_id, position, known, woo_id, *LINE.row(line)))
    return rows


async def save_items(
    tx: Transaction,
    rows: Sequence[Row[order.Order]],
    product_ids: Mapping[int, int],
    *,
    replace: bool,
) -> None:
    """Save the items of orders; `replace` takes the old ones away first."""
    if not rows:
        return
    if replace:
        await tx.execute(DELETE_ITEMS, ([row.local_id for row in rows],))
    await bulk.copy(
        tx,
        "purchase_order_items",
        ITEM_COLUMNS,
        itertools.chain.from_iterable(
            item_rows(row.local_id, row.record, product_ids) for row in rows
        ),
    )


async def load(tx: Transaction, local_ids: Sequence[int]) -> dict[int, Saved[order.Order]]:
    """Load orders with their lines, by local id."""
    if not local_ids:
        return {}
    lines: dict[int, list[order.Line]] = {}
    for item in await sql.mappings(tx, LOAD_ITEMS, (list(local_ids),)):
        lines.setdefault(item["purchase_order_id"], []).append(LINE.record(item))
    return {
        row["id"]: Saved(
            SHELF.shape.record(row, lines=tuple(lines.get(row["id"], ()))), row["edited_at"]
        )
        for row in await SHELF.load_rows(tx, local_ids)
    }


async def load_missing_refunds(tx: Transaction, store_id: int) -> list[tuple[int, int]]:
    """Load (refund, order) store ids of refunds that live orders name and that are not here."""
    return await sql.rows(tx, MISSING_REFUNDS, {"store": store_id})


async def load_stale_refunds(tx: Transaction, store_id: int) -> list[int]:
    """Load the store ids of live refunds that no live order names any more."""
    return [row[0] for row in await sql.rows(tx, STALE_REFUNDS, {"store": store_id})]


async def load_customer_ids(tx: Transaction, store_id: int, order_ids: Sequence[int]) -> list[int]:
    """Load the store ids of the accounts that placed these orders (given by store id)."""
    if not order_ids:
        return []
    found = await sql.rows(tx, CUSTOMER_IDS, (store_id, list(order_ids)))
    return [row[0] for row in found]


async def save_belongings(
    tx: Transaction, store_id: int, came: Mapping[ids.Entity, Collection[int]] | None = None
) -> int:
    """Give orders and items that came first what they belong to; return how many.

    `came` names by store id what was saved since the last time; None looks at everything.
    """
    await by_sync(tx)
    if came is None:
        given = {"store": store_id}
        return sum([(await tx.execute(all_, given)).rowcount for all_ in (ALL_ITEMS, ALL_ORDERS)])
    orders = came.get(ids.Entity.ORDER, ())
    goods = {*came.get(ids.Entity.PRODUCT, ()), *came.get(ids.Entity.VARIATION, ())}
    searches: list[tuple[LiteralString, LiteralString, Collection[int]]] = [
        (SAVE_PRODUCTS, ITEMS_OF_ORDERS, orders),
        (SAVE_PRODUCTS, ITEMS_OF_GOODS, goods),
        (SAVE_OWNERS, OWNERS_OF_ORDERS, orders),
        (SAVE_OWNERS, ORDERS_OF_OWNERS, came.get(ids.Entity.CUSTOMER, ())),
    ]
    changed = 0
    for save, search, some in searches:
        if some:
            wanted = {"store": store_id, "some": sorted(some)}
            changed += await _save_found(tx, save, search, wanted)
    return changed


async def _save_found(
    tx: Transaction, save: LiteralString, search: LiteralString, given: Mapping[str, object]
) -> int:
    found = await sql.rows(tx, search, given)
    if found:
        await tx.execute(save, ([row[0] for row in found], [row[1] for row in found]))
    return len(found)


# LATERAL with OFFSET 0 looks records up one by one. Without statistics, as in a first import, the
# planner would expect a handful of rows, and read whole tables or compare each row with all links.
DELETE_ITEMS = """
DELETE FROM purchase_order_items WHERE id = ANY(ARRAY(
  SELECT old.id FROM unnest(%s::bigint[]) AS wanted (id) CROSS JOIN LATERAL (
    SELECT id FROM purchase_order_items WHERE purchase_order_id = wanted.id OFFSET 0) AS old))
"""

LOAD_ITEMS = """
SELECT item.* FROM unnest(%s::bigint[]) AS wanted (id) CROSS JOIN LATERAL (
  SELECT purchase_order_id, line_id, name, sku, quantity, subtotal, total, total_tax, details,
    position
  FROM purchase_order_items WHERE purchase_order_id = wanted.id OFFSET 0) AS item
ORDER BY item.purchase_order_id, item.position
"""

CUSTOMER_IDS = """
SELECT DISTINCT (sale.details->>'customer')::bigint AS account
FROM links AS own CROSS JOIN LATERAL (
  SELECT details FROM purchase_orders WHERE id = own.local_id OFFSET 0) AS sale
WHERE own.store_id = %s AND own.entity = 'order' AND own.woo_id = ANY(%s::bigint[])
  AND sale.details->>'customer' IS NOT NULL
ORDER BY account
"""

STALE_REFUNDS = """
SELECT known.woo_id FROM links AS known
JOIN purchase_order_refunds AS refund ON refund.id = known.local_id
JOIN purchase_orders AS sale ON sale.id = refund.purchase_order_id
WHERE known.store_id = %(store)s AND known.entity = 'refund' AND known.tombstoned_at IS NULL
  AND (sale.deleted_at IS NOT NULL
    OR NOT sale.details->'refunds' @> jsonb_build_array(jsonb_build_object('id', known.woo_id)))
ORDER BY known.woo_id
"""

MISSING_REFUNDS = """
SELECT (head->>'id')::bigint AS refund, own.woo_id
FROM purchase_orders AS sale
CROSS JOIN LATERAL jsonb_array_elements(sale.details->'refunds') AS head
CROSS JOIN LATERAL (
  SELECT woo_id FROM links
  WHERE store_id = %(store)s AND entity = 'order' AND local_id = sale.id OFFSET 0) AS own
WHERE sale.details->'refunds' <> '[]' AND sale.deleted_at IS NULL
  AND NOT EXISTS (
    SELECT 1 FROM links AS known WHERE known.store_id = %(store)s AND known.entity = 'refund'
    AND known.tombstoned_at IS NULL
    AND known.woo_id = (head->>'id')::bigint)
ORDER BY refund
"""

# Apart from the search, so that the planner knows how many there are.
SAVE_PRODUCTS: LiteralString = """
UPDATE purchase_order_items AS item SET product_id = found.local_id
FROM unnest(%s::bigint[], %s::bigint[]) AS found (id, local_id) WHERE item.id = found.id
"""
SAVE_OWNERS: LiteralString = """
UPDATE purchase_orders AS sale SET customer_id = found.local_id
FROM unnest(%s::bigint[], %s::bigint[]) AS found (id, local_id) WHERE sale.id = found.id
"""

ALL_ITEMS = """
UPDATE purchase_order_items AS item SET product_id = found.local_id FROM (
SELECT loose.id, goods.local_id FROM purchase_order_items AS loose
CROSS JOIN LATERAL (
  SELECT FROM links WHERE store_id = %(store)s AND entity = 'order'
  AND local_id = loose.purchase_order_id OFFSET 0) AS own
CROSS JOIN LATERAL (
  SELECT local_id FROM links WHERE store_id = %(store)s
  AND entity IN ('product', 'variation') AND woo_id = loose.woo_product_id OFFSET 0) AS goods
WHERE loose.product_id IS NULL AND loose.woo_product_id IS NOT NULL OFFSET 0) AS found
WHERE item.id = found.id
"""

ITEMS_OF_ORDERS = """
SELECT loose.id, goods.local_id FROM unnest(%(some)s::bigint[]) AS wanted (id)
CROSS JOIN LATERAL (
  SELECT local_id FROM links WHERE store_id = %(store)s AND entity = 'order'
  AND woo_id = wanted.id OFFSET 0) AS own
CROSS JOIN LATERAL (
  SELECT id, product_id, woo_product_id FROM purchase_order_items
  WHERE purchase_order_id = own.local_id OFFSET 0) AS loose
CROSS JOIN LATERAL (
  SELECT local_id FROM links WHERE store_id = %(store)s
  AND entity IN ('product', 'variation') AND woo_id = loose.woo_product_id OFFSET 0) AS goods
WHERE loose.product_id IS NULL OFFSET 0
"""

ITEMS_OF_GOODS = """
SELECT loose.id, goods.local_id FROM unnest(%(some)s::bigint[]) AS wanted (id)
CROSS JOIN LATERAL (
  SELECT local_id FROM links WHERE store_id = %(store)s
  AND entity IN ('product', 'variation') AND woo_id = wanted.id OFFSET 0) AS goods
CROSS JOIN LATERAL (
  SELECT id, purchase_order_id FROM purchase_order_items
  WHERE product_id IS NULL AND woo_product_id = wanted.id OFFSET 0) AS loose
CROSS JOIN LATERAL (
  SELECT FROM links WHERE store_id = %(store)s AND entity = 'order'
  AND local_id = loose.purchase_order_id OFFSET 0) AS own
OFFSET 0
"""

ALL_ORDERS = """
UPDATE purchase_orders AS sale SET customer_id = found.local_id FROM (
SELECT loose.id, owner.local_id FROM purchase_orders AS loose
CROSS JOIN LATERAL (
  SELECT FROM links WHERE store_id = %(store)s AND entity = 'order'
  AND local_id = loose.id OFFSET 0) AS own
CROSS JOIN LATERAL (
  SELECT local_id FROM links WHERE store_id = %(store)s AND entity = 'customer'
  AND woo_id = (loose.details->>'customer')::bigint OFFSET 0) AS owner
WHERE loose.customer_id IS NULL AND loose.details->>'customer' IS NOT NULL OFFSET 0) AS found
WHERE sale.id = found.id
"""

OWNERS_OF_ORDERS = """
SELECT loose.id, owner.local_id FROM unnest(%(some)s::bigint[]) AS wanted (id)
CROSS JOIN LATERAL (
  SELECT local_id FROM links WHERE store_id = %(store)s AND entity = 'order'
  AND woo_id = wanted.id OFFSET 0) AS own
CROSS JOIN LATERAL (
  SELECT id, customer_id, details FROM purchase_orders WHERE id = own.local_id OFFSET 0) AS loose
CROSS JOIN LATERAL (
  SELECT local_id FROM links WHERE store_id = %(store)s AND entity = 'customer'
  AND woo_id = (loose.details->>'customer')::bigint OFFSET 0) AS owner
WHERE loose.customer_id IS NULL OFFSET 0
"""

ORDERS_OF_OWNERS = """
SELECT loose.id, owner.local_id FROM unnest(%(some)s::bigint[]) AS wanted (id)
CROSS JOIN LATERAL (
  SELECT local_id FROM links WHERE store_id = %(store)s AND entity = 'customer'
  AND woo_id = wanted.id OFFSET 0) AS owner
CROSS JOIN LATERAL (
  SELECT id FROM purchase_orders
  WHERE customer_id IS NULL AND (details->>'customer')::bigint = wanted.id OFFSET 0) AS loose
CROSS JOIN LATERAL (
  SELECT FROM links WHERE store_id = %(store)s AND entity = 'order'
  AND local_id = loose.id OFFSET 0) AS own
OFFSET 0
"""
