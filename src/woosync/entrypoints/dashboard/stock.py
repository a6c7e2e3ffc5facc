"""A store's levels that wait, the brake's question about them, and its answer."""

from decimal import Decimal
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
#: So many levels or more are not answered for on a page; a plan lists no more.
SHOWN = 10_000
Key = Annotated[schemas.StoreKey, fastapi.Path()]
#: Product, its operations so far, and the units that fall on the page: "7:3:80,9:1:0.5".
ONE = r"[0-9]{1,18}:[0-9]{1,18}:[0-9]{1,18}(\.[0-9]{1,18})?"
Seen = Annotated[str, fastapi.Form(max_length=60 * SHOWN, pattern=f"^{ONE}(,{ONE})*$")]


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
        plan=plan,
        is_answerable=len(plan) < SHOWN,
    )


@router.post(ADDRESS)
async def answer(
    store: Key,
    opened: dependencies.Opened,
    visitor: session.Operator,
    seen: Seen,
) -> fastapi.Response:
    """Send the levels that were shown: the yes is for these products, and for no deeper cuts."""
    parts = [one.split(":") for one in seen.split(",")]
    agreed = [(int(product), int(seq), units) for product, seq, units in parts]
    starter = starting.Starter(opened, await opened.load_store(store), visitor.who, wait=0)
    (run_id,) = await starter.ask(
        pushing.levels([product for product, _, _ in agreed], confirmed=True, seen=agreed)
    )
    return RedirectResponse(f"/runs/{run_id}", HTTPStatus.SEE_OTHER, headers=pages.HEADERS)


async def _load_plan(opened: bootstrap.Application, key: str) -> list[dict[str, Any]]:
    """Reckon what waits to be written, with the names of the products; it changes nothing."""
    report = await opened.push_stock(key, stock.Options(dry_run=True), actor="dry run")
    waiting: list[dict[str, Any]] = report.plan
    async with opened.database.transaction() as tx:
        names = await products.load_names(tx, [step["product"] for step in waiting])
    plan = [
        {
            **step,
            **names[step["product"]],
            "change": _exact(step["becomes"]) - _exact(step["level"]),
        }
        for step in waiting
    ]
    return sorted(plan, key=lambda step: (step["change"], step["product"]))


def _exact(level: float) -> Decimal:
    return Decimal(str(level))
