"""Stock levels and what they are made of: movements by kind, what each store is told."""

from typing import Any

from woosync.postgres import sql
from woosync.postgres.engine import Transaction
from woosync.postgres.nouns import errors, listing

LEVELS = listing.Listing(
    source="inventory AS level",
    alias="level",
    columns="""level.product_id, item.sku, item.name, level.warehouse_id, place.code AS warehouse,
      level.on_hand, level.reserved, level.on_hand - level.reserved AS available,
      level.updated_at""",
    joins="""JOIN products AS item ON item.id = level.product_id
      JOIN warehouses AS place ON place.id = level.warehouse_id""",
    keys=("level.product_id", "level.warehouse_id"),
    sorts={
        "productId": listing.by_number("level.product_id"),
        "updatedAt": listing.by_time("level.updated_at"),
        "onHand": listing.by_number("level.on_hand"),
        "available": listing.by_number("level.on_hand - level.reserved"),
    },
    filters={
        "live": "(SELECT deleted_at IS NULL FROM products WHERE id = level.product_id) = %(live)s",
        "product_id": "level.product_id = %(product_id)s",
        "sku": "level.product_id IN (SELECT id FROM products WHERE lower(sku) = lower(%(sku)s))",
        "warehouse": "level.warehouse_id = (SELECT id FROM warehouses WHERE code = %(warehouse)s)",
        "below": "level.on_hand - level.reserved < %(below)s",
        "updated_since": "level.updated_at >= %(updated_since)s",
        "store_id": "level.product_id IN (SELECT product_id FROM stock_links"
        " WHERE store_id = %(store_id)s)",
    },
)
MOVEMENTS = listing.Listing(
    source="inventory_movements AS move",
    alias="move",
    columns="""move.id, move.product_id, item.sku, place.code AS warehouse, move.qty, move.kind,
      move.source_ref, move.actor, move.note, move.at""",
    joins="""JOIN products AS item ON item.id = move.product_id
      JOIN warehouses AS place ON place.id = move.warehouse_id""",
    keys=("move.id",),
    sorts={"id": listing.by_number("move.id"), "at": listing.by_time("move.at")},
    filters={
        "product_id": "move.product_id = %(product_id)s",
        "warehouse": "move.warehouse_id = (SELECT id FROM warehouses WHERE code = %(warehouse)s)",
        "kind": "move.kind = %(kind)s",
        "source_ref": "move.source_ref = %(source_ref)s",
        "since": "move.at >= %(since)s",
        "before": "move.at < %(before)s",
    },
)
PRODUCT = """
SELECT id AS product_id, sku, name, manage_stock, parent_id FROM products
WHERE id = %s AND deleted_at IS NULL
"""
LEVELS_OF = """
SELECT level.warehouse_id, place.code AS warehouse, level.on_hand, level.reserved,
  level.on_hand - level.reserved AS available, level.updated_at
FROM inventory AS level JOIN warehouses AS place ON place.id = level.warehouse_id
WHERE level.product_id = %s ORDER BY place.code
"""
KINDS_OF = """
SELECT place.code AS warehouse, move.kind, count(*) AS movements, sum(move.qty) AS qty,
  max(move.at) AS last_at
FROM inventory_movements AS move JOIN warehouses AS place ON place.id = move.warehouse_id
WHERE move.product_id = %s GROUP BY place.code, move.kind ORDER BY place.code, move.kind
"""
STORES_OF = """
SELECT place.key AS store, own.woo_id AS wc_id, own.expected, own.allocation, own.buffer,
  own.state, own.audited_at, own.updated_at, op.delta AS open_delta, op.state AS open_state
FROM stock_links AS own JOIN stores AS place ON place.id = own.store_id
LEFT JOIN stock_ops AS op ON op.store_id = own.store_id AND op.product_id = own.product_id
  AND op.state IN ('planned', 'sent', 'unknown')
WHERE own.product_id = %s AND place.state <> 'removed' ORDER BY place.id
"""


async def load_derivation(tx: Transaction, product_id: int) -> dict[str, Any]:
    """Load a product's levels, the movements they are the sum of, and what each store shows.

    Raises NotThereError.
    """
    found = await sql.mappings(tx, PRODUCT, (product_id,))
    if not found:
        raise errors.NotThereError(
            f"There is no product {product_id}.", remedy="The list shows which there are."
        )
    kinds = await sql.mappings(tx, KINDS_OF, (product_id,))
    levels = await sql.mappings(tx, LEVELS_OF, (product_id,))
    for level in levels:
        level["movements"] = [one for one in kinds if one["warehouse"] == level["warehouse"]]
    return found[0] | {"levels": levels, "stores": await sql.mappings(tx, STORES_OF, (product_id,))}
