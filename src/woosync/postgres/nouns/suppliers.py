"""Suppliers as the back office edits them."""

from collections.abc import Mapping

from woosync.postgres.engine import Transaction
from woosync.postgres.nouns import editing, listing

LISTING = listing.Listing(
    source="suppliers AS maker",
    alias="maker",
    columns="""maker.id, maker.name, maker.metadata - 'woocommerce' AS metadata, maker.version,
      maker.created_at, maker.updated_at, maker.edited_at, maker.deleted_at""",
    keys=("maker.id",),
    sorts={
        "id": listing.by_number("maker.id"),
        "name": listing.by_text("lower(maker.name)"),
        "updatedAt": listing.by_time("maker.updated_at"),
    },
    filters={
        "live": "(maker.deleted_at IS NULL) = %(live)s",
        "text": "maker.name ILIKE %(text)s",
        "updated_since": "maker.updated_at >= %(updated_since)s",
    },
)
NOUN = editing.Noun(
    name="supplier",
    table="suppliers",
    listing=LISTING,
    blockers={
        "products come from it": "SELECT EXISTS (SELECT FROM products WHERE supplier_id = %(id)s"
        " AND deleted_at IS NULL)",
        "orders go to it": "SELECT EXISTS (SELECT FROM purchase_orders WHERE supplier_id = %(id)s"
        " AND deleted_at IS NULL)",
    },
)
SAME_NAME = "SELECT id FROM suppliers WHERE name = %s AND id <> %s"


async def save_new(
    tx: Transaction,
    fields: Mapping[str, object],
    *,
    metadata: Mapping[str, object] | None,
    edit: editing.Edit,
) -> int:
    """Add a supplier; raises TakenError."""
    await _refuse_known(tx, fields, 0)
    values = dict(fields) | {"metadata": editing.merged_metadata(None, metadata)}
    return await editing.save_new(tx, NOUN, values, edit)


async def save_changed(
    tx: Transaction,
    held: editing.Held,
    fields: Mapping[str, object],
    *,
    metadata: Mapping[str, object] | None,
    edit: editing.Edit,
) -> None:
    """Change a supplier; raises NotThereError, StaleError, TakenError."""
    row = await editing.hold(tx, NOUN, held)
    await _refuse_known(tx, fields, held.id)
    values = dict(fields)
    if metadata is not None:
        values["metadata"] = editing.merged_metadata(row, metadata)
    await editing.save_changes(tx, NOUN, row, values, edit)


async def _refuse_known(tx: Transaction, fields: Mapping[str, object], local_id: int) -> None:
    await editing.refuse_taken(
        tx,
        SAME_NAME,
        (fields.get("name"), local_id),
        sentence="A supplier of this name exists, or did",
    )
