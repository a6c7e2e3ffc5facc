"""The first page: how each store stands, and what waits for a person."""

import fastapi

from woosync.entrypoints.api import dependencies
from woosync.entrypoints.api.routes import status
from woosync.entrypoints.dashboard import pages, session
from woosync.flows.stock import asking

router = pages.router()


@router.get("/")
async def show(opened: dependencies.Opened, visitor: session.Anyone) -> fastapi.Response:
    """Show every store, the questions of the brake first."""
    found = await status.load(opened, None)
    async with opened.database.transaction() as tx:
        asked = {one["key"]: await asking.asked(tx, one["id"]) for one in found["stores"]}
    questions = {key: question for key, question in asked.items() if question}
    return pages.render("overview.html", visitor=visitor, now=found, questions=questions)
