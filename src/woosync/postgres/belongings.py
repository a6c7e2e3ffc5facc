"""What belongs together among a few named records, given by store id; `orders` does whole stores.

Records arrive in any order; these statements join what came late to what was here before.
"""

from collections.abc import Sequence

from woosync.postgres import sql
from woosync.postgres.engine import Transaction, by_sync

ITEMS_OF_PRODUCTS = """
UPDATE purchase_order_items AS item SET product_id = goods.local_id
FROM links AS goods
WHERE goods.store_id = %(store)s AND goods.entity IN ('product', 'variation')
  AND goods.woo_id = ANY(%(ids)s::bigint[])
  AND item.woo_product_id = goods.woo_id AND item.product_id IS NULL
  AND EXISTS (SELECT FROM links AS own WHERE own.store_id = %(store)s AND own.entity = 'order'
    AND own.local_id = item.purchase_order_id)
"""
PARENTS_OF_VARIATIONS = """
UPDATE products AS child SET parent_id = parent.local_id
FROM links AS own JOIN links AS parent ON parent.store_id = own.store_id
  AND parent.entity = 'product' AND parent.woo_id = own.woo_parent_id
WHERE own.store_id = %(store)s AND own.entity = 'variation'
  AND own.woo_id = ANY(%(ids)s::bigint[]) AND child.id = own.local_id AND child.parent_id IS NULL
"""
ORDERS_OF_CUSTOMERS = """
UPDATE purchase_orders AS sale SET customer_id = owner.local_id
FROM links AS owner
WHERE owner.store_id = %(store)s AND owner.entity = 'customer'
  AND owner.woo_id = ANY(%(ids)s::bigint[])
  AND sale.customer_id IS NULL AND (sale.details->>'customer')::bigint = owner.woo_id
  AND EXISTS (SELECT FROM links AS own WHERE own.store_id = %(store)s AND own.entity = 'order'
    AND own.local_id = sale.id)
"""
CHILDREN = """
SELECT woo_id, woo_parent_id FROM links
WHERE store_id = %(store)s AND entity = 'variation' AND tombstoned_at IS NULL
  AND woo_parent_id = ANY(%(ids)s::bigint[])
ORDER BY woo_id
"""
MISSING_REFUNDS = """
SELECT (head->>'id')::bigint AS refund, own.woo_id
FROM links AS own JOIN purchase_orders AS sale ON sale.id = own.local_id
CROSS JOIN LATERAL jsonb_array_elements(sale.details->'refunds') AS head
WHERE own.store_id = %(store)s AND own.entity = 'order' AND own.woo_id = ANY(%(ids)s::bigint[])
  AND sale.deleted_at IS NULL AND NOT EXISTS (
    SELECT FROM links AS known WHERE known.store_id = %(store)s AND known.entity = 'refund'
    AND known.woo_id = (head->>'id')::bigint AND known.tombstoned_at IS NULL)
ORDER BY refund
"""
STALE_REFUNDS = """
SELECT known.woo_id
FROM links AS own JOIN purchase_orders AS sale ON sale.id = own.local_id
JOIN purchase_order_refunds AS refund ON refund.purchase_order_id = sale.id
JOIN links AS known ON known.local_id = refund.id AND known.entity = 'refund'
  AND known.store_id = own.store_id
WHERE own.store_id = %(store)s AND own.entity = 'order' AND own.woo_id = ANY(%(ids)s::bigint[])
  AND known.tombstoned_at IS NULL AND (sale.deleted_at IS NOT NULL
    OR NOT sale.details->'refunds' @> jsonb_build_array(jsonb_build_object('id', known.woo_id)))
ORDER BY known.woo_id
"""


async def save_of_products(tx: Transaction, store_id: int, woo_ids: Sequence[int]) -> None:
    """Give these variations their parents, and waiting order lines these products."""
    await by_sync(tx)
    values = {"store": store_id, "ids": list(woo_ids)}
    await tx.execute(PARENTS_OF_VARIATIONS, values)
    await tx.execute(ITEMS_OF_PRODUCTS, values)


async def save_of_customers(tx: Transaction, store_id: int, woo_ids: Sequence[int]) -> None:
    """Give waiting orders these customers."""
    await by_sync(tx)
    await tx.execute(ORDERS_OF_CUSTOMERS, {"store": store_id, "ids": list(woo_ids)})


async def load_children(tx: Transaction, store_id: int, woo_ids: Sequence[int]) -> dict[int, int]:
    """Load the live variations of these products, with their parents."""
    return dict(await sql.rows(tx, CHILDREN, {"store": store_id, "ids": list(woo_ids)}))


async def load_missing_refunds(
    tx: Transaction, store_id: int, woo_ids: Sequence[int]
) -> list[tuple[int, int]]:
    """Load (refund, order) of refunds that these orders name and that are not here."""
    return await sql.rows(tx, MISSING_REFUNDS, {"store": store_id, "ids": list(woo_ids)})


async def load_stale_refunds(tx: Transaction, store_id: int, woo_ids: Sequence[int]) -> list[int]:
    """Load the refunds of these orders that they no longer name, or that went with them."""
    found = await sql.rows(tx, STALE_REFUNDS, {"store": store_id, "ids": list(woo_ids)})
    return [row[0] for row in found]
