"""The outbox: what changed here and is to be told to a store, coalesced to one row a record.

Triggers fill it for any writer but the sync itself (`engine.by_sync`); pushing flows empty it. A
row says "look at this record", never what changed: the flow compares it with the base.

Rules: a claim is a lease, so a dead process's rows come back by themselves. A row is deleted only
by `acknowledge`, and only if nothing changed since the claim (`generation`). `release` puts it
back for later; another change makes it available at once.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from woosync.postgres import sql
from woosync.postgres.engine import Transaction

#: The entity of rows that say: the stock that this product shows in the store may be another.
STOCK = "stock"
#: A channel of PostgreSQL; the triggers send `outbox:<store id>`.
CHANNEL = "woosync_wake"

CLAIM = """
UPDATE outbox AS mark SET claimed_until = now() + %(lease)s, attempts = mark.attempts + 1
FROM (
  SELECT store_id, entity, local_id FROM outbox
  WHERE store_id = %(store)s AND entity = ANY(%(entities)s) AND available_at <= now()
    AND (claimed_until IS NULL OR claimed_until < now())
    AND (%(among)s::bigint[] IS NULL OR local_id = ANY(%(among)s::bigint[]))
  ORDER BY available_at, entity, local_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED) AS next
WHERE mark.store_id = next.store_id AND mark.entity = next.entity
  AND mark.local_id = next.local_id
RETURNING mark.store_id, mark.entity, mark.local_id, mark.generation, mark.attempts,
  mark.changed_at
"""
PEEK = """
SELECT store_id, entity, local_id, generation, attempts, changed_at FROM outbox
WHERE store_id = %s AND entity = %s
  AND (%s::bigint[] IS NULL OR local_id = ANY(%s::bigint[]))
ORDER BY available_at, local_id LIMIT %s
"""
LOCK = """
SELECT FROM outbox AS mark
JOIN unnest(%s::bigint[], %s::text[], %s::bigint[]) AS own (store_id, entity, local_id)
  USING (store_id, entity, local_id)
ORDER BY mark.store_id, mark.entity, mark.local_id FOR UPDATE OF mark
"""
ACKNOWLEDGE = """
DELETE FROM outbox AS mark
USING unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[])
  AS own (store_id, entity, local_id, generation)
WHERE mark.store_id = own.store_id AND mark.entity = own.entity
  AND mark.local_id = own.local_id AND mark.generation = own.generation
"""
RELEASE = """
UPDATE outbox AS mark SET claimed_until = NULL,
  available_at = CASE WHEN mark.generation = own.generation THEN now() + %s
    ELSE mark.available_at END,
  last_error = CASE WHEN mark.generation = own.generation THEN %s ELSE mark.last_error END
FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[])
  AS own (store_id, entity, local_id, generation)
WHERE mark.store_id = own.store_id AND mark.entity = own.entity AND mark.local_id = own.local_id
"""
MARK = "SELECT woosync_mark(%s::bigint[], %s::text[], %s::bigint[])"
DEFER = """
INSERT INTO outbox AS mark (store_id, entity, local_id, available_at)
SELECT own.store_id, own.entity, own.local_id, now() + %s
FROM (SELECT %s::bigint, %s::text, unnest(%s::bigint[])) AS own (store_id, entity, local_id)
ON CONFLICT (store_id, entity, local_id) DO UPDATE SET available_at = excluded.available_at
"""
COUNT = """
SELECT entity, count(*), min(changed_at), min(greatest(available_at, claimed_until))
FROM outbox WHERE store_id = %s GROUP BY entity
"""


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A record to look at; `attempts` counts this claim, and begins anew with every change."""

    store_id: int
    entity: str
    local_id: int
    generation: int
    attempts: int
    changed_at: datetime


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """How many records of a kind wait, since when, and when the next one can be claimed."""

    entity: str
    count: int
    since: datetime
    next_at: datetime


async def claim(
    tx: Transaction,
    store_id: int,
    entities: Sequence[str],
    *,
    limit: int,
    lease: timedelta,
    among: Sequence[int] | None = None,
) -> list[Claimed]:
    """Claim up to `limit` records (`among` these local ids) for the length of the lease.

    Two claims never give out the same row at once. Commit before working on them.
    """
    values = {
        "store": store_id,
        "entities": list(entities),
        "limit": limit,
        "lease": lease,
        "among": None if among is None else list(among),
    }
    found = await sql.mappings(tx, CLAIM, values)
    claimed = [Claimed(**row) for row in found]
    return sorted(claimed, key=lambda one: (one.changed_at, one.entity, one.local_id))


async def peek(
    tx: Transaction, store_id: int, entity: str, *, limit: int, among: Sequence[int] | None = None
) -> list[Claimed]:
    """Load what waits, also for later: for a flow that works on it in this very transaction.

    Acknowledge it at the end, after all other locks were taken.
    """
    wanted = None if among is None else list(among)
    found = await sql.mappings(tx, PEEK, (store_id, entity, wanted, wanted, limit))
    return [Claimed(**row) for row in found]


async def acknowledge(tx: Transaction, claimed: Iterable[Claimed]) -> int:
    """Take away what was dealt with; return how many changed meanwhile and are available now."""
    keys = _keys(claimed)
    if not keys[0]:
        return 0
    await tx.execute(LOCK, keys[:3])
    done = (await tx.execute(ACKNOWLEDGE, keys)).rowcount
    if done == len(keys[0]):
        return 0
    return (await tx.execute(RELEASE, (timedelta(), "", *keys))).rowcount


async def release(
    tx: Transaction, claimed: Iterable[Claimed], *, delay: timedelta, error: str
) -> None:
    """Put claimed records back for later, and say why."""
    keys = _keys(claimed)
    await tx.execute(LOCK, keys[:3])
    await tx.execute(RELEASE, (delay, error, *keys))


async def mark(tx: Transaction, store_id: int, entity: str, local_ids: Sequence[int]) -> None:
    """Mark records as to be looked at, for what no trigger sees (a decision, a repair)."""
    if local_ids:
        size = len(local_ids)
        await tx.execute(MARK, ([store_id] * size, [entity] * size, list(local_ids)))


async def defer(
    tx: Transaction, store_id: int, entity: str, local_ids: Sequence[int], *, seconds: float
) -> None:
    """Have records looked at in so many seconds, whether or not they wait already."""
    if local_ids:
        delay = timedelta(seconds=seconds)
        await tx.execute(DEFER, (delay, store_id, entity, sorted(local_ids)))


async def load_waiting(tx: Transaction, store_id: int) -> dict[str, Waiting]:
    """Load what waits for a store, by entity."""
    found = await sql.rows(tx, COUNT, (store_id,))
    return {
        row[0]: Waiting(entity=row[0], count=row[1], since=row[2], next_at=row[3]) for row in found
    }


def _keys(claimed: Iterable[Claimed]) -> tuple[list[int], list[str], list[int], list[int]]:
    rows = list(claimed)
    return (
        [one.store_id for one in rows],
        [one.entity for one in rows],
        [one.local_id for one in rows],
        [one.generation for one in rows],
    )
