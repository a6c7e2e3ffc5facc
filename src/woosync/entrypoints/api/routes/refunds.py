"""Refunds of a store's orders, only ever because somebody asks for one."""

from decimal import Decimal
from typing import Annotated

import fastapi
import pydantic

from woosync import jobs
from woosync.entrypoints.api import access, dependencies, routing, schemas, values
from woosync.entrypoints.api.routes import pulling
from woosync.flows.push import refunding

router = routing.guarded("/orders", "refunds", role=access.OPERATOR)

EXAMPLE = {
    "amount": "12.50",
    "reason": "Return 2025-117",
    "restock": True,
    "apiRefund": False,
    "lines": [{"lineId": 311, "quantity": 1, "total": "10.50"}],
}


class Line(schemas.Body):
    """Goods of an order line (the store's id of it) that are refunded; `total` without tax."""

    line_id: schemas.Id
    quantity: Annotated[int, pydantic.Field(ge=0, le=1_000_000)] = 0
    total: values.Price = Decimal(0)


class Refund(schemas.Body):
    """A refund. `restock` says whether the goods go back into stock, and has to be said.

    `apiRefund` asks the payment provider to pay the money back; without it nobody is paid.
    `reason` tells it from others of the same amount: asked for twice it is made once.
    """

    amount: values.Price
    reason: Annotated[
        str, pydantic.StringConstraints(pattern=r"^[^\x00]*\S[^\x00]*$", max_length=200)
    ]
    restock: bool
    api_refund: bool = False
    lines: Annotated[tuple[Line, ...], pydantic.Field(max_length=500)] = ()


class Refunded(schemas.Answer):
    """The refund in the store, and the run that brings it here."""

    refund_id: int
    run_id: int


@router.post("/{wcOrderId}/refund", status_code=201)
async def refund(
    opened: dependencies.Opened,
    store: dependencies.Store,
    who: access.Who,
    woo_id: Annotated[pulling.WooId, fastapi.Path(alias="wcOrderId")],
    body: Annotated[Refund, fastapi.Body(examples=[EXAMPLE])],
) -> Refunded:
    """Refund an order in the store; one of the same amount and reason that is there is returned."""
    wanted = refunding.Refund(
        amount=body.amount,
        reason=body.reason,
        restock=body.restock,
        pay_back=body.api_refund,
        lines=[
            refunding.RefundLine(line=one.line_id, quantity=one.quantity, total=one.total)
            for one in body.lines
        ],
    )
    made = await opened.refund(store.key, woo_id, wanted)
    work = pulling.work("orders", {"only": [woo_id]}, force=False)
    run_id = await jobs.request(opened.database, store, work, actor=who.name)
    return Refunded(refund_id=made, run_id=run_id)
