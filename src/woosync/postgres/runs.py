"""Sync runs: what was started, how far it is, how it ended."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from woosync import errors
from woosync.postgres.engine import Database
from woosync.postgres.tables import sync

RUN_LOCK = 0x52554E


class RunUnderWayError(errors.RefusedError):
    """Another process is doing the same work on this store."""

    exit_code = 75


@contextlib.asynccontextmanager
async def alone(database: Database, store_id: int, store_key: str) -> AsyncIterator[None]:
    """Hold the store's run lock while the block lasts; it goes away with the process.

    Raises RunUnderWayError when another process holds it.
    """
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        got = await connection.scalar(sa.select(sa.func.pg_try_advisory_lock(RUN_LOCK, store_id)))
        if not got:
            raise RunUnderWayError(
                f"A run of the store {store_key} is under way in another process.",
                remedy="Wait for it to end (`woosync runs` shows it), then try again.",
            )
        try:
            yield
        finally:
            with contextlib.suppress(Exception):
                await connection.execute(sa.select(sa.func.pg_advisory_unlock(RUN_LOCK, store_id)))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """What a run sets out to do."""

    direction: str
    mode: str
    entities: Sequence[str]
    options: Mapping[str, object]
    actor: str


async def start(connection: AsyncConnection, store_id: int, run: NewRun) -> int:
    """Save a new run and return its id; runs that a dead process left are marked interrupted.

    The caller holds the store's run lock, so a run still marked running has no process.
    """
    runs = sync.sync_runs
    await connection.execute(
        runs.update()
        .where(runs.c.store_id == store_id, runs.c.state == "running")
        .values(state="interrupted", finished_at=runs.c.heartbeat_at)
    )
    new = runs.insert().values(
        store_id=store_id,
        direction=run.direction,
        mode=run.mode,
        entities=list(run.entities),
        options=dict(run.options),
        actor=run.actor,
    )
    return int((await connection.execute(new.returning(runs.c.id))).scalar_one())


async def save_progress(
    connection: AsyncConnection, run_id: int, progress: Mapping[str, object]
) -> None:
    """Save how far a run is, and that its process lives."""
    runs = sync.sync_runs
    await connection.execute(
        runs.update()
        .where(runs.c.id == run_id)
        .values(progress=dict(progress), heartbeat_at=sa.func.now())
    )


async def finish(
    connection: AsyncConnection,
    run_id: int,
    *,
    state: str,
    counts: Mapping[str, object],
    error: str = "",
) -> None:
    """Save how a run ended."""
    runs = sync.sync_runs
    await connection.execute(
        runs.update()
        .where(runs.c.id == run_id)
        .values(
            state=state,
            counts=dict(counts),
            error=error,
            heartbeat_at=sa.func.now(),
            finished_at=sa.func.now(),
        )
    )


async def load(
    connection: AsyncConnection,
    *,
    store_id: int | None = None,
    run_id: int | None = None,
    limit: int = 20,
) -> list[dict[str, object]]:
    """Load runs, newest first: at `started_at` (UTC), with progress and counts."""
    runs, stores = sync.sync_runs, sync.stores
    query = (
        sa.select(stores.c.key.label("store"), runs)
        .join(stores, stores.c.id == runs.c.store_id)
        .order_by(runs.c.id.desc())
        .limit(limit)
    )
    if store_id is not None:
        query = query.where(runs.c.store_id == store_id)
    if run_id is not None:
        query = query.where(runs.c.id == run_id)
    return [dict(row) for row in (await connection.execute(query)).mappings()]


def seconds_of(run: Mapping[str, object]) -> float | None:
    """Return how long a loaded run took, None while it goes on."""
    started, finished = run["started_at"], run["finished_at"]
    if isinstance(started, datetime) and isinstance(finished, datetime):
        return (finished - started).total_seconds()
    return None
