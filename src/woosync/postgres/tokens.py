"""Tokens: logins with their rotating refresh tokens, and the service tokens of machines.

Only digests are stored; a token has so many random bits that a plain hash cannot be searched.
"""

import hashlib
import secrets
from datetime import datetime
from typing import Any

import msgspec
from psycopg.rows import class_row

from woosync.postgres import sql
from woosync.postgres.engine import Transaction

SERVICE_PREFIX, REFRESH_PREFIX = "wst_", "wrt_"
RANDOM_BYTES = 32

SESSION = """
SELECT u.id AS user_id, u.name, u.role, %(family)s AS family, NULL::bigint AS store_id
FROM users AS u
WHERE u.id = %(user_id)s AND u.is_active AND u.token_version = %(version)s
  AND EXISTS (SELECT 1 FROM tokens WHERE family = %(family)s AND user_id = u.id
    AND kind = 'refresh' AND revoked_at IS NULL)
"""
SERVICE = """
SELECT u.id AS user_id, u.name, u.role, t.family, t.store_id
FROM tokens AS t JOIN users AS u ON u.id = t.user_id
WHERE t.hash = %s AND t.kind = 'service' AND t.revoked_at IS NULL AND u.is_active
  AND (t.expires_at IS NULL OR t.expires_at > %s)
"""
SAVE = """
INSERT INTO tokens (user_id, kind, family, hash, note, created_at, expires_at, store_id)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
TAKE = """
SELECT t.id, t.user_id, t.family, u.token_version AS version,
  t.used_at IS NOT NULL OR t.revoked_at IS NOT NULL AS is_spent,
  t.expires_at <= %(now)s OR NOT u.is_active AS is_over
FROM tokens AS t JOIN users AS u ON u.id = t.user_id
WHERE t.hash = %(hash)s AND t.kind = 'refresh' FOR UPDATE OF t
"""
USE = "UPDATE tokens SET used_at = %s WHERE id = %s"
REVOKE = "UPDATE tokens SET revoked_at = %s WHERE family = %s AND revoked_at IS NULL"
REVOKE_LOGINS = """
UPDATE tokens SET revoked_at = %s WHERE user_id = %s AND kind = 'refresh' AND revoked_at IS NULL
"""
LIST = """
SELECT t.id, u.name AS user, u.role, t.note, s.key AS store, t.created_at, t.expires_at
FROM tokens AS t JOIN users AS u ON u.id = t.user_id LEFT JOIN stores AS s ON s.id = t.store_id
WHERE t.kind = 'service' AND t.revoked_at IS NULL ORDER BY t.id
"""
REVOKE_SERVICE = """
UPDATE tokens SET revoked_at = %s WHERE id = %s AND kind = 'service' AND revoked_at IS NULL
"""


class Holder(msgspec.Struct, frozen=True):
    """Whose token it is, the login or service token it belongs to, and the one store it may see."""

    user_id: int
    name: str
    role: str
    family: str
    store_id: int | None


class Taken(msgspec.Struct, frozen=True):
    """A refresh token that was handed in: spent before (reuse), over, or good."""

    id: int
    user_id: int
    family: str
    version: int
    is_spent: bool
    is_over: bool


def digest(token: str) -> bytes:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def new_family() -> str:
    """Return the name of a new login or service token."""
    return secrets.token_hex(12)


async def load_session(
    tx: Transaction, *, user_id: int, family: str, version: int
) -> Holder | None:
    """Load the user of a login that is not ended; None when rights have changed since."""
    async with tx.cursor(row_factory=class_row(Holder)) as cursor:
        wanted = {"user_id": user_id, "family": family, "version": version}
        await cursor.execute(SESSION, wanted)
        return await cursor.fetchone()


async def load_service(tx: Transaction, token: str, *, now: datetime) -> Holder | None:
    """Load the user of a service token that is valid now."""
    async with tx.cursor(row_factory=class_row(Holder)) as cursor:
        await cursor.execute(SERVICE, (digest(token), now))
        return await cursor.fetchone()


async def save_refresh(
    tx: Transaction, user_id: int, *, family: str, expires_at: datetime, now: datetime
) -> str:
    """Save a new refresh token of a login and return it, this once."""
    token = REFRESH_PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    values = (user_id, "refresh", family, digest(token), "", now, expires_at, None)
    await tx.execute(SAVE, values)
    return token


class NewService(msgspec.Struct, frozen=True, kw_only=True):
    """A service token to be: what it is for, until when, and of which one store, if of one."""

    note: str = ""
    expires_at: datetime | None = None
    store_id: int | None = None


async def save_service(tx: Transaction, user_id: int, new: NewService, *, now: datetime) -> str:
    """Save a new service token and return it, this once."""
    token = SERVICE_PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    head = (user_id, "service", new_family(), digest(token))
    await tx.execute(SAVE, (*head, new.note, now, new.expires_at, new.store_id))
    return token


async def take_refresh(tx: Transaction, token: str, *, now: datetime) -> Taken | None:
    """Load and lock a refresh token, so that of two requests with it one comes first."""
    async with tx.cursor(row_factory=class_row(Taken)) as cursor:
        await cursor.execute(TAKE, {"hash": digest(token), "now": now})
        return await cursor.fetchone()


async def save_used(tx: Transaction, token_id: int, *, now: datetime) -> None:
    """Note that a refresh token has been exchanged for the next one."""
    await tx.execute(USE, (now, token_id))


async def revoke(tx: Transaction, family: str, *, now: datetime) -> None:
    """End a login with everything that came of it."""
    await tx.execute(REVOKE, (now, family))


async def revoke_logins(tx: Transaction, user_id: int, *, now: datetime) -> None:
    """End all logins of a user."""
    await tx.execute(REVOKE_LOGINS, (now, user_id))


async def load_services(tx: Transaction) -> list[dict[str, Any]]:
    """Load the service tokens that are not revoked, without what they are."""
    return await sql.mappings(tx, LIST)


async def revoke_service(tx: Transaction, token_id: int, *, now: datetime) -> bool:
    """Revoke a service token; False where there is none of this number."""
    return bool((await tx.execute(REVOKE_SERVICE, (now, token_id))).rowcount)
