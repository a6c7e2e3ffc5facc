"""Products and variations as the back office edits them; a variation is a product with a parent."""

from collections.abc import Mapping

from woosync.domain import ids, product
from woosync.postgres import products, sql
from woosync.postgres.engine import Transaction
from woosync.postgres.nouns import editing, errors, listing, shaped

LISTING = listing.Listing(
    source="products AS item",
    alias="item",
    columns="""item.id, item.parent_id, item.supplier_id, item.kind, item.name, item.sku,
      item.global_unique_id, item.status, item.description, item.short_description,
      item.regular_price, item.sale_price, item.manage_stock, item.details,
      item.metadata - 'woocommerce' AS metadata, item.version, item.created_at, item.updated_at,
      item.edited_at, item.deleted_at,
      ARRAY(SELECT child.id FROM products AS child WHERE child.parent_id = item.id
        AND child.deleted_at IS NULL ORDER BY child.id) AS variation_ids,
      (SELECT sum(level.on_hand) FROM inventory AS level WHERE level.product_id = item.id)
        AS on_hand""",
    keys=("item.id",),
    known_as=(ids.Entity.PRODUCT, ids.Entity.VARIATION),
    sorts={
        "id": listing.by_number("item.id"),
        "updatedAt": listing.by_time("item.updated_at"),
        "createdAt": listing.by_time("item.created_at"),
        "name": listing.by_text("lower(item.name)"),
        "sku": listing.by_text("lower(coalesce(item.sku, ''))"),
        "regularPrice": listing.by_number("coalesce(item.regular_price, 0)"),
    },
    filters={
        "live": "(item.deleted_at IS NULL) = %(live)s",
        "sku": "lower(item.sku) = lower(%(sku)s)",
        "kind": "item.kind = %(kind)s",
        "status": "item.status = %(status)s",
        "parent_id": "item.parent_id = %(parent_id)s",
        "top_level": "(item.kind <> 'variation') = %(top_level)s",
        "supplier_id": "item.supplier_id = %(supplier_id)s",
        "manage_stock": "item.manage_stock = %(manage_stock)s",
        "updated_since": "item.updated_at >= %(updated_since)s",
        "text": "(item.name ILIKE %(text)s OR item.sku ILIKE %(text)s)",
    },
)
NOUN = editing.Noun(
    name="product",
    table="products",
    listing=LISTING,
    locks=(ids.Entity.PRODUCT, ids.Entity.VARIATION),
    blockers={
        "it has variations": "SELECT EXISTS (SELECT FROM products WHERE parent_id = %(id)s"
        " AND deleted_at IS NULL)",
        "there is stock of it": "SELECT EXISTS (SELECT FROM inventory WHERE product_id = %(id)s"
        " AND on_hand <> 0)",
    },
)
SHAPE = products.SHELF.shape
VARIATION = "variation"
SAME_SKU = """
SELECT id FROM products WHERE lower(sku) = lower(%s) AND id <> %s AND deleted_at IS NULL LIMIT 1
"""
PARENT_KIND = "SELECT kind FROM products WHERE id = %s AND deleted_at IS NULL"
#: Fields that are columns here and no part of what stores and back office agree on.
OWN = ("parent_id", "supplier_id")


async def save_new(
    tx: Transaction,
    fields: Mapping[str, object],
    *,
    metadata: Mapping[str, object] | None,
    edit: editing.Edit,
) -> int:
    """Add a product, or with `parent_id` a variation; raises TakenError, UnfitError."""
    await editing.lock_new(tx, NOUN)
    own, shared = _parted(fields)
    made = shaped.record(SHAPE, None, shared)
    await _check(tx, made, own, 0)
    await _check_family(tx, made.kind, own.get("parent_id"))
    values = shaped.columns(SHAPE, made) | own
    values["metadata"] = editing.merged_metadata(None, metadata)
    return await editing.save_new(tx, NOUN, values, edit)


async def save_changed(
    tx: Transaction,
    held: editing.Held,
    fields: Mapping[str, object],
    *,
    metadata: Mapping[str, object] | None,
    edit: editing.Edit,
) -> None:
    """Change a product; its parent stays.

    Raises NotThereError, StaleError, TakenError, UnfitError.
    """
    row = await editing.hold(tx, NOUN, held)
    own, shared = _parted(fields)
    values = dict(shaped.changed_columns(SHAPE, row, shared))
    after = shaped.record(SHAPE, SHAPE.record(row), shared)
    if (after.kind == VARIATION) != (row["kind"] == VARIATION):
        raise errors.UnfitError(
            "A product does not become a variation, nor a variation a product.",
            remedy="Add a new one.",
        )
    await _check(tx, after, own, held.id, sku_is_new="sku" in values)
    if metadata is not None:
        values["metadata"] = editing.merged_metadata(row, metadata)
    await editing.save_changes(tx, NOUN, row, values | own, edit)


def _parted(fields: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    own = {name: value for name, value in fields.items() if name in OWN}
    return own, {name: value for name, value in fields.items() if name not in OWN}


async def _check(
    tx: Transaction,
    one: product.Product,
    own: Mapping[str, object],
    local_id: int,
    *,
    sku_is_new: bool = True,
) -> None:
    await editing.require(tx, "suppliers", own.get("supplier_id"), field="supplierId")
    if sku_is_new:
        await editing.refuse_taken(
            tx,
            SAME_SKU,
            (one.sku, local_id),
            sentence="A product with this SKU exists already",
        )


async def _check_family(tx: Transaction, kind: str, parent_id: object) -> None:
    if (kind == VARIATION) != (parent_id is not None):
        raise errors.UnfitError(
            "A variation has a parent, and nothing else has.",
            remedy='Send type "variation" together with parentId, or neither.',
        )
    if parent_id is not None and await sql.value(tx, PARENT_KIND, (parent_id,)) != "variable":
        raise errors.UnfitError(
            f"parentId {parent_id} names no variable product.",
            remedy='Add the parent first, with type "variable".',
        )
