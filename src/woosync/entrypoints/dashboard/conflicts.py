"""Conflicts that wait for a person: what both started from, both values, and whose counts."""

from http import HTTPStatus
from typing import Annotated

import fastapi
import msgspec
from fastapi.responses import RedirectResponse

from woosync import bootstrap, errors
from woosync.entrypoints.api import dependencies, schemas
from woosync.entrypoints.api.routes import reports
from woosync.entrypoints.dashboard import pages, session
from woosync.flows import resolve
from woosync.postgres.nouns import history, listing

router = pages.router()

ADDRESS = "/conflicts"
SHOWN = 50
OPEN = listing.Question(
    sort="-createdAt", filters={"state": "open", "store_id": None}, limit=SHOWN, cursor=None
)

Said = Annotated[str, fastapi.Form(max_length=500_000)]
Text = Annotated[str | None, fastapi.Form(max_length=100_000)]


@router.get(ADDRESS)
async def show(opened: dependencies.Opened, visitor: session.Anyone) -> fastapi.Response:
    """Show the newest open conflicts of all stores."""
    return await _page(opened, visitor)


@router.post(ADDRESS + "/{number}")
async def settle(
    number: schemas.Id,
    opened: dependencies.Opened,
    visitor: session.Operator,
    *,
    choice: Annotated[resolve.Choice, fastapi.Form()],
    seen: Said,
    value: Text = None,
) -> fastapi.Response:
    """Settle a conflict about the values that the page showed; show it again if they moved on."""
    try:
        looked_at = msgspec.json.decode(seen, type=resolve.Seen)
    except msgspec.DecodeError as error:
        raise pages.unreadable() from error
    # Browsers send line ends as CRLF, whatever they were.
    text = value.replace("\r\n", "\n") if value and choice is resolve.Choice.VALUE else None
    decision = resolve.Decision(choice=choice, actor=visitor.who.name, value=text, seen=looked_at)
    try:
        await opened.resolve(number, decision)
    except errors.RefusedError as error:
        return await _page(opened, visitor, problem=f"{error.message} {error.remedy or ''}")
    return RedirectResponse(ADDRESS, HTTPStatus.SEE_OTHER, headers=pages.HEADERS)


async def _page(
    opened: bootstrap.Application, visitor: session.Visitor, *, problem: str = ""
) -> fastapi.Response:
    async with listing.reading(opened.database) as tx:
        page = await listing.load_page(tx, history.CONFLICTS, OPEN)
    return pages.render(
        "conflicts.html",
        status=HTTPStatus.CONFLICT if problem else HTTPStatus.OK,
        visitor=visitor,
        problem=problem,
        conflicts=[reports.Conflict.model_validate(row) for row in page.rows],
        has_more=len(page.rows) == SHOWN,
    )
