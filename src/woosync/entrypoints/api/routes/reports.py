"""What happened, and what waits for a person: history and conflicts."""

from datetime import datetime
from typing import Annotated, Any, Literal

import fastapi

from woosync.entrypoints.api import dependencies, routing, schemas
from woosync.postgres import conflicts, log, stores
from woosync.postgres.engine import Transaction

router = routing.guarded("", "reports")

Limit = Annotated[int, fastapi.Query(ge=1, le=1000)]
Entity = Annotated[str | None, fastapi.Query(pattern=r"^[a-z_]{1,40}$")]


class Conflict(schemas.Answer):
    """A field that both sides changed, how it was decided, and what each side had."""

    id: int
    store: str
    entity: str
    woo_id: int | None
    local_id: int | None
    field: str
    base: Any
    ours: Any
    theirs: Any
    ours_at: datetime | None
    theirs_at: datetime | None
    policy: str
    decision: str
    suggestion: str
    reason: str
    state: str
    resolution: Any
    resolved_by: str
    created_at: datetime
    resolved_at: datetime | None


class Conflicts(schemas.Answer):
    """Conflicts, newest first."""

    conflicts: list[Conflict]


class Event(schemas.Answer):
    """Something that happened to a record, or a run that ended."""

    id: int
    at: datetime
    store: str
    run_id: int | None
    entity: str
    woo_id: int | None
    local_id: int | None
    event: str
    actor: str
    cause: str
    category: str
    before: Any
    after: Any


class History(schemas.Answer):
    """Events, newest first."""

    events: list[Event]


@router.get("/conflicts", response_model=Conflicts)
async def list_conflicts(
    opened: dependencies.Opened,
    store: dependencies.AnyStore,
    state: Literal["open", "decided", "resolved"] | None = None,
    entity: Entity = None,
    limit: Limit = 100,
) -> Conflicts:
    """List conflicts with a suggestion and its reason; of one store, or of all."""
    async with opened.replica.transaction() as tx:
        store_id = store.id if store else None
        found = await conflicts.load(tx, store_id, state=state, entity=entity, limit=limit)
        rows = await _named(tx, found)
    return Conflicts(conflicts=[Conflict.model_validate(row) for row in rows])


@router.get("/history", response_model=History)
async def history(
    opened: dependencies.Opened,
    store: dependencies.AnyStore,
    event_type: Entity = None,
    entity: Entity = None,
    run_id: Annotated[int | None, fastapi.Query(alias="runId", ge=1, le=2**63 - 1)] = None,
    limit: Limit = 50,
) -> History:
    """List what happened, newest first; `event_type=failed` shows what went wrong."""
    async with opened.replica.transaction() as tx:
        store_id = store.id if store else None
        found = await log.load(
            tx, store_id, event=event_type, entity=entity, run_id=run_id, limit=limit
        )
        rows = await _named(tx, found)
    return History(events=[Event.model_validate(row) for row in rows])


async def _named(tx: Transaction, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with their store's key instead of its number."""
    keys = {store.id: store.key for store in await stores.load_all(tx)} if rows else {}
    return [row | {"store": keys.get(row["store_id"], "")} for row in rows]
