"""Records as flat rows for export, streamed by a cursor in the server: memory stays flat.

Ids, stock and `metadata` are those of one store; other stores' data never shows.
"""

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, LiteralString

import msgspec
import psycopg

from woosync.postgres.engine import Transaction
from woosync.postgres.stores import Store

#: Rows fetched from the server at a time.
ROWS = 500


class Export(msgspec.Struct, frozen=True):
    """A query; `documents` names the columns that hold JSON text."""

    sql: LiteralString
    documents: frozenset[str] = frozenset()


PRODUCTS = """
SELECT item.id, own.woo_id AS wc_id, item.kind AS type, item.parent_id,
  own.woo_parent_id AS parent_wc_id, item.sku, item.name, item.status,
  item.regular_price, item.sale_price, item.manage_stock,
  CASE WHEN item.manage_stock = 'yes' THEN level.on_hand END AS stock_quantity,
  item.global_unique_id, item.details ->> 'slug' AS slug,
  CAST(item.details ->> 'weight' AS numeric) AS weight,
  CAST(item.details -> 'categories' AS text) AS categories,
  CAST(item.details -> 'attributes' AS text) AS attributes,
  item.short_description, item.description, supplier.name AS supplier,
  own.woo_modified_at AS date_modified_gmt, item.created_at, item.updated_at,
  CAST(item.metadata -> 'woocommerce' -> %(key)s::text AS text) AS metadata
FROM products AS item
LEFT JOIN links AS own ON own.store_id = %(store)s::bigint AND own.local_id = item.id
  AND own.entity = CASE item.kind WHEN 'variation' THEN 'variation' ELSE 'product' END
LEFT JOIN suppliers AS supplier ON supplier.id = item.supplier_id
LEFT JOIN inventory AS level ON level.product_id = item.id
  AND level.warehouse_id = %(warehouse)s::bigint
WHERE item.deleted_at IS NULL AND (NOT %(linked)s::boolean OR own.woo_id IS NOT NULL)
ORDER BY item.id
"""

CUSTOMERS = """
SELECT person.id, own.woo_id AS wc_id, person.email, person.first_name, person.last_name,
  person.username, person.role, person.is_paying, CAST(person.billing AS text) AS billing,
  CAST(person.shipping AS text) AS shipping, own.woo_modified_at AS date_modified_gmt,
  person.created_at, person.updated_at,
  CAST(person.metadata -> 'woocommerce' -> %(key)s::text AS text) AS metadata
FROM customers AS person
LEFT JOIN links AS own ON own.store_id = %(store)s::bigint AND own.entity = 'customer'
  AND own.local_id = person.id
WHERE person.deleted_at IS NULL AND (NOT %(linked)s::boolean OR own.woo_id IS NOT NULL)
ORDER BY person.id
"""

ORDERS = """
SELECT sale.id, own.woo_id AS wc_id, sale.number, sale.status, sale.currency, sale.total,
  sale.total_tax, sale.shipping_total, sale.discount_total, sale.customer_id,
  account.woo_id AS customer_wc_id,
  coalesce(nullif(sale.billing ->> 'email', ''), person.email) AS customer_email,
  sale.placed_at, sale.paid_at, sale.completed_at, sale.customer_note,
  CAST(sale.billing AS text) AS billing, CAST(sale.shipping AS text) AS shipping,
  CAST(coalesce((
    SELECT jsonb_agg(jsonb_build_object('id', line.line_id, 'product_id', line.product_id,
      'wc_product_id', line.woo_product_id, 'sku', line.sku, 'name', line.name,
      'quantity', line.quantity, 'subtotal', CAST(line.subtotal AS text),
      'total', CAST(line.total AS text), 'total_tax', CAST(line.total_tax AS text))
      ORDER BY line.position)
    FROM purchase_order_items AS line WHERE line.purchase_order_id = sale.id), '[]') AS text
  ) AS line_items,
  CAST(coalesce((
    SELECT jsonb_agg(jsonb_build_object('id', back.id, 'wc_id', known.woo_id,
      'amount', CAST(back.amount AS text), 'reason', back.reason,
      'refunded_at', to_char(back.refunded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
      ORDER BY back.id)
    FROM purchase_order_refunds AS back
    LEFT JOIN links AS known ON known.store_id = %(store)s::bigint AND known.entity = 'refund'
      AND known.local_id = back.id
    WHERE back.purchase_order_id = sale.id AND back.deleted_at IS NULL), '[]') AS text
  ) AS refunds,
  own.woo_modified_at AS date_modified_gmt, sale.created_at, sale.updated_at,
  CAST(sale.metadata -> 'woocommerce' -> %(key)s::text AS text) AS metadata
FROM purchase_orders AS sale
LEFT JOIN links AS own ON own.store_id = %(store)s::bigint AND own.entity = 'order'
  AND own.local_id = sale.id
LEFT JOIN customers AS person ON person.id = sale.customer_id
LEFT JOIN links AS account ON account.store_id = %(store)s::bigint AND account.entity = 'customer'
  AND account.local_id = sale.customer_id
WHERE sale.deleted_at IS NULL AND (NOT %(linked)s::boolean OR own.woo_id IS NOT NULL)
ORDER BY sale.id
"""

INVENTORY = """
SELECT level.product_id, own.woo_id AS wc_id, item.sku, item.name, place.code AS warehouse,
  level.on_hand, level.reserved, level.on_hand - level.reserved AS available, level.updated_at
FROM inventory AS level
JOIN products AS item ON item.id = level.product_id AND item.deleted_at IS NULL
JOIN warehouses AS place ON place.id = level.warehouse_id
LEFT JOIN links AS own ON own.store_id = %(store)s::bigint AND own.local_id = item.id
  AND own.entity = CASE item.kind WHEN 'variation' THEN 'variation' ELSE 'product' END
WHERE NOT %(linked)s::boolean OR own.woo_id IS NOT NULL
ORDER BY level.product_id, place.code
"""

MOVEMENTS = """
SELECT move.id, move.at, move.product_id, own.woo_id AS wc_id, item.sku, place.code AS warehouse,
  move.qty, move.kind, move.source_ref, move.actor, move.note
FROM inventory_movements AS move
JOIN products AS item ON item.id = move.product_id AND item.deleted_at IS NULL
JOIN warehouses AS place ON place.id = move.warehouse_id
LEFT JOIN links AS own ON own.store_id = %(store)s::bigint AND own.local_id = item.id
  AND own.entity = CASE item.kind WHEN 'variation' THEN 'variation' ELSE 'product' END
WHERE NOT %(linked)s::boolean OR own.woo_id IS NOT NULL
ORDER BY move.id
"""

HISTORY = """
SELECT id, at, run_id, actor, entity, event, woo_id AS wc_id, local_id, category, cause,
  CAST(before AS text) AS before, CAST(after AS text) AS after
FROM woocommerce_sync_log
WHERE store_id = %(store)s::bigint AND (NOT %(linked)s::boolean OR woo_id IS NOT NULL)
ORDER BY at, id
"""

CONFLICTS = """
SELECT id, created_at, state, entity, woo_id AS wc_id, local_id, field, policy, decision,
  suggestion, reason, CAST(base AS text) AS base, CAST(ours AS text) AS ours,
  CAST(theirs AS text) AS theirs, ours_at, theirs_at, resolved_by, resolved_at, run_id
FROM conflicts
WHERE store_id = %(store)s::bigint AND (NOT %(linked)s::boolean OR woo_id IS NOT NULL)
ORDER BY id
"""

EXPORTS: Mapping[str, Export] = {
    "products": Export(PRODUCTS, frozenset({"categories", "attributes", "metadata"})),
    "customers": Export(CUSTOMERS, frozenset({"billing", "shipping", "metadata"})),
    "orders": Export(
        ORDERS, frozenset({"billing", "shipping", "line_items", "refunds", "metadata"})
    ),
    "inventory": Export(INVENTORY),
    "movements": Export(MOVEMENTS),
    "history": Export(HISTORY, frozenset({"before", "after"})),
    "conflicts": Export(CONFLICTS, frozenset({"base", "ours", "theirs"})),
}


class Rows(msgspec.Struct, frozen=True):
    """An open export: the columns in order, the JSON ones among them, and the rows to come."""

    columns: tuple[str, ...]
    documents: frozenset[str]
    chunks: AsyncIterator[list[tuple[Any, ...]]]


@contextlib.asynccontextmanager
async def open_rows(
    tx: Transaction, what: str, store: Store | None, *, linked_only: bool
) -> AsyncIterator[Rows]:
    """Open an export while the block lasts; `what` is a key of EXPORTS, read inside `tx`.

    Without a store there are no store ids. Amounts are Decimal, times aware, documents JSON text.
    """
    export = EXPORTS[what]
    given = {
        "store": store.id if store else None,
        "key": store.key if store else "",
        "warehouse": store.warehouse_id if store else None,
        "linked": linked_only,
    }
    async with tx.cursor(name="export") as cursor:
        await cursor.execute(export.sql, given)
        columns = tuple(column.name for column in cursor.description or ())
        yield Rows(columns, export.documents, _chunks(cursor))


async def _chunks(cursor: psycopg.AsyncServerCursor[Any]) -> AsyncIterator[list[tuple[Any, ...]]]:
    while part := await cursor.fetchmany(ROWS):
        yield part
