"""Users: people and machines that may call, their role, password hash and token version."""

from dataclasses import dataclass

from psycopg.rows import class_row

from woosync import errors
from woosync.postgres import sql
from woosync.postgres.engine import Transaction

ROLES = ("viewer", "operator", "admin")

COLUMNS = "SELECT id, name, password_hash, role, is_active, token_version FROM users"
SAVE_NEW = """
INSERT INTO users (name, password_hash, role) VALUES (%s, %s, %s)
ON CONFLICT DO NOTHING RETURNING id
"""


class UserExistsError(errors.RefusedError):
    """A user of this name exists already."""


class UnknownUserError(errors.RefusedError):
    """No user has this name."""


@dataclass(frozen=True, slots=True)
class User:
    """A user; an empty password hash means a machine, which cannot log in."""

    id: int
    name: str
    password_hash: str
    role: str
    is_active: bool
    token_version: int


async def load(tx: Transaction, name: str) -> User:
    """Load a user by name, whatever its case; raises UnknownUserError."""
    async with tx.cursor(row_factory=class_row(User)) as cursor:
        await cursor.execute(COLUMNS + " WHERE lower(name) = lower(%s)", (name,))
        found = await cursor.fetchone()
    if found is None:
        raise UnknownUserError(
            f"There is no user {name!r}.", remedy="`woosync users list` shows them."
        )
    return found


async def load_all(tx: Transaction) -> list[User]:
    """Load all users by name."""
    async with tx.cursor(row_factory=class_row(User)) as cursor:
        await cursor.execute(COLUMNS + " ORDER BY lower(name)")
        return await cursor.fetchall()


async def save_new(tx: Transaction, name: str, *, role: str, password_hash: str = "") -> int:
    """Save a new user and return its id; raises UserExistsError."""
    made = await sql.value(tx, SAVE_NEW, (name, password_hash, role))
    if made is None:
        raise UserExistsError(f"There is a user {name!r} already.", remedy="Choose another name.")
    return int(made)
