"""Conflicts as data: every field both sides changed, how it was decided, what was given up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from woosync.postgres.tables import sync


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
    connection: AsyncConnection, store_id: int, found: Sequence[Conflict], *, run_id: int | None
) -> None:
    """Save conflicts; one that is still open on the same field is brought up to date."""
    table = sync.conflicts
    for conflict in found:
        new = postgresql.insert(table).values(
            store_id=store_id,
            run_id=run_id,
            entity=conflict.entity,
            woo_id=conflict.woo_id,
            local_id=conflict.local_id,
            field=conflict.field,
            base=conflict.base,
            ours=conflict.ours,
            theirs=conflict.theirs,
            ours_at=conflict.ours_at,
            theirs_at=conflict.theirs_at,
            policy=conflict.policy,
            decision=conflict.decision,
            suggestion=conflict.suggestion,
            reason=conflict.reason,
            state="open" if conflict.open else "decided",
        )
        renewed = ("ours", "theirs", "ours_at", "theirs_at", "suggestion", "reason", "run_id")
        await connection.execute(
            new.on_conflict_do_update(
                index_elements=["store_id", "entity", "local_id", "field"],
                index_where=table.c.state == "open",
                set_={
                    **{column: new.excluded[column] for column in renewed},
                    "updated_at": sa.func.now(),
                },
            )
        )


async def load(
    connection: AsyncConnection,
    store_id: int | None,
    *,
    state: str | None = None,
    entity: str | None = None,
    limit: int = 100,
) -> list[dict[str, object]]:
    """Load conflicts, newest first."""
    table = sync.conflicts
    query = sa.select(table).order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
    wanted = {"store_id": store_id, "state": state, "entity": entity}
    for column, value in wanted.items():
        if value is not None:
            query = query.where(table.c[column] == value)
    return [dict(row) for row in (await connection.execute(query)).mappings()]


async def count_open(connection: AsyncConnection, store_id: int) -> int:
    """Count the conflicts that wait for a person."""
    table = sync.conflicts.c
    return int(
        await connection.scalar(
            sa.select(sa.func.count()).where(table.store_id == store_id, table.state == "open")
        )
        or 0
    )
