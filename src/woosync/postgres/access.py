"""What guards logins and repeated requests: failures counted by name, replies kept by key."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from woosync.postgres import sql
from woosync.postgres.engine import Transaction

# Counted before the password is looked at, so that parallel tries do not slip through together.
# Whoever is blocked is not counted: the time to wait does not grow by waiting impatiently.
COUNT = """
INSERT INTO login_failures AS known (name, failures, last_at) VALUES (%(name)s, 1, %(now)s)
ON CONFLICT (name) DO UPDATE SET last_at = excluded.last_at,
  failures = CASE WHEN known.last_at < %(now)s - interval '15 minutes' THEN 1
    ELSE known.failures + 1 END,
  blocked_until = CASE WHEN known.last_at >= %(now)s - interval '15 minutes'
      AND known.failures + 1 >= %(free)s
    THEN %(now)s + interval '1 second' * least(%(most)s,
      power(2, least(known.failures + 1 - %(free)s, 20))) END
WHERE known.blocked_until IS NULL OR known.blocked_until <= %(now)s
RETURNING failures
"""
BLOCKED = "SELECT blocked_until FROM login_failures WHERE name = %s"
FORGIVE = """
UPDATE login_failures SET failures = greatest(failures - 1, 0), blocked_until = NULL
WHERE name = ANY(%s)
"""
CLAIM = """
INSERT INTO idempotent_replies AS known (caller, key, request_hash) VALUES (%s, %s, %s)
ON CONFLICT (caller, key) DO UPDATE SET begun_at = now()
WHERE known.status IS NULL AND known.begun_at < now() - interval '10 minutes'
  AND known.request_hash = excluded.request_hash
RETURNING key
"""
REPLY = """
SELECT request_hash, status, headers, body FROM idempotent_replies WHERE caller = %s AND key = %s
"""
KEEP = """
UPDATE idempotent_replies SET status = %s, headers = %s, body = %s WHERE caller = %s AND key = %s
"""
DROP = "DELETE FROM idempotent_replies WHERE caller = %s AND key = %s AND status IS NULL"
FORGET = (
    "DELETE FROM login_failures WHERE last_at < now() - interval '1 day'",
    "DELETE FROM idempotent_replies WHERE begun_at < now() - interval '1 day'",
    "DELETE FROM tokens WHERE expires_at < now() - interval '30 days'",
)


class Counter(msgspec.Struct, frozen=True):
    """A name under which failures count: so many are free, then waits double up to `most` s."""

    name: str
    free: int
    most: int


class Reply(msgspec.Struct, frozen=True):
    """What was answered to the first request of a key; no status while that is under way."""

    request_hash: bytes
    status: int | None
    headers: Mapping[str, str]
    body: bytes | None


async def count_try(
    tx: Transaction, counters: Sequence[Counter], *, now: datetime
) -> datetime | None:
    """Count a try under every name; return until when it is refused, None where it is not."""
    refused: list[datetime] = []
    for one in counters:
        given = {"name": one.name, "now": now, "free": one.free, "most": one.most}
        if await sql.value(tx, COUNT, given) is None:
            refused.append(await sql.value(tx, BLOCKED, (one.name,)) or now)
    return max(refused, default=None)


async def forgive(tx: Transaction, counters: Sequence[Counter]) -> None:
    """Take a try back that was right after all."""
    await tx.execute(FORGIVE, ([one.name for one in counters],))


async def claim(tx: Transaction, caller: str, key: str, request_hash: bytes) -> bool:
    """Take a key for a request; False where it is taken."""
    return await sql.value(tx, CLAIM, (caller, key, request_hash)) is not None


async def load_reply(tx: Transaction, caller: str, key: str) -> Reply | None:
    """Load what is kept under a key."""
    async with tx.cursor(row_factory=class_row(Reply)) as cursor:
        await cursor.execute(REPLY, (caller, key))
        return await cursor.fetchone()


async def keep_reply(tx: Transaction, caller: str, key: str, reply: Reply) -> None:
    """Keep the answer to a key's first request."""
    values = (reply.status, Jsonb(dict(reply.headers)), reply.body, caller, key)
    await tx.execute(KEEP, values)


async def drop_claim(tx: Transaction, caller: str, key: str) -> None:
    """Give a key free whose request was refused."""
    await tx.execute(DROP, (caller, key))


async def forget_old(tx: Transaction) -> None:
    """Delete failures, kept replies and tokens that have had their time."""
    for statement in FORGET:
        await tx.execute(statement)
