"""Sending what changed here to a store: customers, products, orders, and levels of stock."""

from collections.abc import Collection, Sequence
from http import HTTPStatus
from typing import Annotated, Any

import fastapi
import msgspec
import pydantic

from woosync import jobs
from woosync.entrypoints.api import access, routing, schemas, starting
from woosync.flows import push, stock

router = routing.guarded("/sync", "push", role=access.OPERATOR)

#: So many changes a plan lists.
LONGEST_PLAN = 10_000
Ids = Annotated[tuple[schemas.Id, ...], pydantic.Field(max_length=1000)]
ProductId = Annotated[int, fastapi.Path(ge=1, le=2**63 - 1, description="The id of this side.")]
DryRun = Annotated[
    bool, pydantic.Field(description="Answer with what would be sent; send nothing.")
]
Confirm = Annotated[
    bool, pydantic.Field(description="Go on where the brake would stop: much would be taken away.")
]


class Push(schemas.Body):
    """What to send: what waits, or everything that differs, or that was changed since a time."""

    sync_all: bool = False
    sync_modified_since: pydantic.AwareDatetime | None = None
    dry_run: DryRun = False


class PushRecords(Push):
    """As above; `force` lets the back office win every conflict."""

    force: bool = False


class PushCustomers(PushRecords):
    """As above, or these customers alone; new ones are made in the store."""

    customer_ids: Ids = ()


class PushProducts(PushRecords):
    """As above, or these products and variations alone; new ones are made in the store."""

    product_ids: Ids = ()


class PushOrders(PushRecords):
    """As above, or these orders alone."""

    order_ids: Ids = ()


class PushInventory(Push):
    """As above, or these products alone."""

    product_ids: Ids = ()
    confirm: Confirm = False


class PushLevel(schemas.Body):
    """How to send one level."""

    dry_run: DryRun = False
    confirm: Confirm = False


class Plan(schemas.Answer):
    """What a push would send: records with their fields as (store, becomes), levels, new ones.

    `total` counts them all where `plan` does not list them all.
    """

    dry_run: bool
    store: str
    total: int
    plan: list[dict[str, Any]]


ANSWERS = starting.ANSWERS | {
    200: {
        "description": "It ended while the caller waited, or this is what would be sent.",
        "model": starting.Started | Plan,
    }
}


def records(entities: tuple[str, ...], options: dict[str, Any]) -> jobs.Work:
    """Return the work of pushing records."""
    return jobs.Work(direction="push", mode="push", entities=entities, options=options)


def levels(
    ids: Collection[int] = (),
    *,
    everything: bool = False,
    confirmed: bool = False,
    seen: Sequence[tuple[int, int, str]] | None = None,
) -> jobs.Work:
    """Return the work of pushing stock levels: of these products, all that differ, or waiting.

    With `seen` (product, its operations so far, units) a level takes away what was seen at most.
    """
    options: dict[str, Any] = {"products": sorted(set(ids))} if ids else {"sweep": everything}
    if confirmed:
        options["yes"] = True
    if seen is not None:
        options["seen"] = sorted(seen)
    return jobs.Work(direction="stock", mode="push", entities=("inventory",), options=options)


@router.post("/customers/push", responses=ANSWERS, status_code=202)
async def push_customers(
    starter: starting.AtOnce,
    body: PushCustomers | None = None,
) -> fastapi.Response:
    """Send changed customers to the store."""
    body = body or PushCustomers()
    if body.dry_run:
        return await _plan(starter, "customers", body, body.customer_ids)
    wanted = records(("customers",), _options(body, body.customer_ids))
    return await starter.start(wanted)


@router.post("/products/push", responses=ANSWERS, status_code=202)
async def push_products(
    starter: starting.AtOnce,
    body: PushProducts | None = None,
) -> fastapi.Response:
    """Send changed products and variations to the store; stock levels go by themselves."""
    body = body or PushProducts()
    if body.dry_run:
        return await _plan(starter, "products", body, body.product_ids)
    wanted = records(("products",), _options(body, body.product_ids))
    return await starter.start(wanted)


@router.post("/orders/push", responses=ANSWERS, status_code=202)
async def push_orders(
    starter: starting.AtOnce,
    body: PushOrders | None = None,
) -> fastapi.Response:
    """Send the changed status and the notes of orders to the store."""
    body = body or PushOrders()
    if body.dry_run:
        return await _plan(starter, "orders", body, body.order_ids)
    wanted = records(("orders",), _options(body, body.order_ids))
    return await starter.start(wanted)


@router.post("/inventory/push", responses=ANSWERS, status_code=202)
async def push_inventory(
    starter: starting.AtOnce,
    body: PushInventory | None = None,
) -> fastapi.Response:
    """Send stock levels to the store; a run that would take away much needs `confirm`."""
    body = body or PushInventory()
    everything = body.sync_all or body.sync_modified_since is not None
    wanted = levels(body.product_ids, everything=everything, confirmed=body.confirm)
    if body.dry_run:
        return await _plan_levels(starter, wanted)
    return await starter.start(wanted)


@router.post("/inventory/push/{productId}", responses=ANSWERS, status_code=202)
async def push_product_inventory(
    starter: starting.Patient,
    product_id: Annotated[ProductId, fastapi.Path(alias="productId")],
    body: PushLevel | None = None,
) -> fastapi.Response:
    """Send the stock level of one product; waits for it."""
    wanted = levels((product_id,), confirmed=bool(body and body.confirm))
    if body and body.dry_run:
        return await _plan_levels(starter, wanted)
    return await starter.start(wanted)


def _options(body: PushRecords, ids: tuple[int, ...]) -> dict[str, Any]:
    """Return what a push of records is told, as JSON."""
    since = body.sync_modified_since
    options: dict[str, Any] = {"everything": body.sync_all or since is not None}
    if since is not None:
        options["since"] = since.isoformat()
    if ids:
        options["local_ids"] = sorted(set(ids))
    if body.force:
        options["force"] = True
    return options


async def _plan(
    starter: starting.Starter, entity: str, body: PushRecords, ids: tuple[int, ...]
) -> fastapi.Response:
    """Answer with what a push of records would send; it asks the store and changes nothing."""
    found: list[dict[str, Any]] = []
    options = _options(body, ids) | {"entities": (entity,), "dry_run": True}
    chosen = msgspec.convert(options, push.Options)
    await starter.opened.push(starter.store.key, chosen, actor="dry run", on_plan=found.append)
    return _told(starter, found)


async def _plan_levels(starter: starting.Starter, wanted: jobs.Work) -> fastapi.Response:
    """Answer with the levels that would be written."""
    chosen = msgspec.convert({**wanted.options, "dry_run": True}, stock.Options)
    report = await starter.opened.push_stock(starter.store.key, chosen, actor="dry run")
    return _told(starter, report.plan)


def _told(starter: starting.Starter, found: list[dict[str, Any]]) -> fastapi.Response:
    plan = Plan(dry_run=True, store=starter.store.key, total=len(found), plan=found[:LONGEST_PLAN])
    return fastapi.responses.JSONResponse(
        plan.model_dump(mode="json", by_alias=True), HTTPStatus.OK
    )
