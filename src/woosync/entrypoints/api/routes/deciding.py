"""What people decide: conflicts settled one by one or by filter, and runs taken back."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Literal, Self

import fastapi
import pydantic

from woosync.entrypoints.api import (
    access,
    dependencies,
    problems,
    routing,
    schemas,
    values,
)
from woosync.entrypoints.api.routes import reports
from woosync.flows import resolve, undo
from woosync.postgres import deciding, runs, stores
from woosync.postgres.nouns import history, listing

router = routing.guarded("", "decisions")

Side = Literal["theirs", "ours", "suggested"]
Number = Annotated[schemas.Id, fastapi.Path(description="The number of the conflict.")]
DECISION = {"choice": "theirs", "seen": {"ours": "Tea, 100 g", "theirs": "Green tea"}}
OWN_VALUE = {"choice": "value", "value": "Green tea, 100 g"}
MANY = {"choice": "theirs", "entity": "product", "field": "description"}


class Seen(schemas.Body):
    """What the two sides held when a person decided."""

    ours: values.Json
    theirs: values.Json


class Resolution(schemas.Body):
    """Whose value counts: the store's, ours, the suggested one, or `value`.

    With `seen` the decision counts only while the conflict is still about these two values.
    """

    choice: resolve.Choice
    value: values.Json = None
    seen: Seen | None = None

    @pydantic.model_validator(mode="after")
    def _value_goes_with_its_choice(self) -> Self:
        if ("value" in self.model_fields_set) != (self.choice is resolve.Choice.VALUE):
            raise ValueError("value goes with the choice value, and only with it")
        return self


class Resolutions(schemas.Body):
    """Whose value counts in all open conflicts of a kind of record, a field, or these numbers."""

    choice: Side
    entity: Annotated[str, pydantic.StringConstraints(pattern=r"^[a-z_]{1,40}$")] | None = None
    field: values.Text | None = None
    ids: Annotated[tuple[schemas.Id, ...], pydantic.Field(min_length=1, max_length=1000)] | None = (
        None
    )
    limit: Annotated[int, pydantic.Field(ge=1, le=1000)] = 1000


class Resolved(schemas.Answer):
    """A conflict that is settled; `value` is here at once, and in the store with the next push."""

    id: int
    store: str
    entity: str
    local_id: int
    woo_id: int | None
    field: str
    choice: str
    before: Any
    value: Any


class NotResolved(schemas.Answer):
    """A conflict that is not settled, and why."""

    id: int
    reason: str
    remedy: str


class Settled(schemas.Answer):
    """What became of many conflicts."""

    resolved: list[Resolved]
    refused: list[NotResolved]


class Undo(schemas.Body):
    """What to put back: all of the run, or what it did in a span of time; or only show it.

    All of a row that gathers what was done by itself in an hour wants `confirm`.
    """

    since: pydantic.AwareDatetime | None = None
    until: pydantic.AwareDatetime | None = None
    confirm: bool = False
    dry_run: bool = False


class Restored(schemas.Answer):
    """A field that is again as it was before the run."""

    store: str
    entity: str
    local_id: int
    woo_id: int | None
    field: str
    was: Any
    becomes: Any


class Left(schemas.Answer):
    """Something that the run did and that stays, with the reason."""

    entity: str
    local_id: int | None
    woo_id: int | None
    field: str
    reason: str


class Undone(schemas.Answer):
    """What is put back, and what is left."""

    run_id: int
    dry_run: bool
    restored: list[Restored]
    left: list[Left]


class Stale(schemas.Problem):
    """The refusal of a decision about what is no longer so, with what the sides hold now."""

    ours: Any
    theirs: Any


MOVED_ON: dict[int | str, dict[str, Any]] = {
    409: {"model": schemas.Problem | Stale, "description": "It is settled, or a side moved on."}
}


@router.get("/conflicts/{id}")
async def get_conflict(
    number: Annotated[Number, fastapi.Path(alias="id")],
    opened: dependencies.Opened,
    store: dependencies.AnyStore,
) -> reports.Conflict:
    """Show a conflict: what the sides hold, how it stands, and what is suggested."""
    filters = {"id": number, "store_id": store.id if store else None}
    question = listing.Question(sort="-createdAt", filters=filters, limit=1, cursor=None)
    async with listing.reading(opened.database) as tx:
        page = await listing.load_page(tx, history.CONFLICTS, question)
    if not page.rows:
        raise problems.not_found("conflict", number)
    return reports.Conflict.model_validate(page.rows[0])


@router.post("/conflicts/{id}/resolve", dependencies=[access.OPERATOR], responses=MOVED_ON)
async def resolve_conflict(
    number: Annotated[Number, fastapi.Path(alias="id")],
    opened: dependencies.Opened,
    store: dependencies.AnyStore,
    who: access.Who,
    body: Annotated[Resolution, fastapi.Body(examples=[DECISION, OWN_VALUE])],
) -> Resolved:
    """Settle a conflict; a decision about values that have changed since gets 409 with the new."""
    async with opened.database.transaction() as tx:
        known = await deciding.load_known_ids(tx, [number], store_id=store.id if store else None)
    if not known:
        raise problems.not_found("conflict", number)
    seen = None if body.seen is None else resolve.Seen(body.seen.ours, body.seen.theirs)
    decision = resolve.Decision(choice=body.choice, actor=who.name, value=body.value, seen=seen)
    try:
        return Resolved.model_validate(await opened.resolve(number, decision), from_attributes=True)
    except resolve.StaleResolutionError as error:
        raise problems.ProblemError(
            HTTPStatus.CONFLICT,
            error.message,
            remedy=error.remedy,
            kind="stale-resolution",
            extra={"ours": error.ours, "theirs": error.theirs},
        ) from error


@router.post("/conflicts/resolve", dependencies=[access.OPERATOR])
async def resolve_conflicts(
    opened: dependencies.Opened,
    store: dependencies.AnyStore,
    who: access.Who,
    body: Annotated[Resolutions, fastapi.Body(examples=[MANY])],
) -> Settled:
    """Settle all open conflicts that the filter means, each by itself; of one store, or of all."""
    decision = resolve.Decision(choice=resolve.Choice(body.choice), actor=who.name)
    settled = await opened.resolve_all(
        decision,
        store_id=store.id if store else None,
        entity=body.entity,
        field=body.field,
        among=body.ids,
        limit=body.limit,
    )
    return Settled(
        resolved=[Resolved.model_validate(one, from_attributes=True) for one in settled.resolved],
        refused=[
            NotResolved(id=conflict_id, reason=error.message, remedy=error.remedy)
            for conflict_id, error in settled.refused
        ],
    )


@router.post("/runs/{id}/undo", dependencies=[access.OPERATOR])
async def undo_run(
    number: Annotated[schemas.Id, fastapi.Path(alias="id", description="The number of the run.")],
    opened: dependencies.Opened,
    store: dependencies.AnyStore,
    who: access.Who,
    body: Undo | None = None,
) -> Undone:
    """Put back what a run changed, where nothing has changed since; stores hear by the next push.

    What cannot be put back is listed with the reason.
    """
    async with opened.database.transaction() as tx:
        found = await runs.load(tx, store_id=store.id if store else None, run_id=number)
        keys = {one.id: one.key for one in await stores.load_all(tx)}
    if not found:
        raise problems.not_found("run", number)
    asked = body or Undo()
    options = undo.Options(
        since=asked.since, until=asked.until, yes=asked.confirm, dry_run=asked.dry_run
    )
    report = await opened.undo(number, options, actor=who.name)
    return _undone(report, keys, dry_run=asked.dry_run)


def _undone(report: undo.Report, keys: Mapping[int, str], *, dry_run: bool) -> Undone:
    return Undone(
        run_id=report.run_id,
        dry_run=dry_run,
        restored=[
            Restored(
                store=keys.get(one.store_id, ""),
                entity=one.entity,
                local_id=one.local_id,
                woo_id=one.woo_id,
                field=name,
                was=was,
                becomes=becomes,
            )
            for one in report.restored
            for name, (was, becomes) in one.fields.items()
        ],
        left=[Left.model_validate(one, from_attributes=True) for one in report.left],
    )
