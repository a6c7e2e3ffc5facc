"""Users: people and machines that may call, their role, password hash and token version."""

from collections.abc import Mapping

import msgspec
from psycopg import sql as compose
from psycopg.rows import class_row

from woosync import errors
from woosync.postgres import sql
from woosync.postgres.engine import Transaction

COLUMNS = "SELECT id, name, password_hash, role, is_active, token_version FROM users"
SAVE_NEW = """
INSERT INTO users (name, password_hash, role) VALUES (%s, %s, %s)
ON CONFLICT DO NOTHING RETURNING id
"""
OTHER_ADMINS = "SELECT count(*) FROM users WHERE role = 'admin' AND is_active AND id <> %s"


class UserExistsError(errors.RefusedError):
    """A user of this name exists already."""


class UnknownUserError(errors.RefusedError):
    """No user has this name."""


class LastAdminError(errors.RefusedError):
    """Nobody could change users any more."""


class User(msgspec.Struct, frozen=True):
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


async def load_by_id(tx: Transaction, user_id: int) -> User | None:
    """Load a user by number."""
    async with tx.cursor(row_factory=class_row(User)) as cursor:
        await cursor.execute(COLUMNS + " WHERE id = %s", (user_id,))
        return await cursor.fetchone()


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


async def save(tx: Transaction, user: User, values: Mapping[str, object]) -> None:
    """Change role, password hash or activity; every token of a login made before is void then.

    Raises LastAdminError where nobody would be left to change users.
    """
    demoted = values.get("role", user.role) != "admin" or not values.get("is_active", True)
    if user.role == "admin" and demoted and not await sql.value(tx, OTHER_ADMINS, (user.id,)):
        raise LastAdminError(
            f"{user.name} is the only administrator.", remedy="Make another one first."
        )
    sets = [
        compose.SQL("{} = {}").format(compose.Identifier(name), compose.Placeholder(name))
        for name in values
    ]
    statement = compose.SQL("UPDATE users SET {}, token_version = token_version + 1 {}").format(
        compose.SQL(", ").join(sets), compose.SQL("WHERE id = %(user_id)s")
    )
    await tx.execute(statement, {**values, "user_id": user.id})
