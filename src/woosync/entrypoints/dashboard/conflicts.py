"""Conflicts that wait for a person: what both started from, both values, and whose counts."""

import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

import fastapi
import msgspec
from fastapi.responses import RedirectResponse

from woosync import bootstrap, errors
from woosync.entrypoints.api import dependencies, problems, schemas
from woosync.entrypoints.api.routes import reports
from woosync.entrypoints.dashboard import pages, session
from woosync.flows import resolve
from woosync.postgres import products
from woosync.postgres.nouns import history, listing

router = pages.router()

ADDRESS = "/conflicts"
SHOWN = 50
#: Those about levels are settled as stock.
OPEN = {"state": "open", "by_value": True}
MOVED_ON = "A side has moved on since this was shown. Look at the values it has now."

Seen = Annotated[str, fastapi.Form(pattern="^[0-9a-f]{64}$")]
Text = Annotated[str, fastapi.Form(max_length=500_000)]


@router.get(ADDRESS)
async def show(
    opened: dependencies.Opened, visitor: session.Anyone, cursor: reports.Cursor = None
) -> fastapi.Response:
    """Show open conflicts of all stores, the newest first."""
    return await _page(opened, visitor, cursor=cursor)


@router.get(ADDRESS + "/{number}")
async def go_back() -> fastapi.Response:
    """Lead from the address of an answer to the conflicts that are left."""
    return RedirectResponse(ADDRESS, HTTPStatus.SEE_OTHER, headers=pages.HEADERS)


@router.post(ADDRESS + "/{number}")
async def settle(
    number: schemas.Id,
    opened: dependencies.Opened,
    visitor: session.Operator,
    *,
    choice: Annotated[resolve.Choice, fastapi.Form()],
    seen: Seen,
    value: Text = "",
) -> fastapi.Response:
    """Settle a conflict about the values that the page showed; show it again if they moved on."""
    found = (await _load(opened, {"id": number})).rows
    if not found:
        raise problems.not_found("conflict", number)
    (row,) = found
    if seen != _digest(row):
        return await _page(opened, visitor, problem=MOVED_ON)
    # Browsers send line ends as CRLF, whatever they were.
    text = value.replace("\r\n", "\n") if choice is resolve.Choice.VALUE else None
    looked_at = resolve.Seen(row["ours"], row["theirs"])
    decision = resolve.Decision(choice=choice, actor=visitor.who.name, value=text, seen=looked_at)
    try:
        await opened.resolve(number, decision)
    except errors.RefusedError as error:
        return await _page(opened, visitor, problem=f"{error.message} {error.remedy or ''}")
    return RedirectResponse(ADDRESS, HTTPStatus.SEE_OTHER, headers=pages.HEADERS)


async def _load(
    opened: bootstrap.Application, filters: Mapping[str, object], cursor: str | None = None
) -> listing.Page:
    question = listing.Question(sort="-createdAt", filters=filters, limit=SHOWN, cursor=cursor)
    async with listing.reading(opened.database) as tx:
        return await listing.load_page(tx, history.CONFLICTS, question)


async def _page(
    opened: bootstrap.Application,
    visitor: session.Visitor,
    *,
    cursor: str | None = None,
    problem: str = "",
) -> fastapi.Response:
    page = await _load(opened, OPEN, cursor)
    named = [row for row in page.rows if row["entity"] in {"product", "variation"}]
    async with opened.database.transaction() as tx:
        names = await products.load_names(tx, [row["local_id"] for row in named])
    return pages.render(
        "conflicts.html",
        status=HTTPStatus.CONFLICT if problem else HTTPStatus.OK,
        visitor=visitor,
        problem=problem,
        conflicts=[reports.Conflict.model_validate(row) for row in page.rows],
        digests={row["id"]: _digest(row) for row in page.rows},
        names={row["id"]: names[row["local_id"]] for row in named},
        next=page.next,
    )


def _digest(row: Mapping[str, Any]) -> str:
    """Return what stands for the two values that a page shows; they may be long."""
    return hashlib.sha256(msgspec.json.encode((row["ours"], row["theirs"]))).hexdigest()
