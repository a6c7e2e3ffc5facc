"""The inbox of webhook deliveries: kept raw, claimed by store, handled, set aside or replayed."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import LiteralString

import msgspec
from psycopg.rows import class_row

from woosync.postgres import sql
from woosync.postgres.engine import Database, Transaction

APPLY_LOCK = 0x494E42
WAITING, HANDLED, IGNORED, PARKED = "waiting", "handled", "ignored", "parked"

# Arrays go as one statement, one round trip and one commit, however many came together.
SAVE_NEW: LiteralString = """
INSERT INTO webhook_deliveries
  (store_id, topic, webhook_id, delivery_id, body, body_hash, source_address, state, cause)
SELECT * FROM unnest(%b::bigint[], %b::text[], %b::bigint[], %b::text[], %b::bytea[], %b::bytea[],
  %b::text[], %b::text[], %b::text[])
"""
# What is claimed is out of sight of other workers until the lease ends, also if this one dies.
CLAIM = """
UPDATE webhook_deliveries AS own SET attempts = own.attempts + 1,
  available_at = %(now)s + %(lease)s * interval '1 second'
FROM (SELECT id FROM webhook_deliveries
  WHERE store_id = %(store)s AND state = 'waiting' AND available_at <= %(now)s
  ORDER BY available_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED) AS due
WHERE own.store_id = %(store)s AND own.id = due.id
RETURNING own.id, own.topic, own.body, own.received_at, own.attempts
"""
# A body that came before is a repeat; bodies of deletions hold an id alone and always look alike.
CLOSE = """
UPDATE webhook_deliveries AS own SET state = done.state, cause = done.cause, handled_at = %(now)s,
  repeated = own.topic NOT LIKE '%%.deleted' AND EXISTS (
    SELECT 1 FROM webhook_deliveries AS known WHERE known.store_id = %(store)s
    AND known.body_hash = own.body_hash AND known.topic = own.topic AND known.id < own.id
    AND known.received_at > own.received_at - %(window)s * interval '1 second')
FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(causes)s::text[]) AS done (id, state, cause)
WHERE own.store_id = %(store)s AND own.id = done.id AND own.state = 'waiting'
"""
PUT_BACK = """
UPDATE webhook_deliveries SET available_at = %(at)s, cause = %(cause)s,
  attempts = attempts - %(uncounted)s
WHERE store_id = %(store)s AND id = ANY(%(ids)s::bigint[]) AND state = 'waiting'
"""
REPLAY = """
UPDATE webhook_deliveries SET state = 'waiting', attempts = 0, available_at = now(), cause = '',
  handled_at = NULL
WHERE store_id = %(store)s AND CASE WHEN %(ids)s::bigint[] IS NULL THEN state = 'parked'
  ELSE id = ANY(%(ids)s::bigint[]) AND state <> 'waiting' END
"""
WAKE = "SELECT pg_notify('woosync_wake', 'inbox:' || %s::bigint)"
IS_WAITING = """
SELECT EXISTS (SELECT 1 FROM webhook_deliveries
  WHERE store_id = %s AND state = 'waiting' AND available_at <= %s)
"""
FATE = """
SELECT state, cause FROM webhook_deliveries WHERE store_id = %s AND id = %s
"""
LIST = """
SELECT store.key AS store, own.id, own.topic, own.state, own.repeated, own.attempts, own.cause,
  own.source_address, own.received_at, own.handled_at
FROM webhook_deliveries AS own JOIN stores AS store ON store.id = own.store_id
"""
COUNTS = """
SELECT topic, count(*) AS received, max(received_at) AS last_at,
  count(*) FILTER (WHERE state = 'waiting') AS waiting,
  count(*) FILTER (WHERE state = 'handled') AS handled,
  count(*) FILTER (WHERE state = 'ignored') AS ignored,
  count(*) FILTER (WHERE state = 'parked') AS parked,
  count(*) FILTER (WHERE repeated) AS repeated
FROM webhook_deliveries WHERE store_id = %s AND received_at > %s GROUP BY topic ORDER BY topic
"""
REMOVE_OLD = """
DELETE FROM webhook_deliveries WHERE received_at < %s AND state IN ('handled', 'ignored')
"""


class NewDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """A verified delivery as it came; `state` is waiting, or ignored with its cause."""

    store_id: int
    topic: str
    webhook_id: int | None
    delivery_id: str
    body: bytes
    body_hash: bytes
    source_address: str
    state: str = WAITING
    cause: str = ""


class Delivery(msgspec.Struct, frozen=True):
    """A claimed delivery."""

    id: int
    topic: str
    body: bytes
    received_at: datetime
    attempts: int


@contextlib.asynccontextmanager
async def alone(database: Database, store_id: int) -> AsyncIterator[bool]:
    """Hold the store's inbox while the block lasts; yields False when another process does."""
    async with database.session() as connection:
        locked = "SELECT pg_try_advisory_lock(%s, %s)"
        yield bool(await sql.value(connection, locked, (APPLY_LOCK, store_id)))


async def save_new(tx: Transaction, arrived: Sequence[NewDelivery]) -> None:
    """Insert deliveries in one statement, in the order of their arrival."""
    await tx.execute(
        SAVE_NEW,
        (
            [one.store_id for one in arrived],
            [one.topic for one in arrived],
            [one.webhook_id for one in arrived],
            [one.delivery_id for one in arrived],
            [one.body for one in arrived],
            [one.body_hash for one in arrived],
            [one.source_address for one in arrived],
            [one.state for one in arrived],
            [one.cause for one in arrived],
        ),
    )


async def save_one(tx: Transaction, one: NewDelivery) -> int:
    """Insert a delivery and return its id."""
    await save_new(tx, [one])
    return int(await sql.value(tx, "SELECT currval('webhook_deliveries_id_seq')"))


async def load_fate(tx: Transaction, store_id: int, delivery_id: int) -> tuple[str, str]:
    """Load state and cause of a delivery."""
    state, cause = (await sql.rows(tx, FATE, (store_id, delivery_id)))[0]
    return state, cause


async def claim(
    tx: Transaction, store_id: int, *, now: datetime, lease: float, limit: int
) -> list[Delivery]:
    """Claim waiting deliveries of a store for `lease` seconds, oldest first."""
    values = {"store": store_id, "now": now, "lease": lease, "limit": limit}
    async with tx.cursor(row_factory=class_row(Delivery)) as cursor:
        await cursor.execute(CLAIM, values)
        return sorted(await cursor.fetchall(), key=lambda one: one.id)


async def close(
    tx: Transaction,
    store_id: int,
    outcomes: Mapping[int, tuple[str, str]],
    *,
    now: datetime,
    window: float,
) -> None:
    """Save what became of deliveries: id to (state, cause).

    Those whose body came before within `window` seconds are marked as repeats.
    """
    ids, states, causes = [], [], []
    for delivery_id, (state, cause) in outcomes.items():
        ids.append(delivery_id)
        states.append(state)
        causes.append(cause)
    values = {"store": store_id, "now": now, "window": window}
    if ids:
        await tx.execute(CLOSE, values | {"ids": ids, "states": states, "causes": causes})


async def put_back(
    tx: Transaction,
    store_id: int,
    ids: Sequence[int],
    *,
    at: datetime,
    cause: str,
    counted: bool = True,
) -> None:
    """Let deliveries wait again until `at`; `counted=False` takes the attempt back."""
    values = {"store": store_id, "ids": list(ids), "at": at, "cause": cause}
    await tx.execute(PUT_BACK, values | {"uncounted": 0 if counted else 1})


async def replay(tx: Transaction, store_id: int, ids: Sequence[int] | None) -> int:
    """Let deliveries be applied once more, all parked ones without `ids`; return how many."""
    wanted = None if ids is None else list(ids)
    changed = (await tx.execute(REPLAY, {"store": store_id, "ids": wanted})).rowcount
    if changed:
        await wake(tx, store_id)
    return changed


async def wake(tx: Transaction, store_id: int) -> None:
    """Tell the workers that deliveries of a store wait, when the transaction commits."""
    await tx.execute(WAKE, (store_id,))


async def is_waiting(tx: Transaction, store_id: int, *, now: datetime) -> bool:
    """Tell whether a delivery of the store can be claimed."""
    return bool(await sql.value(tx, IS_WAITING, (store_id, now)))


async def load(
    tx: Transaction, store_id: int | None, *, state: str | None = None, limit: int = 100
) -> list[dict[str, object]]:
    """Load deliveries without their bodies, newest first."""
    wanted = {"own.store_id": store_id, "own.state": state}
    return await sql.filtered(tx, LIST, wanted, "ORDER BY own.id DESC", limit=limit)


async def load_counts(
    tx: Transaction, store_id: int, *, since: datetime
) -> list[dict[str, object]]:
    """Count what came since, by topic and fate, with the time of the last delivery."""
    return await sql.mappings(tx, COUNTS, (store_id, since))


async def remove_old(tx: Transaction, *, before: datetime) -> int:
    """Delete settled deliveries that came before; parked ones stay until somebody decides."""
    return (await tx.execute(REMOVE_OLD, (before,))).rowcount
