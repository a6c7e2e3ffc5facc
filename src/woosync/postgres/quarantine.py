"""Records that could not be processed: the reason, the remedy and a sample of the raw bytes."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from woosync.postgres.tables import sync

SAMPLE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A bad record; `record` names it as well as it could be read."""

    entity: str
    record: str
    reason: str
    remedy: str
    sample: bytes


async def save(
    connection: AsyncConnection, store_id: int, entries: Sequence[Entry], *, run_id: int | None
) -> None:
    """Save bad records, counting how often each was met."""
    for entry in entries:
        new = postgresql.insert(sync.quarantine).values(
            store_id=store_id,
            entity=entry.entity,
            record=entry.record,
            reason=entry.reason,
            remedy=entry.remedy,
            sample=entry.sample[:SAMPLE],
            times=1,
            run_id=run_id,
        )
        await connection.execute(
            new.on_conflict_do_update(
                index_elements=["store_id", "entity", "record"],
                set_={
                    "reason": new.excluded.reason,
                    "remedy": new.excluded.remedy,
                    "sample": new.excluded.sample,
                    "run_id": new.excluded.run_id,
                    "times": sync.quarantine.c.times + 1,
                    "last_at": sa.func.now(),
                },
            )
        )


async def release(
    connection: AsyncConnection, store_id: int, entity: str, records: Sequence[str]
) -> None:
    """Forget entries whose records have since been read well."""
    table = sync.quarantine
    await connection.execute(
        table.delete().where(
            table.c.store_id == store_id, table.c.entity == entity, table.c.record.in_(records)
        )
    )


async def load_names(connection: AsyncConnection, store_id: int) -> frozenset[tuple[str, str]]:
    """Load (entity, record) of everything in quarantine."""
    table = sync.quarantine.c
    found = await connection.execute(
        sa.select(table.entity, table.record).where(table.store_id == store_id)
    )
    return frozenset((row[0], row[1]) for row in found)


async def load(
    connection: AsyncConnection, store_id: int | None, *, limit: int = 100
) -> list[dict[str, object]]:
    """Load quarantined records, the latest first."""
    table = sync.quarantine
    query = sa.select(table).order_by(table.c.last_at.desc()).limit(limit)
    if store_id is not None:
        query = query.where(table.c.store_id == store_id)
    return [dict(row) for row in (await connection.execute(query)).mappings()]
