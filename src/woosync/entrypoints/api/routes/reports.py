"""What happened, and what waits for a person: history, conflicts, quarantine."""

from datetime import datetime
from typing import Annotated, Any, Literal

import fastapi

from woosync.entrypoints.api import dependencies, records, routing, schemas, values
from woosync.postgres.nouns import history, listing

router = routing.guarded("", "reports")

Limit = Annotated[int, fastapi.Query(ge=1, le=listing.LARGEST_PAGE)]
Cursor = Annotated[str | None, fastapi.Query(max_length=listing.LARGEST_CURSOR)]
Name = Annotated[str | None, fastapi.Query(pattern=r"^[a-z_]{1,40}$")]
WooId = Annotated[schemas.Id | None, fastapi.Query(alias="wcId")]
LocalId = Annotated[schemas.Id | None, fastapi.Query(alias="localId")]


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
    """Conflicts, newest first; `next` is the address of the older ones."""

    conflicts: list[Conflict]
    next: str | None


class Event(schemas.Answer):
    """Something that happened to a record, or a run that ended.

    `store` is empty for what happened in the back office alone.
    """

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
    seconds: float | None


class History(schemas.Answer):
    """Events, newest first; `next` is the address of the older ones."""

    events: list[Event]
    next: str | None


class BadRecord(schemas.Answer):
    """A record of the store that could not be processed, why, and what to do about it."""

    store: str
    entity: str
    record: str
    reason: str
    remedy: str
    times: int
    run_id: int | None
    first_at: datetime
    last_at: datetime


class Quarantine(schemas.Answer):
    """Records set aside, the latest first; `next` is the address of the ones before."""

    records: list[BadRecord]
    next: str | None


@router.get("/conflicts", response_model=Conflicts)
async def list_conflicts(  # noqa: PLR0913 - what can be asked for
    request: fastapi.Request,
    response: fastapi.Response,
    opened: dependencies.Opened,
    store: dependencies.AnyStore,
    *,
    state: Literal["open", "decided", "resolved"] | None = None,
    entity: Name = None,
    woo_id: WooId = None,
    local_id: LocalId = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Any:
    """List conflicts with a suggestion and its reason; of one store, or of all."""
    filters = {"state": state, "entity": entity, "woo_id": woo_id, "local_id": local_id}
    question = listing.Question(
        sort="-createdAt",
        filters={"store_id": store.id if store else None, **filters},
        limit=limit,
        cursor=cursor,
    )
    page = await records.answer_page(request, opened.replica, history.CONFLICTS, question, response)
    return {"conflicts": page["items"], "next": page["next"]}


@router.get("/history", response_model=History)
async def list_history(  # noqa: PLR0913 - what can be asked for
    request: fastapi.Request,
    response: fastapi.Response,
    opened: dependencies.Opened,
    store: dependencies.AnyStore,
    *,
    event_type: Name = None,
    entity: Name = None,
    run_id: Annotated[schemas.Id | None, fastapi.Query(alias="runId")] = None,
    woo_id: WooId = None,
    local_id: LocalId = None,
    actor: Annotated[values.Text | None, fastapi.Query()] = None,
    category: Annotated[values.Text | None, fastapi.Query()] = None,
    since: Annotated[values.Moment | None, fastapi.Query()] = None,
    before: Annotated[values.Moment | None, fastapi.Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """List what happened, newest first; `event_type=failed` shows what went wrong."""
    filters = {
        "store_id": store.id if store else None,
        "event": event_type,
        "entity": entity,
        "run_id": run_id,
        "woo_id": woo_id,
        "local_id": local_id,
        "actor": actor,
        "category": category,
        "since": since,
        "before": before,
    }
    question = listing.Question(sort="-at", filters=filters, limit=limit, cursor=cursor)
    page = await records.answer_page(request, opened.replica, history.EVENTS, question, response)
    return {"events": page["items"], "next": page["next"]}


@router.get("/quarantine", response_model=Quarantine)
async def list_quarantine(  # noqa: PLR0913 - what can be asked for
    request: fastapi.Request,
    response: fastapi.Response,
    opened: dependencies.Opened,
    store: dependencies.AnyStore,
    *,
    entity: Name = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Any:
    """List records that could not be processed, with the reason; of one store, or of all."""
    question = listing.Question(
        sort="-lastAt",
        filters={"store_id": store.id if store else None, "entity": entity},
        limit=limit,
        cursor=cursor,
    )
    page = await records.answer_page(
        request, opened.replica, history.QUARANTINE, question, response
    )
    return {"records": page["items"], "next": page["next"]}
