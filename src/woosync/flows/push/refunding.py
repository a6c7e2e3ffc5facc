"""Refunds, only ever by request: money through the gateway and goods into stock are said aloud."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from woosync import errors as kinds
from woosync.domain import money
from woosync.mapping import scalars
from woosync.woo import errors
from woosync.woo.client import StoreClient


class RefundLine(msgspec.Struct, frozen=True, kw_only=True):
    """Goods of an order line (the store's id of it) that are refunded; `total` without tax."""

    line: int
    quantity: int = 0
    total: Decimal = Decimal(0)


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund to make. `pay_back` asks the payment gateway for money, `restock` takes goods back.

    `reason` tells it from others of the same amount: the same refund asked for twice is made once.
    """

    amount: Decimal
    reason: str
    restock: bool
    pay_back: bool = False
    lines: Sequence[RefundLine] = ()


class RefundRefusedError(kinds.RefusedError):
    """A refund that cannot be made as asked."""


class UnknownOrderError(RefundRefusedError):
    """The store has no such order, as far as is known here."""


class _Made(msgspec.Struct):
    id: int
    amount: str = "0"
    reason: str = ""


_LIST = msgspec.json.Decoder(list[_Made])
_ONE = msgspec.json.Decoder(_Made)


async def refund(client: StoreClient, order_id: int, wanted: Refund) -> int:
    """Make a refund of an order and return its id in the store; one that is there is returned.

    Raises RefundRefusedError, OutcomeUnknown (ask again: it is looked for first) and what
    StoreClient raises.
    """
    if not wanted.reason.strip() or wanted.amount < 0 or not (wanted.amount or wanted.lines):
        raise RefundRefusedError(
            "A refund needs an amount and a reason that tells it from others.",
            remedy="Name the reason, such as the number of the return.",
        )
    known = await _find(client, order_id, wanted)
    if known is not None:
        return known
    try:
        answer = await client.send("POST", f"orders/{order_id}/refunds", body=_body(wanted))
    except errors.OutcomeUnknown:
        found = await _find(client, order_id, wanted)
        if found is None:
            raise
        return found
    except errors.StoreRejected as error:
        raise RefundRefusedError(
            f"The store refused the refund: {error.store_message or error.message}",
            remedy="Look at what is left of the order, and at its payment method.",
        ) from error
    return _ONE.decode(answer.body).id


async def _find(client: StoreClient, order_id: int, wanted: Refund) -> int | None:
    query = {"per_page": 100, "_skip_cache": 1}
    _, listed = await client.fetch_as(_LIST, f"orders/{order_id}/refunds", query)
    for one in listed:
        same = scalars.plain(one.reason).strip() == wanted.reason.strip()
        if same and money.parse(one.amount) == money.canonical(wanted.amount):
            return one.id
    return None


def _body(wanted: Refund) -> dict[str, object]:
    return {
        "amount": money.text_of(wanted.amount),
        "reason": wanted.reason.strip(),
        "api_refund": wanted.pay_back,
        "api_restock": wanted.restock,
        "line_items": [
            {
                "id": one.line,
                "quantity": one.quantity,
                "refund_total": money.text_of(one.total),
            }
            for one in wanted.lines
        ],
    }
