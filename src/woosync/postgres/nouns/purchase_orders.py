"""Purchase orders as the back office edits them; the items of a store's order are the store's."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from woosync.domain import ids, money
from woosync.postgres import bulk, orders, sql
from woosync.postgres.engine import Transaction
from woosync.postgres.nouns import editing, errors, listing, shaped

LISTING = listing.Listing(
    source="purchase_orders AS sale",
    alias="sale",
    columns="""sale.id, sale.customer_id, sale.supplier_id, sale.number, sale.status,
      sale.currency, sale.total, sale.total_tax, sale.shipping_total, sale.discount_total,
      sale.placed_at, sale.paid_at, sale.completed_at, sale.customer_note, sale.billing,
      sale.shipping, sale.details, sale.metadata - 'woocommerce' AS metadata, sale.version,
      sale.created_at, sale.updated_at, sale.edited_at, sale.deleted_at,
      coalesce((SELECT jsonb_agg(jsonb_build_object('id', line.id, 'product_id', line.product_id,
        'name', line.name, 'sku', line.sku, 'quantity', line.quantity,
        'subtotal', line.subtotal::text, 'total', line.total::text, 'tax', line.total_tax::text)
        ORDER BY line.position, line.id) FROM purchase_order_items AS line
        WHERE line.purchase_order_id = sale.id), '[]') AS items""",
    keys=("sale.id",),
    known_as=(ids.Entity.ORDER,),
    sorts={
        "id": listing.by_number("sale.id"),
        "updatedAt": listing.by_time("sale.updated_at"),
        "createdAt": listing.by_time("sale.created_at"),
        "number": listing.by_text("sale.number"),
        "total": listing.by_number("sale.total"),
    },
    filters={
        "live": "(sale.deleted_at IS NULL) = %(live)s",
        "text": "(sale.number ILIKE %(text)s OR sale.billing ->> 'email' ILIKE %(text)s)",
        "number": "sale.number = %(number)s",
        "status": "sale.status = %(status)s",
        "customer_id": "sale.customer_id = %(customer_id)s",
        "supplier_id": "sale.supplier_id = %(supplier_id)s",
        "placed_since": "sale.placed_at >= %(placed_since)s",
        "placed_before": "sale.placed_at < %(placed_before)s",
        "updated_since": "sale.updated_at >= %(updated_since)s",
        "product_id": "EXISTS (SELECT FROM purchase_order_items AS line WHERE"
        " line.purchase_order_id = sale.id AND line.product_id = %(product_id)s)",
    },
)
NOUN = editing.Noun(
    name="purchase order",
    table="purchase_orders",
    listing=LISTING,
    locks=(ids.Entity.CUSTOMER, ids.Entity.ORDER),
)
SHAPE = orders.SHELF.shape
OWN = ("customer_id", "supplier_id")
ZERO = Decimal(0)
IS_LINKED = "SELECT EXISTS (SELECT FROM links WHERE local_id = %s AND entity = 'order')"
LOAD_ITEMS = """
SELECT product_id, name, sku, quantity, subtotal, total, total_tax FROM purchase_order_items
WHERE purchase_order_id = %s ORDER BY position, id
"""
DELETE_ITEMS = "DELETE FROM purchase_order_items WHERE purchase_order_id = %s"
MISSING = """
SELECT min(wanted.id) FROM unnest(%s::bigint[]) AS wanted (id)
WHERE NOT EXISTS (SELECT FROM products WHERE id = wanted.id AND deleted_at IS NULL)
"""
NUMBERED = "UPDATE purchase_orders SET number = 'PO-' || id WHERE id = %s"
ITEM_COLUMNS = (
    "purchase_order_id",
    "position",
    "product_id",
    "name",
    "sku",
    "quantity",
    "subtotal",
    "total",
    "total_tax",
)
Item = Mapping[str, Any]


async def save_new(
    tx: Transaction,
    fields: Mapping[str, object],
    items: Sequence[Item],
    *,
    metadata: Mapping[str, object] | None,
    edit: editing.Edit,
) -> int:
    """Add an order with its items; the total is theirs with tax and shipping. Raises UnfitError."""
    own, shared = _parted(fields)
    await _check(tx, own, items)
    made = shaped.record(SHAPE, None, shared | _totals(items, shared.get("shipping_total", ZERO)))
    values = shaped.columns(SHAPE, made) | own
    values["metadata"] = editing.merged_metadata(None, metadata)
    local_id = await editing.save_new(tx, NOUN, values, edit)
    if not made.number:
        await tx.execute(NUMBERED, (local_id,))
    await _save_items(tx, local_id, items)
    return local_id


async def save_changed(
    tx: Transaction,
    held: editing.Held,
    fields: Mapping[str, object],
    items: Sequence[Item] | None,
    *,
    metadata: Mapping[str, object] | None,
    edit: editing.Edit,
) -> None:
    """Change an order; `items` replaces all of them, None leaves them.

    Raises NotThereError, StaleError, UnfitError, and InUseError for the items of a store's order.
    """
    row = await editing.hold(tx, NOUN, held)
    own, shared = _parted(fields)
    await _check(tx, own, items or ())
    of_store = bool(await sql.value(tx, IS_LINKED, (held.id,)))
    if of_store and (items is not None or "shipping_total" in shared):
        raise errors.InUseError(
            "The items and amounts of a store's order are the store's.",
            remedy="Change them in the store; the next pull brings them.",
        )
    if not of_store and (items is not None or "shipping_total" in shared):
        lines = await sql.mappings(tx, LOAD_ITEMS, (held.id,)) if items is None else items
        shared |= _totals(lines, shared.get("shipping_total", row["shipping_total"]))
    values = dict(shaped.changed_columns(SHAPE, row, shared, lines=()))
    if metadata is not None:
        values["metadata"] = editing.merged_metadata(row, metadata)
    wrote = await editing.save_changes(tx, NOUN, row, values | own, edit)
    if items is not None:
        await _replace_items(tx, held.id, items, edit, touched=wrote)


async def _replace_items(
    tx: Transaction, local_id: int, items: Sequence[Item], edit: editing.Edit, *, touched: bool
) -> None:
    await tx.execute(DELETE_ITEMS, (local_id,))
    await _save_items(tx, local_id, items)
    if not touched:
        # A new version, since readers of the old one have not seen these items.
        await tx.execute("UPDATE purchase_orders SET number = number WHERE id = %s", (local_id,))
    lines = [{key: str(value) for key, value in item.items()} for item in items]
    event = editing.told(NOUN, local_id, "local_updated", after={"items": lines})
    await editing.note(tx, event, edit)


async def _save_items(tx: Transaction, local_id: int, items: Sequence[Item]) -> None:
    rows = [
        (local_id, position, *(item.get(column) for column in ITEM_COLUMNS[2:]))
        for position, item in enumerate(items)
    ]
    await bulk.copy(tx, "purchase_order_items", ITEM_COLUMNS, rows)


def _totals(items: Sequence[Item], shipping: object) -> dict[str, object]:
    """Return the amounts of an order that its items and its shipping make up."""
    freight = Decimal(str(shipping))
    net = sum((item["total"] for item in items), ZERO)
    before = sum((item["subtotal"] for item in items), ZERO)
    tax = sum((item["total_tax"] for item in items), ZERO)
    amounts = {
        "total": net + tax + freight,
        "total_tax": tax,
        "discount_total": before - net,
        "shipping_total": freight,
    }
    try:
        return {name: money.canonical(value) for name, value in amounts.items()}
    except money.NotAnAmount as error:
        raise errors.UnfitError(f"The order adds up to {error}, which is too much.") from error


def _parted(fields: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    own = {name: value for name, value in fields.items() if name in OWN}
    return own, {name: value for name, value in fields.items() if name not in OWN}


async def _check(tx: Transaction, own: Mapping[str, object], items: Sequence[Item]) -> None:
    await editing.require(tx, "customers", own.get("customer_id"), field="customerId")
    await editing.require(tx, "suppliers", own.get("supplier_id"), field="supplierId")
    wanted = [item["product_id"] for item in items if item.get("product_id") is not None]
    missing = await sql.value(tx, MISSING, (wanted,))
    if missing is not None:
        raise errors.UnfitError(
            f"items: productId {missing} names no product.",
            remedy="Send the id of one that exists, or a name alone.",
        )
