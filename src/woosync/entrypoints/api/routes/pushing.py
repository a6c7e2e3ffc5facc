"""Sending what changed here to a store: customers, and the levels of what is in stock."""

from typing import Annotated, Any

import fastapi
import pydantic

from woosync import jobs
from woosync.entrypoints.api import access, dependencies, routing, schemas, starting

router = routing.guarded("/sync", "push", role=access.OPERATOR)

Ids = Annotated[tuple[schemas.Id, ...], pydantic.Field(max_length=1000)]
ProductId = Annotated[int, fastapi.Path(ge=1, le=2**63 - 1, description="The id of this side.")]


class Push(schemas.Body):
    """What to send: what waits, or everything that differs, or that was changed since a time."""

    sync_all: bool = False
    sync_modified_since: pydantic.AwareDatetime | None = None


class PushCustomers(Push):
    """As above, or these customers alone."""

    customer_ids: Ids = ()


class PushInventory(Push):
    """As above, or these products alone."""

    product_ids: Ids = ()


def work(entity: str, ids: tuple[int, ...], body: Push) -> jobs.Work:
    """Return the work of pushing one kind of record."""
    since = body.sync_modified_since
    options: dict[str, Any] = {"everything": body.sync_all or since is not None}
    if since is not None:
        options["since"] = since.isoformat()
    if ids:
        options["local_ids"] = sorted(set(ids))
    return records((entity,), options)


def records(entities: tuple[str, ...], options: dict[str, Any]) -> jobs.Work:
    """Return the work of pushing records."""
    return jobs.Work(direction="push", mode="push", entities=entities, options=options)


def levels(ids: tuple[int, ...] = (), *, everything: bool = False) -> jobs.Work:
    """Return the work of pushing stock levels: of these products, all that differ, or waiting."""
    options: dict[str, Any] = {"products": sorted(set(ids))} if ids else {"sweep": everything}
    return jobs.Work(direction="stock", mode="push", entities=("inventory",), options=options)


@router.post("/customers/push", responses=starting.ANSWERS, status_code=202)
async def push_customers(
    opened: dependencies.Opened,
    store: dependencies.Store,
    who: access.Who,
    body: PushCustomers | None = None,
    wait: starting.Wait = 0,
) -> fastapi.Response:
    """Send changed customers to the store."""
    body = body or PushCustomers()
    wanted = work("customers", body.customer_ids, body)
    return await starting.start(opened, store, [wanted], actor=who.name, wait=wait)


@router.post("/inventory/push", responses=starting.ANSWERS, status_code=202)
async def push_inventory(
    opened: dependencies.Opened,
    store: dependencies.Store,
    who: access.Who,
    body: PushInventory | None = None,
    wait: starting.Wait = 0,
) -> fastapi.Response:
    """Send stock levels to the store."""
    body = body or PushInventory()
    everything = body.sync_all or body.sync_modified_since is not None
    wanted = levels(body.product_ids, everything=everything)
    return await starting.start(opened, store, [wanted], actor=who.name, wait=wait)


@router.post("/inventory/push/{productId}", responses=starting.ANSWERS, status_code=202)
async def push_product_inventory(
    opened: dependencies.Opened,
    store: dependencies.Store,
    who: access.Who,
    product_id: Annotated[ProductId, fastapi.Path(alias="productId")],
    wait: starting.Wait = 30,
) -> fastapi.Response:
    """Send the stock level of one product; waits for it."""
    wanted = levels((product_id,))
    return await starting.start(opened, store, [wanted], actor=who.name, wait=wait)
