"""Products and variations: where they lie, how they are recognised, who their parent is."""

from collections.abc import Sequence

from woosync import errors
from woosync.domain import ids, product
from woosync.postgres import sql
from woosync.postgres.engine import Transaction, by_sync
from woosync.postgres.records import Shelf
from woosync.postgres.shape import Shape

# LATERAL looks SKUs up one by one, as e-mail addresses are (see customers). A product that the
# store does not have is preferred to one that it had, and of those the last to go.
BY_SKU = """
SELECT wanted.sku, CASE count(DISTINCT found.id) FILTER (WHERE found.gone_at IS NULL)
  WHEN 1 THEN min(found.id) FILTER (WHERE found.gone_at IS NULL)
  WHEN 0 THEN (array_agg(found.id ORDER BY found.gone_at DESC, found.id DESC))[1] END
FROM unnest(%(skus)s::text[], %(spellings)s::text[]) AS wanted (sku, spelling)
CROSS JOIN LATERAL (
  SELECT p.id, own.tombstoned_at AS gone_at FROM products AS p LEFT JOIN LATERAL (
    SELECT entity, tombstoned_at FROM links WHERE local_id = p.id AND store_id = %(store)s
    AND entity IN ('product', 'variation') OFFSET 0) AS own ON true
  WHERE lower(p.sku) = lower(wanted.spelling) AND CASE WHEN own.entity IS NULL
    THEN p.deleted_at IS NULL ELSE own.entity = %(kind)s AND own.tombstoned_at IS NOT NULL END
  OFFSET 0) AS found
GROUP BY wanted.sku
"""
# Plugins have kinds of their own with variations; the store's JSON names the variations of each.
IDS = """
SELECT lower(sku), id FROM products WHERE lower(sku) = ANY(%s::text[]) AND deleted_at IS NULL
"""
NAMES = "SELECT id, name, sku FROM products WHERE id = ANY(%s::bigint[])"
VARIABLE = """
SELECT own.woo_id FROM links AS own JOIN products AS item ON item.id = own.local_id
WHERE own.store_id = %s AND own.entity = 'product' AND own.tombstoned_at IS NULL
  AND (item.kind = 'variable' OR item.kind <> 'simple' AND coalesce(
    item.metadata->'woocommerce'->(SELECT key FROM stores WHERE id = own.store_id)->'variations',
    '[]') NOT IN ('[]', '{}', 'null')) AND own.woo_id > %s
  AND (%s::bigint[] IS NULL OR own.woo_id = ANY(%s::bigint[]))
ORDER BY own.woo_id LIMIT %s
"""
# Only children without a parent: a variation that two stores share keeps the first one's, and what
# is looked at stays little whatever the catalogue's size. OFFSET 0 as in `orders`.
PARENTS = """
SELECT loose.id, parent.local_id FROM products AS loose
CROSS JOIN LATERAL (
  SELECT woo_parent_id FROM links WHERE store_id = %(store)s AND entity = 'variation'
  AND local_id = loose.id OFFSET 0) AS own
CROSS JOIN LATERAL (
  SELECT local_id FROM links WHERE store_id = %(store)s AND entity = 'product'
  AND woo_id = own.woo_parent_id OFFSET 0) AS parent
WHERE loose.kind = 'variation' AND loose.parent_id IS NULL
"""
# Apart from the search, so that the planner knows how many there are.
SAVE_PARENTS = """
UPDATE products AS child SET parent_id = found.parent_id
FROM unnest(%s::bigint[], %s::bigint[]) AS found (id, parent_id) WHERE child.id = found.id
"""


class UnknownSkuError(errors.RefusedError):
    """No product has this SKU, or several have."""


SAME = (
    "kind",
    "name",
    "sku",
    "global_unique_id",
    "status",
    "description",
    "short_description",
    "regular_price",
    "sale_price",
    "manage_stock",
)

SHELF = Shelf(
    "products",
    Shape(product.Product, columns={name: name for name in SAME}),
    extra=("supplier_id",),
)


async def load_by_sku(
    tx: Transaction, store_id: int, skus: Sequence[str], *, returning: ids.Entity | None = None
) -> dict[str, int]:
    """Load the ids of products with these SKUs that the store is not linked with, by lower SKU.

    A SKU that several such products share is left out: a person has to say which is meant. With
    `returning` also a product or variation that the store deleted, where there is no other.
    """
    wanted, spellings = sql.spellings(skus)
    if not wanted:
        return {}
    given = {"skus": wanted, "spellings": spellings, "store": store_id, "kind": returning}
    return {sku: found for sku, found in await sql.rows(tx, BY_SKU, given) if found is not None}


async def load_ids(tx: Transaction, skus: Sequence[str]) -> dict[str, int]:
    """Load the ids of live products by lower SKU; raises UnknownSkuError unless each is one's."""
    found: dict[str, int] = {}
    for sku, local_id in await sql.rows(tx, IDS, ([sku.lower() for sku in skus],)):
        if sku in found:
            raise UnknownSkuError(
                f"Several products have the SKU {sku!r}.", remedy="Give them SKUs of their own."
            )
        found[sku] = local_id
    for sku in skus:
        if sku.lower() not in found:
            raise UnknownSkuError(
                f"No product has the SKU {sku!r}.", remedy="`woosync export products` lists them."
            )
    return found


async def load_names(tx: Transaction, local_ids: Sequence[int]) -> dict[int, dict[str, object]]:
    """Load name and SKU (or None) of products by id, deleted ones too."""
    found = await sql.rows(tx, NAMES, (list(local_ids),))
    return {local_id: {"name": name, "sku": sku} for local_id, name, sku in found}


async def load_variable(
    tx: Transaction,
    store_id: int,
    *,
    after: int = 0,
    among: Sequence[int] | None = None,
    limit: int = 100,
) -> list[int]:
    """Load the store ids of live products with variations, in order, from `after` or `among`."""
    only = None if among is None else list(among)
    return [row[0] for row in await sql.rows(tx, VARIABLE, (store_id, after, only, only, limit))]


async def save_parents(tx: Transaction, store_id: int) -> int:
    """Give variations whose parent has arrived their `parent_id`; return how many."""
    found = await sql.rows(tx, PARENTS, {"store": store_id})
    children, parents = [row[0] for row in found], [row[1] for row in found]
    await by_sync(tx)
    await tx.execute(SAVE_PARENTS, (children, parents))
    return len(found)
