"""Conflicts as data: every field both sides changed, how it was decided, what was given up."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

import msgspec
from psycopg import sql as compose
from psycopg.types.json import Jsonb

from woosync.domain import ids
from woosync.postgres import sql
from woosync.postgres.engine import Transaction

SAVE = """
INSERT INTO conflicts (store_id, run_id, entity, woo_id, local_id, field, base, ours, theirs,
  ours_at, theirs_at, policy, decision, suggestion, reason, state)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (store_id, entity, local_id, field) WHERE state = 'open' DO UPDATE SET
  ours = excluded.ours, theirs = excluded.theirs, ours_at = excluded.ours_at,
  theirs_at = excluded.theirs_at, suggestion = excluded.suggestion, reason = excluded.reason,
  run_id = excluded.run_id, updated_at = now()
"""
LOAD_OPEN = """
SELECT id, local_id, woo_id, field FROM conflicts
WHERE store_id = %s AND entity = %s AND local_id = ANY(%s::bigint[]) AND state = 'open'
"""
LOAD_EDITED = """
SELECT found.id, found.local_id, found.woo_id, found.field FROM conflicts AS found
CROSS JOIN LATERAL (
  SELECT FROM {} WHERE id = found.local_id AND edited_at > found.updated_at OFFSET 0) AS edited
WHERE found.store_id = %s AND found.entity = %s AND found.state = 'open'
ORDER BY found.id LIMIT 1000
"""
SAVE_AGREED = """
UPDATE conflicts SET state = 'resolved', resolved_by = 'agreement', resolution = %s,
  resolved_at = now(), updated_at = now()
WHERE id = %s AND state = 'open'
"""
SAVE_OURS = "UPDATE conflicts SET ours = %s, updated_at = now() WHERE id = %s AND state = 'open'"
TABLES = {
    ids.Entity.PRODUCT: "products",
    ids.Entity.VARIATION: "products",
    ids.Entity.CUSTOMER: "customers",
    ids.Entity.ORDER: "purchase_orders",
    ids.Entity.REFUND: "purchase_order_refunds",
}


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """One field of one record; values are JSON values."""

    entity: str
    woo_id: int
    local_id: int
    field: str
    base: object
    ours: object
    theirs: object
    ours_at: datetime | None
    theirs_at: datetime | None
    policy: str
    decision: str
    suggestion: str
    reason: str
    open: bool


async def save(
    tx: Transaction, store_id: int, found: Sequence[Conflict], *, run_id: int | None
) -> None:
    """Save conflicts; one that is still open on the same field is brought up to date."""
    rows = [
        (
            store_id,
            run_id,
            c.entity,
            c.woo_id,
            c.local_id,
            c.field,
            Jsonb(c.base),
            Jsonb(c.ours),
            Jsonb(c.theirs),
            c.ours_at,
            c.theirs_at,
            c.policy,
            c.decision,
            c.suggestion,
            c.reason,
            "open" if c.open else "decided",
        )
        for c in found
    ]
    if rows:
        async with tx.cursor() as cursor:
            await cursor.executemany(SAVE, rows)


async def load(
    tx: Transaction,
    store_id: int | None,
    *,
    state: str | None = None,
    entity: str | None = None,
    limit: int = 100,
) -> list[dict[str, object]]:
    """Load conflicts, newest first."""
    return await sql.filtered(
        tx,
        "SELECT * FROM conflicts",
        {"store_id": store_id, "state": state, "entity": entity},
        "ORDER BY created_at DESC, id DESC",
        limit=limit,
    )


class Waiting(msgspec.Struct, frozen=True):
    """An open conflict: of which record and field."""

    id: int
    local_id: int
    woo_id: int
    field: str


class Agreed(msgspec.Struct, frozen=True):
    """What stands in the field of a conflict now, as a JSON value."""

    id: int
    value: object


async def load_open(
    tx: Transaction, store_id: int, entity: ids.Entity, local_ids: Sequence[int]
) -> list[Waiting]:
    """Load the open conflicts of some records."""
    found = await sql.rows(tx, LOAD_OPEN, (store_id, entity.value, list(local_ids)))
    return [Waiting(*row) for row in found]


async def load_edited(tx: Transaction, store_id: int, entity: ids.Entity) -> list[Waiting]:
    """Load open conflicts of records that were edited here after the conflict was last saved."""
    statement = compose.SQL(LOAD_EDITED).format(compose.Identifier(TABLES[entity]))
    found = await (await tx.execute(statement, (store_id, entity.value))).fetchall()
    return [Waiting(*row) for row in found]


async def save_agreed(tx: Transaction, agreed: Sequence[Agreed]) -> None:
    """Close conflicts because both sides now hold the same."""
    await _save_each(tx, SAVE_AGREED, agreed)


async def save_ours(tx: Transaction, renewed: Sequence[Agreed]) -> None:
    """Save our value of open conflicts, which somebody has edited."""
    await _save_each(tx, SAVE_OURS, renewed)


async def _save_each(tx: Transaction, statement: LiteralString, values: Sequence[Agreed]) -> None:
    if values:
        async with tx.cursor() as cursor:
            await cursor.executemany(statement, [(Jsonb(one.value), one.id) for one in values])
