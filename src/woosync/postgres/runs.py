"""Sync runs: what was started, how far it is, how it ended."""

import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from woosync import errors
from woosync.postgres import engine, locks, sql
from woosync.postgres.engine import Database, Transaction

#: The mode of a row that gathers the pushes that nobody asked for.
AUTOMATIC = "automatic"
#: So long such a row, and whatever else comes again and again unasked, is gone on with.
SHARED = timedelta(hours=1)

INTERRUPT = """
UPDATE sync_runs SET state = 'interrupted', finished_at = heartbeat_at
WHERE store_id = %s AND direction = %s AND state = 'running' AND work = ''
"""
REQUEST = """
INSERT INTO sync_runs (store_id, direction, mode, entities, options, actor, work, state)
VALUES (%s, %s, %s, %s, %s, %s, %s, 'queued')
ON CONFLICT (store_id, work) WHERE work <> '' AND state IN ('queued', 'running') DO NOTHING
RETURNING id
"""
UNDER_WAY = """
SELECT id FROM sync_runs WHERE store_id = %s AND work = %s AND state IN ('queued', 'running')
"""
BEGIN = """
UPDATE sync_runs SET state = 'running', error = '', finished_at = NULL, heartbeat_at = now(),
  started_at = CASE WHEN state = 'queued' AND error = '' THEN now() ELSE started_at END
WHERE id = %s
"""
REQUEUE = """
UPDATE sync_runs SET state = 'queued', error = %s, finished_at = NULL WHERE id = %s
"""
# The row waits for transactions that `hold` the store, and they for it.
TAKE = """
INSERT INTO cursors (store_id, entity, position)
VALUES (%s, %s, jsonb_build_object('holder', gen_random_uuid()))
ON CONFLICT (store_id, entity) DO UPDATE SET position = excluded.position, updated_at = now()
RETURNING position->>'holder'
"""
HOLD = f"""
SELECT position->>'holder', {engine.RELAXING} FROM cursors
WHERE store_id = %s AND entity = %s FOR SHARE
"""  # noqa: S608 - both parts are ours
START = """
INSERT INTO sync_runs (store_id, direction, mode, entities, options, actor)
VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
"""
REOPEN = """
UPDATE sync_runs SET state = 'running', error = '', finished_at = NULL, heartbeat_at = now()
WHERE id = (SELECT id FROM sync_runs
  WHERE store_id = %s AND direction = %s AND mode = %s AND work = '' AND started_at > %s
    AND state IN ('completed', 'partial', 'failed')
  ORDER BY id DESC LIMIT 1)
RETURNING id, counts
"""
SAVE_PROGRESS = """
UPDATE sync_runs SET progress = %s, mode = coalesce(%s, mode), heartbeat_at = now()
WHERE id = %s AND state = 'running'
"""
FINISH = """
UPDATE sync_runs SET state = %s, counts = %s, error = %s, heartbeat_at = now(), finished_at = now()
WHERE id = %s AND state IN ('queued', 'running')
"""
UNANSWERED = """
SELECT error FROM sync_runs AS asked
WHERE store_id = %(store)s AND direction = %(direction)s AND mode = %(mode)s
  AND finished_at > now() - make_interval(secs => %(seconds)s)
  AND NOT EXISTS (SELECT 1 FROM sync_runs AS answer WHERE answer.store_id = asked.store_id
    AND answer.direction = asked.direction AND answer.mode = %(answer)s
    AND (answer.started_at > asked.finished_at OR answer.state IN ('queued', 'running')))
ORDER BY id DESC LIMIT 1
"""
IS_UNDER_WAY = """
SELECT EXISTS (SELECT 1 FROM sync_runs WHERE store_id = %s AND direction = %s AND mode = %s
  AND state IN ('queued', 'running'))
"""
LAST = """
SELECT store_id, direction, mode, max(started_at) FROM sync_runs
GROUP BY store_id, direction, mode
"""
# A run holds its lock from before its row is made until after that is closed. What the worker was
# asked for has another look at who is alive.
IS_LEFT = f"""
run.state = 'running' AND run.work = '' AND run.direction IN ('pull', 'push')
AND NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid = CASE run.direction WHEN 'pull' THEN {locks.PULL} ELSE {locks.PUSH} END
  AND objid = run.store_id)
"""  # noqa: S608 - numbers of ours
SELECT = f"""
SELECT store.key AS store, run.*, {IS_LEFT} AS is_left FROM sync_runs AS run JOIN stores AS store
  ON store.id = run.store_id
"""  # noqa: S608 - as above


class RunUnderWayError(errors.RefusedError):
    """Another process is doing the same work on this store."""

    exit_code = 75


class RunLostError(errors.TemporaryError):
    """Another run of the store began because this one had lost its lock."""

    exit_code = 75


def alone(
    database: Database, store_id: int, store_key: str
) -> contextlib.AbstractAsyncContextManager[None]:
    """Hold the store's run lock while the block lasts; raises RunUnderWayError."""
    busy = RunUnderWayError(
        f"A run of the store {store_key} is under way in another process.",
        remedy="Wait for it to end (`woosync runs` shows it), then try again.",
    )
    return locks.alone(database, locks.PULL, store_id, busy)


class NewRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a run sets out to do."""

    direction: str
    mode: str
    entities: Sequence[str]
    options: Mapping[str, object]
    actor: str


async def start(tx: Transaction, store_id: int, run: NewRun) -> int:
    """Save a new run and return its id; those that a dead process left are marked interrupted.

    The caller holds the store's lock for the direction: one still marked running has no process.
    """
    await tx.execute(INTERRUPT, (store_id, run.direction))
    values = (
        store_id,
        run.direction,
        run.mode,
        Jsonb(list(run.entities)),
        Jsonb(dict(run.options)),
        run.actor,
    )
    return int(await sql.value(tx, START, values))


async def start_or_go_on(
    tx: Transaction, store_id: int, run: NewRun, *, now: datetime
) -> tuple[int, dict[str, Any]]:
    """Go on with the last run of this mode if it began less than `SHARED` ago, else `start` one.

    Returns its id and the counts that it has already.
    """
    await tx.execute(INTERRUPT, (store_id, run.direction))
    found = await sql.rows(tx, REOPEN, (store_id, run.direction, run.mode, now - SHARED))
    if found:
        return int(found[0][0]), dict(found[0][1])
    return await start(tx, store_id, run), {}


async def request(tx: Transaction, store_id: int, run: NewRun, *, work: str) -> tuple[int, bool]:
    """Save a run that waits for a worker; return its id and whether it is new.

    While a run of the same work waits or runs there is no second one: its id is returned.
    """
    what = (store_id, run.direction, run.mode, Jsonb(list(run.entities)))
    values = (*what, Jsonb(dict(run.options)), run.actor, work)
    while True:
        made = await sql.value(tx, REQUEST, values)
        if made is not None:
            return int(made), True
        known = await sql.value(tx, UNDER_WAY, (store_id, work))
        if known is not None:  # else it ended in between
            return int(known), False


async def begin(tx: Transaction, run_id: int) -> None:
    """Note that a worker has taken up a run that was asked for, perhaps not for the first time."""
    await tx.execute(BEGIN, (run_id,))


async def requeue(tx: Transaction, run_id: int, *, error: str) -> None:
    """Note that a run waits for another attempt, and why."""
    await tx.execute(REQUEUE, (error, run_id))


async def take(tx: Transaction, store_id: int, direction: str) -> str:
    """Note that the caller has the store's run lock now; return the token for `hold`."""
    return str(await sql.value(tx, TAKE, (store_id, f"holder of {direction}")))


async def hold(tx: Transaction, store_id: int, direction: str, token: str) -> None:
    """Keep other runs from beginning until the transaction, relaxed now, ends; raises RunLostError.

    The run lock goes away with its connection, unnoticed. Then another run may begin, and what this
    one would still save would stand beside what that one saves.
    """
    holder = await sql.value(tx, HOLD, (store_id, f"holder of {direction}"))
    if holder != token:
        raise RunLostError(
            "This run is over: it lost its hold on the store, and another run took it up.",
            remedy="Nothing was lost; `woosync runs` shows the run that goes on.",
        )


async def save_progress(
    tx: Transaction, run_id: int, progress: Mapping[str, object], *, mode: str | None = None
) -> None:
    """Save how far a run is, that its process lives, and the mode it turned out to have."""
    await tx.execute(SAVE_PROGRESS, (Jsonb(dict(progress)), mode, run_id))


async def finish(
    tx: Transaction,
    run_id: int,
    *,
    state: str,
    counts: Mapping[str, object],
    error: str = "",
) -> None:
    """Save how a run ended; one that another run has taken over stays interrupted."""
    await tx.execute(FINISH, (state, Jsonb(dict(counts)), error, run_id))


async def load_unanswered(
    tx: Transaction, store_id: int, direction: str, mode: str, *, answer: str, seconds: float
) -> str | None:
    """Load why the newest run of a mode failed, if it ended within so many seconds.

    None where a run of the mode `answer` was asked for since.
    """
    given = {"store": store_id, "direction": direction, "mode": mode, "answer": answer}
    found = await sql.rows(tx, UNANSWERED, given | {"seconds": seconds})
    return found[0][0] if found else None


async def is_under_way(tx: Transaction, store_id: int, direction: str, mode: str) -> bool:
    """Tell whether a run of this mode waits or goes on."""
    return bool(await sql.value(tx, IS_UNDER_WAY, (store_id, direction, mode)))


async def load_last(tx: Transaction) -> dict[tuple[int, str, str], datetime]:
    """Load when the last run of each store, direction and mode was asked for or began."""
    found = await sql.rows(tx, LAST)
    return {(store_id, direction, mode): at for store_id, direction, mode, at in found}


async def load(
    tx: Transaction,
    *,
    store_id: int | None = None,
    run_id: int | None = None,
    limit: int = 20,
) -> list[dict[str, object]]:
    """Load runs, newest first: at `started_at` (UTC), with progress and counts.

    One whose process is gone is shown as interrupted, as the next run will mark it.
    """
    wanted = {"run.store_id": store_id, "run.id": run_id}
    found = await sql.filtered(tx, SELECT, wanted, "ORDER BY run.id DESC", limit=limit)
    for run in found:
        if run.pop("is_left"):
            run |= {"state": "interrupted", "finished_at": run["heartbeat_at"]}
    return found


def seconds_of(run: Mapping[str, object]) -> float | None:
    """Return how long a loaded run took, None while it goes on."""
    started, finished = run["started_at"], run["finished_at"]
    if isinstance(started, datetime) and isinstance(finished, datetime):
        return (finished - started).total_seconds()
    return None
