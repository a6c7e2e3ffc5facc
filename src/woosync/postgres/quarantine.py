"""Records that could not be processed: the reason, the remedy and a sample of the raw bytes."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from woosync.postgres import sql
from woosync.postgres.engine import Transaction

SAMPLE = 4096

SAVE = """
INSERT INTO quarantine AS known (store_id, entity, record, reason, remedy, sample, times, run_id)
VALUES (%s, %s, %s, %s, %s, %s, 1, %s)
ON CONFLICT (store_id, entity, record) DO UPDATE SET
  reason = excluded.reason, remedy = excluded.remedy, sample = excluded.sample,
  run_id = excluded.run_id, times = known.times + 1, last_at = now()
"""
RELEASE = "DELETE FROM quarantine WHERE store_id = %s AND entity = %s AND record = ANY(%s::text[])"
RELEASE_UNMET = """
DELETE FROM quarantine WHERE store_id = %s AND entity = %s AND run_id IS DISTINCT FROM %s
"""
LOAD_WAITING = """
SELECT entity, array_agg(record::bigint ORDER BY record::bigint) FROM quarantine
WHERE store_id = %s AND last_at < %s AND record ~ '^[0-9]{1,18}$' GROUP BY entity
"""
LOAD_NAMES = "SELECT entity, record FROM quarantine WHERE store_id = %s"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A bad record; `record` names it as well as it could be read."""

    entity: str
    record: str
    reason: str
    remedy: str
    sample: bytes


async def save(
    tx: Transaction, store_id: int, entries: Sequence[Entry], *, run_id: int | None
) -> None:
    """Save bad records, counting how often each was met."""
    async with tx.cursor() as cursor:
        await cursor.executemany(
            SAVE,
            [
                (store_id, e.entity, e.record, e.reason, e.remedy, e.sample[:SAMPLE], run_id)
                for e in entries
            ],
        )


async def release(tx: Transaction, store_id: int, entity: str, records: Sequence[str]) -> None:
    """Forget entries whose records have since been read well."""
    await tx.execute(RELEASE, (store_id, entity, list(records)))


async def release_unmet(tx: Transaction, store_id: int, entity: str, run_id: int | None) -> None:
    """Forget entries that a run which looked at everything did not meet again."""
    await tx.execute(RELEASE_UNMET, (store_id, entity, run_id))


async def load_waiting(tx: Transaction, store_id: int, *, before: datetime) -> dict[str, list[int]]:
    """Load the store ids of bad records that were last met before then, by entity."""
    return dict(await sql.rows(tx, LOAD_WAITING, (store_id, before)))


async def load_names(tx: Transaction, store_id: int) -> frozenset[tuple[str, str]]:
    """Load (entity, record) of everything in quarantine."""
    return frozenset(await sql.rows(tx, LOAD_NAMES, (store_id,)))


async def load(
    tx: Transaction, store_id: int | None, *, limit: int = 100
) -> list[dict[str, object]]:
    """Load quarantined records, the latest first."""
    return await sql.filtered(
        tx,
        "SELECT * FROM quarantine",
        {"store_id": store_id},
        "ORDER BY last_at DESC",
        limit=limit,
    )
