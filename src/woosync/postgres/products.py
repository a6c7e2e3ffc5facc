"""Products and variations: where they lie, how they are recognised, who their parent is."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from woosync.domain import product
from woosync.postgres import links
from woosync.postgres.records import Shelf
from woosync.postgres.shape import Shape
from woosync.postgres.tables import back_office, sync

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
    back_office.products,
    Shape(product.Product, columns={name: name for name in SAME}),
    extra=("supplier_id",),
)


async def load_by_sku(
    connection: AsyncConnection, store_id: int, skus: Sequence[str]
) -> dict[str, int]:
    """Load the ids of products with these SKUs that the store is not linked with, by lower SKU.

    A SKU that several such products share is left out: a person has to say which is meant.
    """
    wanted = sorted({sku.lower() for sku in skus})
    if not wanted:
        return {}
    found = await connection.execute(
        sa.text(
            "SELECT lower(p.sku), min(p.id) FROM products p"
            " WHERE lower(p.sku) = ANY(:skus) AND p.deleted_at IS NULL AND NOT EXISTS ("
            "  SELECT 1 FROM links l WHERE l.store_id = :store AND l.local_id = p.id"
            "  AND l.entity IN ('product', 'variation'))"
            " GROUP BY lower(p.sku) HAVING count(*) = 1"
        ).bindparams(sa.bindparam("skus", wanted, type_=ARRAY(sa.Text)), store=store_id)
    )
    return {row[0]: row[1] for row in found}


async def load_variable(
    connection: AsyncConnection,
    store_id: int,
    *,
    after: int = 0,
    among: Sequence[int] | None = None,
    limit: int = 100,
) -> list[int]:
    """Load the store ids of live products with variations, in order, from `after` or `among`."""
    own, item = sync.links.c, back_office.products.c
    query = (
        sa.select(own.woo_id)
        .join_from(sync.links, back_office.products, item.id == own.local_id)
        .where(own.store_id == store_id, own.entity == "product", own.tombstoned_at.is_(None))
        .where(item.kind == "variable", own.woo_id > after)
        .order_by(own.woo_id)
        .limit(limit)
    )
    if among is not None:
        query = query.where(links.among(own.woo_id, among))
    return [row[0] for row in await connection.execute(query)]


async def save_parents(connection: AsyncConnection, store_id: int) -> int:
    """Give variations whose parent has arrived their `parent_id`; return how many."""
    done = await connection.execute(
        sa.text(
            "UPDATE products AS child SET parent_id = parent.local_id"
            " FROM links AS own JOIN links AS parent ON parent.store_id = own.store_id"
            "  AND parent.entity = 'product' AND parent.woo_id = own.woo_parent_id"
            " WHERE own.store_id = :store AND own.entity = 'variation'"
            "  AND own.local_id = child.id"
            "  AND child.parent_id IS DISTINCT FROM parent.local_id"
        ).bindparams(store=store_id)
    )
    return int(done.rowcount)
