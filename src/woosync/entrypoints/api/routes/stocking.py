"""What a person decides about the levels of a store: held, settled, limited, compared."""

from datetime import datetime
from typing import Annotated, Any, Literal

import fastapi
import pydantic

from woosync import jobs
from woosync.entrypoints.api import (
    access,
    dependencies,
    routing,
    schemas,
    starting,
    values,
)
from woosync.flows.stock import holding
from woosync.postgres import stock_links

router = routing.guarded("/stock", "stock")

Products = Annotated[tuple[schemas.Id, ...], pydantic.Field(min_length=1, max_length=1000)]
#: What a decision is called by those who take it, and by the protocol.
TAKES: dict[str, holding.Take] = {"adopt": "store", "revert": "ours"}


class Held(schemas.Answer):
    """A level that waits for a person: what the store should show, what it shows, and why."""

    product_id: int
    sku: str | None
    name: str
    woo_id: int
    expected: values.QuantityOut
    observed: values.QuantityOut | None
    reason: str


class HeldLevels(schemas.Answer):
    """Levels that are left alone until somebody decides."""

    held: list[Held]


class Status(schemas.Answer):
    """A store's levels by state, writes under way, and what waits to be written."""

    store: str
    levels: dict[str, dict[str, Any]]
    operations: dict[str, dict[str, Any]]
    waiting: int
    waiting_since: datetime | None


class Settle(schemas.Body):
    """Whose level counts: `adopt` takes the store's, `revert` writes ours over it."""

    product_ids: Products
    choice: Literal["adopt", "revert"]


class Hold(schemas.Body):
    """Which levels to leave alone, and why."""

    product_ids: Products
    reason: values.Text = "held by a person"


class Limit(schemas.Body):
    """How many units of shared goods a store may sell at most; null gives it its share again."""

    product_id: schemas.Id
    units: Annotated[int, pydantic.Field(ge=0, le=10**9)] | None


class Compare(schemas.Body):
    """Which products to compare; without any, all of them."""

    product_ids: Products | None = None


class Decided(schemas.Answer):
    """How many levels the decision was about."""

    products: int


@router.get("")
async def status(opened: dependencies.Opened, store: dependencies.Store) -> Status:
    """Count a store's levels by state, writes under way, and what waits to be written."""
    return Status.model_validate(await opened.stock_status(store.key))


@router.get("/held")
async def list_held(
    opened: dependencies.Opened,
    store: dependencies.Store,
    limit: Annotated[int, fastapi.Query(ge=1, le=1000)] = 100,
) -> HeldLevels:
    """List the levels that wait for a person, with what either side says and why they wait."""
    async with opened.database.transaction() as tx:
        found = await stock_links.load_held(tx, store.id, limit=limit)
    return HeldLevels(held=[Held.model_validate(one) for one in found])


@router.post("/settle", dependencies=[access.OPERATOR])
async def settle(
    opened: dependencies.Opened,
    store: dependencies.Store,
    who: access.Who,
    body: Annotated[Settle, fastapi.Body(examples=[{"productIds": [7], "choice": "adopt"}])],
) -> Decided:
    """Decide about held levels; the store is looked at first, and written to by the next push."""
    take = TAKES[body.choice]
    done = await opened.release_stock(store.key, body.product_ids, take=take, actor=who.name)
    return Decided(products=done)


@router.post("/hold", dependencies=[access.OPERATOR])
async def hold(
    opened: dependencies.Opened, store: dependencies.Store, who: access.Who, body: Hold
) -> Decided:
    """Leave levels alone until they are settled; a write under way ends first."""
    done = await opened.hold_stock(store.key, body.product_ids, reason=body.reason, actor=who.name)
    return Decided(products=done)


@router.post("/limit", dependencies=[access.OPERATOR])
async def limit_units(
    opened: dependencies.Opened, store: dependencies.Store, who: access.Who, body: Limit
) -> Decided:
    """Let a store sell at most so many units of goods that several stores share."""
    await opened.limit_stock(store.key, body.product_id, units=body.units, actor=who.name)
    return Decided(products=1)


@router.post("/audit", dependencies=[access.OPERATOR], responses=starting.ANSWERS, status_code=202)
async def audit(
    starter: starting.AtOnce,
    body: Compare | None = None,
) -> fastapi.Response:
    """Compare the store's levels with the ledger and settle what they mean; writes nothing there.

    The counts say how many levels were found how; what is to be mended goes with the next push.
    """
    chosen = sorted(set(body.product_ids)) if body and body.product_ids else None
    options = {"products": chosen} if chosen else {}
    work = jobs.Work(direction="stock", mode="audit", entities=("inventory",), options=options)
    return await starter.start(work)
