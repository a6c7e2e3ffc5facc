"""Customers as the back office edits them."""

from collections.abc import Mapping

from woosync.domain import customer, ids
from woosync.postgres import customers
from woosync.postgres.engine import Transaction
from woosync.postgres.nouns import editing, listing, shaped

LISTING = listing.Listing(
    source="customers AS person",
    alias="person",
    columns="""person.id, person.email, person.first_name, person.last_name, person.username,
      person.role, person.is_paying, person.billing, person.shipping,
      person.metadata - 'woocommerce' AS metadata, person.version, person.created_at,
      person.updated_at, person.edited_at, person.deleted_at""",
    keys=("person.id",),
    known_as=(ids.Entity.CUSTOMER,),
    sorts={
        "id": listing.by_number("person.id"),
        "updatedAt": listing.by_time("person.updated_at"),
        "createdAt": listing.by_time("person.created_at"),
        "email": listing.by_text("lower(person.email)"),
        "lastName": listing.by_text("lower(person.last_name)"),
    },
    filters={
        "live": "(person.deleted_at IS NULL) = %(live)s",
        "email": "lower(person.email) = lower(%(email)s)",
        "role": "person.role = %(role)s",
        "is_paying": "person.is_paying = %(is_paying)s",
        "updated_since": "person.updated_at >= %(updated_since)s",
        "text": "(person.email ILIKE %(text)s OR person.username ILIKE %(text)s"
        " OR person.first_name || ' ' || person.last_name ILIKE %(text)s)",
    },
)
NOUN = editing.Noun(
    name="customer",
    table="customers",
    listing=LISTING,
    locks=(ids.Entity.CUSTOMER,),
)
SHAPE = customers.SHELF.shape
SAME_EMAIL = """
SELECT id FROM customers WHERE lower(email) = lower(%s) AND id <> %s AND deleted_at IS NULL LIMIT 1
"""


async def save_new(
    tx: Transaction,
    fields: Mapping[str, object],
    *,
    metadata: Mapping[str, object] | None,
    edit: editing.Edit,
) -> int:
    """Add a customer; raises TakenError when the e-mail address is known."""
    await editing.lock_new(tx, NOUN)
    made = shaped.record(SHAPE, None, fields)
    await _refuse_known(tx, made, 0)
    values = shaped.columns(SHAPE, made)
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
    """Change a customer; raises NotThereError, StaleError, TakenError, UnfitError."""
    row = await editing.hold(tx, NOUN, held)
    values = dict(shaped.changed_columns(SHAPE, row, fields))
    if "email" in values:
        await _refuse_known(tx, shaped.record(SHAPE, SHAPE.record(row), fields), held.id)
    if metadata is not None:
        values["metadata"] = editing.merged_metadata(row, metadata)
    await editing.save_changes(tx, NOUN, row, values, edit)


async def _refuse_known(tx: Transaction, one: customer.Customer, local_id: int) -> None:
    await editing.refuse_taken(
        tx,
        SAME_EMAIL,
        (one.email, local_id),
        sentence="A customer with this e-mail address exists already",
    )
