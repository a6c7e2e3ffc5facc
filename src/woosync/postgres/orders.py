"""Purchase orders with their items and refunds, and who and what they belong to."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from woosync.domain import order
from woosync.postgres import bulk, links
from woosync.postgres.records import Row, Saved, Shelf
from woosync.postgres.shape import Shape
from woosync.postgres.tables import back_office, sync

SHELF = Shelf(
    back_office.purchase_orders,
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
    back_office.purchase_order_refunds,
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
    connection: AsyncConnection,
    rows: Sequence[Row[order.Order]],
    product_ids: Mapping[int, int],
    *,
    replace: bool,
) -> None:
    """Save the items of orders; `replace` takes the old ones away first."""
    if not rows:
        return
    items = back_office.purchase_order_items
    if replace:
        ids = [row.local_id for row in rows]
        await connection.execute(items.delete().where(links.among(items.c.purchase_order_id, ids)))
    await bulk.copy(
        connection,
        items.name,
        ITEM_COLUMNS,
        itertools.chain.from_iterable(
            item_rows(row.local_id, row.record, product_ids) for row in rows
        ),
    )


async def load(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, Saved[order.Order]]:
    """Load orders with their lines, by local id."""
    if not ids:
        return {}
    items = back_office.purchase_order_items
    query = (
        sa.select(*(items.c[name] for name in ITEM_COLUMNS))
        .where(links.among(items.c.purchase_order_id, ids))
        .order_by(items.c.purchase_order_id, items.c.position)
    )
    lines: dict[int, list[order.Line]] = {}
    for item in (await connection.execute(query)).mappings():
        lines.setdefault(item["purchase_order_id"], []).append(LINE.record(item))
    return {
        _id(row): Saved(
            SHELF.shape.record(row, lines=tuple(lines.get(_id(row), ()))), _updated(row)
        )
        for row in await SHELF.load_rows(connection, ids)
    }


def _id(row: sa.RowMapping) -> int:
    return int(row["id"])


def _updated(row: sa.RowMapping) -> Any:
    return row["updated_at"]


async def load_missing_refunds(connection: AsyncConnection, store_id: int) -> list[tuple[int, int]]:
    """Load (refund, order) store ids of refunds that live orders name and that are not here."""
    found = await connection.execute(sa.text(MISSING_REFUNDS), {"store": store_id})
    return [(row[0], row[1]) for row in found]


async def load_customer_ids(
    connection: AsyncConnection, store_id: int, order_ids: Sequence[int]
) -> list[int]:
    """Load the store ids of the accounts that placed these orders (given by store id)."""
    if not order_ids:
        return []
    own = sync.links.c
    sale = back_office.purchase_orders.c
    account = sa.cast(sale.details["customer"].astext, sa.BigInteger)
    found = await connection.execute(
        sa.select(account)
        .distinct()
        .join_from(sync.links, back_office.purchase_orders, sale.id == own.local_id)
        .where(own.store_id == store_id, own.entity == "order", account.is_not(None))
        .where(links.among(own.woo_id, order_ids))
        .order_by(account)
    )
    return [row[0] for row in found]


async def save_belongings(connection: AsyncConnection, store_id: int) -> int:
    """Give orders, items and refunds that came first what they belong to; return how many."""
    changed = 0
    for statement in (ITEM_PRODUCTS, ORDER_CUSTOMERS):
        changed += (await connection.execute(sa.text(statement), {"store": store_id})).rowcount
    return changed


MISSING_REFUNDS = """
SELECT (head->>'id')::bigint AS refund, own.woo_id
FROM purchase_orders AS sale
CROSS JOIN LATERAL jsonb_array_elements(sale.details->'refunds') AS head
JOIN links AS own ON own.store_id = :store AND own.entity = 'order' AND own.local_id = sale.id
WHERE sale.details->'refunds' <> '[]' AND sale.deleted_at IS NULL
  AND NOT EXISTS (
    SELECT 1 FROM links AS known WHERE known.store_id = :store AND known.entity = 'refund'
    AND known.woo_id = (head->>'id')::bigint)
ORDER BY refund
"""

ITEM_PRODUCTS = """
UPDATE purchase_order_items AS item SET product_id = link.local_id
FROM purchase_orders AS sale, links AS own, links AS link
WHERE item.product_id IS NULL AND item.woo_product_id IS NOT NULL
  AND sale.id = item.purchase_order_id
  AND own.store_id = :store AND own.entity = 'order' AND own.local_id = sale.id
  AND link.store_id = :store AND link.entity IN ('product', 'variation')
  AND link.woo_id = item.woo_product_id
"""

ORDER_CUSTOMERS = """
UPDATE purchase_orders AS sale SET customer_id = link.local_id
FROM links AS own, links AS link
WHERE own.store_id = :store AND own.entity = 'order' AND own.local_id = sale.id
  AND sale.customer_id IS NULL AND (sale.details->>'customer') IS NOT NULL
  AND link.store_id = :store AND link.entity = 'customer'
  AND link.woo_id = (sale.details->>'customer')::bigint
"""
