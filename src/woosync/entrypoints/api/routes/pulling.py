"""Bringing records of a store here: customers, products, orders; a page of them, or one."""

from typing import Annotated, Any

import fastapi
import pydantic

from woosync import jobs
from woosync.entrypoints.api import access, routing, schemas, starting

router = routing.guarded("/sync", "pull", role=access.OPERATOR)

Limit = Annotated[int, pydantic.Field(ge=1, le=10_000, description="Records of this call.")]
Page = Annotated[int, pydantic.Field(ge=1, le=1_000_000, description="Which so many of them.")]
Status = Annotated[
    str,
    pydantic.StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$"),
    pydantic.Field(description="A status of WooCommerce, or all."),
]
WooId = Annotated[int, fastapi.Path(ge=1, le=2**63 - 1, description="The store's own id.")]


class Pull(schemas.Body):
    """Which records to pull: the newest, `limit` a page; `force` takes the store's values."""

    force: bool = False
    limit: Limit = 100
    page: Page = 1

    def part(self) -> dict[str, Any]:
        """Return what the worker is told."""
        return self.model_dump(mode="json", exclude={"force"}, exclude_none=True)


class PullProducts(Pull):
    """As above, of one status."""

    status: Status = "publish"


class PullOrders(Pull):
    """As above, of one status, and made after a time."""

    status: Status = "all"
    after: pydantic.AwareDatetime | None = None


class One(schemas.Body):
    """How to pull one record."""

    force: bool = False


def work(entity: str, part: dict[str, Any], *, force: bool) -> jobs.Work:
    """Return the work of pulling a part of one collection."""
    options = {"force": force, "part": part}
    return jobs.Work(direction="pull", mode="part", entities=(entity,), options=options)


@router.post("/customers/pull", responses=starting.ANSWERS, status_code=202)
async def pull_customers(
    starter: starting.AtOnce,
    body: Pull | None = None,
) -> fastapi.Response:
    """Pull a page of customers, the newest first."""
    body = body or Pull()
    wanted = work("customers", body.part(), force=body.force)
    return await starter.start(wanted)


@router.post("/products/pull", responses=starting.ANSWERS, status_code=202)
async def pull_products(
    starter: starting.AtOnce,
    body: PullProducts | None = None,
) -> fastapi.Response:
    """Pull a page of products with their variations, the newest first."""
    body = body or PullProducts()
    wanted = work("products", body.part(), force=body.force)
    return await starter.start(wanted)


@router.post("/orders/pull", responses=starting.ANSWERS, status_code=202)
async def pull_orders(
    starter: starting.AtOnce,
    body: PullOrders | None = None,
) -> fastapi.Response:
    """Pull a page of orders with their customers and refunds, the newest first."""
    body = body or PullOrders()
    wanted = work("orders", body.part(), force=body.force)
    return await starter.start(wanted)


@router.post("/products/{wcProductId}", responses=starting.ANSWERS, status_code=202)
async def pull_product(
    starter: starting.Patient,
    woo_id: Annotated[WooId, fastapi.Path(alias="wcProductId")],
    body: One | None = None,
) -> fastapi.Response:
    """Pull one product with its variations; waits for it."""
    wanted = work("products", {"only": [woo_id]}, force=bool(body and body.force))
    return await starter.start(wanted)


@router.post("/orders/{wcOrderId}", responses=starting.ANSWERS, status_code=202)
async def pull_order(
    starter: starting.Patient,
    woo_id: Annotated[WooId, fastapi.Path(alias="wcOrderId")],
    body: One | None = None,
) -> fastapi.Response:
    """Pull one order with its customer and refunds; waits for it."""
    wanted = work("orders", {"only": [woo_id]}, force=bool(body and body.force))
    return await starter.start(wanted)
