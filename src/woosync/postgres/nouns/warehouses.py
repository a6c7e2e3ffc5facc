"""Warehouses as the back office edits them; one of them is the default."""

from collections.abc import Mapping

from woosync.postgres.engine import Transaction
from woosync.postgres.nouns import editing, errors, listing

LISTING = listing.Listing(
    source="warehouses AS place",
    alias="place",
    columns="""place.id, place.code, place.name, place.is_default,
      place.metadata - 'woocommerce' AS metadata, place.version, place.created_at,
      place.updated_at, place.edited_at, place.deleted_at""",
    keys=("place.id",),
    sorts={
        "id": listing.by_number("place.id"),
        "code": listing.by_text("place.code"),
        "name": listing.by_text("lower(place.name)"),
        "updatedAt": listing.by_time("place.updated_at"),
    },
    filters={
        "live": "(place.deleted_at IS NULL) = %(live)s",
        "code": "place.code = %(code)s",
        "updated_since": "place.updated_at >= %(updated_since)s",
        "text": "(place.code ILIKE %(text)s OR place.name ILIKE %(text)s)",
    },
)
NOUN = editing.Noun(
    name="warehouse",
    table="warehouses",
    listing=LISTING,
    blockers={
        "it is the default": "SELECT is_default FROM warehouses WHERE id = %(id)s",
        "there is stock in it": "SELECT EXISTS (SELECT FROM inventory WHERE warehouse_id = %(id)s"
        " AND on_hand <> 0)",
        "a store sells from it": "SELECT EXISTS (SELECT FROM stores WHERE warehouse_id = %(id)s"
        " AND state <> 'removed')",
    },
)
SAME_CODE = "SELECT id FROM warehouses WHERE code = %s AND id <> %s"
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('woosync_default_warehouse'))"
NO_DEFAULT = "UPDATE warehouses SET is_default = false WHERE is_default AND id <> %s"


async def save_new(
    tx: Transaction,
    fields: Mapping[str, object],
    *,
    metadata: Mapping[str, object] | None,
    edit: editing.Edit,
) -> int:
    """Add a warehouse; raises TakenError."""
    await _refuse_known(tx, fields, 0)
    await _make_room(tx, fields, 0)
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
    """Change a warehouse; raises NotThereError, StaleError, TakenError, InUseError."""
    await _make_room(tx, fields, held.id)
    row = await editing.hold(tx, NOUN, held)
    if row["is_default"] and fields.get("is_default") is False:
        raise errors.InUseError(
            "There is always a default warehouse.", remedy="Make another one the default."
        )
    await _refuse_known(tx, fields, held.id)
    values = dict(fields)
    if metadata is not None:
        values["metadata"] = editing.merged_metadata(row, metadata)
    await editing.save_changes(tx, NOUN, row, values, edit)


async def _make_room(tx: Transaction, fields: Mapping[str, object], local_id: int) -> None:
    """Take the default away from the one that has it, if it is to go to this one."""
    if fields.get("is_default"):
        await tx.execute(ONE_AT_A_TIME)
        await tx.execute(NO_DEFAULT, (local_id,))


async def _refuse_known(tx: Transaction, fields: Mapping[str, object], local_id: int) -> None:
    await editing.refuse_taken(
        tx,
        SAME_CODE,
        (fields.get("code"), local_id),
        sentence="A warehouse of this code exists, or did",
    )
