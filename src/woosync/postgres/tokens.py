"""Tokens: logins with their rotating refresh tokens, and the service tokens of machines.

Only digests are stored; a token has so many random bits that a plain hash cannot be searched.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from woosync.postgres.engine import Transaction

SERVICE_PREFIX, REFRESH_PREFIX = "wst_", "wrt_"
RANDOM_BYTES = 32

SESSION = """
SELECT u.id AS user_id, u.name, u.role, %(family)s AS family FROM users AS u
WHERE u.id = %(user_id)s AND u.is_active AND u.token_version = %(version)s
  AND EXISTS (SELECT 1 FROM tokens WHERE family = %(family)s AND user_id = u.id
    AND kind = 'refresh' AND revoked_at IS NULL)
"""
SERVICE = """
SELECT u.id AS user_id, u.name, u.role, t.family
FROM tokens AS t JOIN users AS u ON u.id = t.user_id
WHERE t.hash = %s AND t.kind = 'service' AND t.revoked_at IS NULL AND u.is_active
  AND (t.expires_at IS NULL OR t.expires_at > %s)
"""
SAVE = """
INSERT INTO tokens (user_id, kind, family, hash, note, created_at, expires_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose token it is, and the family (login or service token) it belongs to."""

    user_id: int
    name: str
    role: str
    family: str


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


async def save_new(
    tx: Transaction,
    user_id: int,
    *,
    family: str,
    expires_at: datetime | None,
    now: datetime,
    note: str | None = None,
) -> str:
    """Save a new token and return it, this once; with a note it is a service token."""
    kind, prefix = ("refresh", REFRESH_PREFIX) if note is None else ("service", SERVICE_PREFIX)
    token = prefix + secrets.token_urlsafe(RANDOM_BYTES)
    values = (user_id, kind, family, digest(token), note or "", now, expires_at)
    await tx.execute(SAVE, values)
    return token
