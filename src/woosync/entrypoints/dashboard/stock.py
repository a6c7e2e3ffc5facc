"""A store's levels that wait, the brake's question about them, and its answer."""

from http import HTTPStatus
from typing import Annotated, Any

import fastapi
from fastapi.responses import RedirectResponse

from woosync import bootstrap
from woosync.entrypoints.api import dependencies, schemas, starting
from woosync.entrypoints.api.routes import pushing
from woosync.entrypoints.dashboard import pages, session
from woosync.flows import stock
from woosync.postgres import products

router = pages.router()

ADDRESS = "/stores/{store}/stock"
#: So many levels are shown and answered for at once; where there are more, the brake asks again.
SHOWN = 1000

Key = Annotated[schemas.StoreKey, fastapi.Path()]
Ids = Annotated[
    str, fastapi.Form(alias="products", max_length=20 * SHOWN, pattern=r"^\d{1,18}(,\d{1,18})*$")
]


@router.get(ADDRESS)
async def show(
    store: Key, opened: dependencies.Opened, visitor: session.Anyone
) -> fastapi.Response:
    """Show what would be written to the store, what falls most first."""
    question = (await opened.stock_status(store))["asks"]
    plan = await _load_plan(opened, store)
    return pages.render(
        "stock.html",
        visitor=visitor,
        store=store,
        question=question,
        plan=plan[:SHOWN],
        total=len(plan),
    )


@router.post(ADDRESS)
async def answer(
    store: Key,
    opened: dependencies.Opened,
    visitor: session.Operator,
    wanted: Ids,
) -> fastapi.Response:
    """Send the levels that were shown: the yes is for these products and no others."""
    chosen = tuple(map(int, wanted.split(",")))
    starter = starting.Starter(opened, await opened.load_store(store), visitor.who, wait=0)
    (run_id,) = await starter.ask(pushing.levels(chosen, confirmed=True))
    return RedirectResponse(f"/runs/{run_id}", HTTPStatus.SEE_OTHER, headers=pages.HEADERS)


async def _load_plan(opened: bootstrap.Application, key: str) -> list[dict[str, Any]]:
    """Reckon what waits to be written, with the names of the products; it changes nothing."""
    report = await opened.push_stock(key, stock.Options(dry_run=True), actor="dry run")
    waiting: list[dict[str, Any]] = report.plan
    async with opened.database.transaction() as tx:
        names = await products.load_names(tx, [step["product"] for step in waiting])
    plan = [{**step, **names[step["product"]]} for step in waiting]
    return sorted(plan, key=lambda step: (step["becomes"] - step["level"], step["product"]))
