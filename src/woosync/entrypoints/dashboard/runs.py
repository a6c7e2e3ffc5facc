"""Runs: the last ones, and one with its progress, which renews itself while it goes on."""

import fastapi

from woosync.entrypoints.api import dependencies, problems, schemas, starting
from woosync.entrypoints.dashboard import pages, session
from woosync.flows.stock import asking
from woosync.postgres import runs

router = pages.router()

SHOWN = 50


@router.get("/runs")
async def show_all(opened: dependencies.Opened, visitor: session.Anyone) -> fastapi.Response:
    """Show the last runs of all stores, newest first."""
    async with opened.database.transaction() as tx:
        found = await runs.load(tx, limit=SHOWN)
    described = [starting.described(row, now=opened.clock()) for row in found]
    return pages.render("runs.html", visitor=visitor, runs=described)


@router.get("/runs/{run_id}")
async def show_one(
    run_id: schemas.Id, opened: dependencies.Opened, visitor: session.Anyone
) -> fastapi.Response:
    """Show how far a run is, or how it ended."""
    found = await starting.look(opened, [run_id])
    if not found:
        raise problems.not_found("run", run_id)
    return pages.render(
        "run.html",
        visitor=visitor,
        run=found[0],
        is_under_way=found[0].state in starting.UNDER_WAY,
        is_question=found[0].mode == asking.MODE,
    )
