"""Conflicts as data: every field both sides changed, how it was decided, what was given up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

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
COUNT_OPEN = "SELECT count(*) FROM conflicts WHERE store_id = %s AND state = 'open'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
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


async def count_open(tx: Transaction, store_id: int) -> int:
    """Count the conflicts that wait for a person."""
    return int(await sql.value(tx, COUNT_OPEN, (store_id,)))
