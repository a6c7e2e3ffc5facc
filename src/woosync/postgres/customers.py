"""Customers, registered ones and guests, and how an e-mail address finds them."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from woosync.domain import customer
from woosync.postgres.records import Shelf
from woosync.postgres.shape import Shape
from woosync.postgres.tables import back_office

SAME = ("email", "first_name", "last_name", "username", "role", "is_paying")

SHELF = Shelf(
    back_office.customers,
    Shape(
        customer.Customer,
        columns={name: name for name in SAME},
        documents=("billing", "shipping"),
        details=False,
    ),
)


async def load_by_email(
    connection: AsyncConnection, store_id: int, emails: Sequence[str]
) -> dict[str, int]:
    """Load the ids of customers with these e-mails that the store has no account of, by e-mail.

    E-mails are normalised (lower case). Guests come last, and the oldest customer first.
    """
    wanted = sorted({email.strip().lower() for email in emails} - {""})
    if not wanted:
        return {}
    found = await connection.execute(
        sa.text(
            "SELECT DISTINCT ON (lower(c.email)) lower(c.email), c.id FROM customers c"
            " WHERE lower(c.email) = ANY(:emails) AND c.deleted_at IS NULL AND NOT EXISTS ("
            "  SELECT 1 FROM links l WHERE l.store_id = :store AND l.entity = 'customer'"
            "  AND l.local_id = c.id)"
            " ORDER BY lower(c.email), (c.role = 'guest'), c.id"
        ).bindparams(sa.bindparam("emails", wanted, type_=ARRAY(sa.Text)), store=store_id)
    )
    return {row[0]: row[1] for row in found}


async def load_known(connection: AsyncConnection, emails: Sequence[str]) -> dict[str, int]:
    """Load the owners of orders without an account, by normalised e-mail: accounts first."""
    wanted = sorted({email.strip().lower() for email in emails} - {""})
    if not wanted:
        return {}
    found = await connection.execute(
        sa.text(
            "SELECT DISTINCT ON (lower(email)) lower(email), id FROM customers"
            " WHERE lower(email) = ANY(:emails) AND deleted_at IS NULL"
            " ORDER BY lower(email), (role = 'guest'), id"
        ).bindparams(sa.bindparam("emails", wanted, type_=ARRAY(sa.Text)))
    )
    return {row[0]: row[1] for row in found}
