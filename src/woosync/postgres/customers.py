"""Customers, registered ones and guests, and how an e-mail address finds them."""

from collections.abc import Sequence

from woosync.domain import customer
from woosync.postgres import sql
from woosync.postgres.engine import Transaction
from woosync.postgres.records import Shelf
from woosync.postgres.shape import Shape

# LATERAL with LIMIT looks addresses up one by one, and OFFSET 0 their links: without statistics, as
# in a first import, the planner would read whole tables for a list of them.
BY_EMAIL = """
SELECT DISTINCT ON (wanted.email) wanted.email, found.id
FROM unnest(%s::text[], %s::text[]) AS wanted (email, spelling) CROSS JOIN LATERAL (
  SELECT c.id, c.role = 'guest' AS is_guest FROM customers AS c
  WHERE lower(c.email) = lower(wanted.spelling) AND c.deleted_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM links AS l
    WHERE l.store_id = %s AND l.entity = 'customer' AND l.local_id = c.id OFFSET 0)
  ORDER BY (c.role = 'guest'), c.id LIMIT 1) AS found
ORDER BY wanted.email, found.is_guest, found.id
"""
KNOWN = """
SELECT DISTINCT ON (wanted.email) wanted.email, found.id
FROM unnest(%s::text[], %s::text[]) AS wanted (email, spelling) CROSS JOIN LATERAL (
  SELECT id, role = 'guest' AS is_guest FROM customers
  WHERE lower(email) = lower(wanted.spelling) AND deleted_at IS NULL
  ORDER BY (role = 'guest'), id LIMIT 1) AS found
ORDER BY wanted.email, found.is_guest, found.id
"""

SAME = ("email", "first_name", "last_name", "username", "role", "is_paying")

SHELF = Shelf(
    "customers",
    Shape(
        customer.Customer,
        columns={name: name for name in SAME},
        documents=("billing", "shipping"),
        details=False,
    ),
)


async def load_by_email(tx: Transaction, store_id: int, emails: Sequence[str]) -> dict[str, int]:
    """Load the ids of customers with these e-mails that the store has no account of, by e-mail.

    E-mails are normalised (lower case). Guests come last, and the oldest customer first.
    """
    wanted, spellings = sql.spellings(email.strip() for email in emails)
    if not wanted:
        return {}
    return dict(await sql.rows(tx, BY_EMAIL, (wanted, spellings, store_id)))


async def load_known(tx: Transaction, emails: Sequence[str]) -> dict[str, int]:
    """Load the owners of orders without an account, by normalised e-mail: accounts first."""
    wanted, spellings = sql.spellings(email.strip() for email in emails)
    if not wanted:
        return {}
    return dict(await sql.rows(tx, KNOWN, (wanted, spellings)))
