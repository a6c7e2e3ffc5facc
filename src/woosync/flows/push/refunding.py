"""Refunds, only ever by request: money through the gateway and goods into stock are said aloud."""

import html
import math
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from woosync import errors as kinds
from woosync.domain import money
from woosync.postgres import creations, locks
from woosync.postgres.engine import Database
from woosync.woo import errors
from woosync.woo.client import StoreClient

REFUND_LOCK = 0x524644
#: The kind of intent, kept by the store's id of the order.
ENTITY = "refund"


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


class RefundUnderWayError(kinds.TemporaryError):
    """A refund of this order, or of another one of the store, may be on its way."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Where to refund. A request of unknown outcome may still arrive for `hold`."""

    database: Database
    client: StoreClient
    store_id: int
    store_key: str
    clock: Callable[[], datetime]
    hold: timedelta = timedelta(minutes=2)


class _Made(msgspec.Struct):
    id: int
    amount: str = "0"
    reason: str = ""


_LIST = msgspec.json.Decoder(list[_Made])
_ONE = msgspec.json.Decoder(_Made)
_MARKUP = re.compile("<[^<>]*>")


async def refund(job: Job, order_id: int, wanted: Refund) -> int:
    """Make a refund of an order and return its id in the store; one that is there is returned.

    That one is sent is saved first, and no other follows while its outcome is unknown and it may
    still arrive. Raises RefundRefusedError, RefundUnderWayError, OutcomeUnknown (ask again: it is
    looked for first) and what StoreClient raises.
    """
    if not _words(wanted.reason) or wanted.amount < 0 or not (wanted.amount or wanted.lines):
        raise RefundRefusedError(
            "A refund needs an amount and a reason that tells it from others.",
            remedy="Name the reason, such as the number of the return.",
        )
    busy = RefundUnderWayError(
        f"Another refund in the store {job.store_key} is under way.",
        remedy="Try again in a moment.",
    )
    async with locks.alone(job.database, REFUND_LOCK, job.store_id, busy):
        known = await _find(job.client, order_id, wanted)
        if known is None:
            await _intend(job, order_id)
            known = await _send(job, order_id, wanted)
        await _forget(job, order_id)
    return known


async def _intend(job: Job, order_id: int) -> None:
    """Save that a refund is about to be sent; raises RefundUnderWayError while one may arrive."""
    async with job.database.transaction() as tx:
        before = (await creations.load(tx, job.store_id, ENTITY, [order_id])).get(order_id)
        left = (before.sent_at + job.hold - job.clock()).total_seconds() if before else 0.0
        if left > 0:
            raise RefundUnderWayError(
                f"A refund of the order {order_id} was sent, and its answer was lost.",
                remedy=f"It may still arrive: ask again in {math.ceil(left)} seconds.",
                retry_after=left,
            )
        await creations.save(tx, job.store_id, ENTITY, [order_id])


async def _send(job: Job, order_id: int, wanted: Refund) -> int:
    """Send a refund; the intent of one that was certainly not made is forgotten."""
    try:
        made = await job.client.send_as(
            _ONE, "POST", f"orders/{order_id}/refunds", body=_body(wanted)
        )
    except errors.OutcomeUnknown:
        async with job.database.transaction() as tx:  # it may still arrive for a while from now
            await creations.save(tx, job.store_id, ENTITY, [order_id])
        found = await _find(job.client, order_id, wanted)
        if found is None:
            raise
        return found
    except errors.StoreRejected as error:
        await _forget(job, order_id)
        raise RefundRefusedError(
            f"The store refused the refund: {error.store_message or error.message}",
            remedy="Look at what is left of the order, and at its payment method.",
        ) from error
    except kinds.WoosyncError:
        await _forget(job, order_id)
        raise
    return made.id


async def _forget(job: Job, order_id: int) -> None:
    async with job.database.transaction() as tx:
        await creations.forget(tx, job.store_id, ENTITY, [order_id])


async def _find(client: StoreClient, order_id: int, wanted: Refund) -> int | None:
    query = {"per_page": 100, "_skip_cache": 1}
    _, listed = await client.fetch_as(_LIST, f"orders/{order_id}/refunds", query)
    for one in listed:
        same = _words(one.reason) == _words(wanted.reason)
        if same and money.parse(one.amount) == money.canonical(wanted.amount):
            return one.id
    return None


def _words(reason: str) -> list[str]:
    """Return what is left of a reason whatever a store does to markup, entities and blanks."""
    return _MARKUP.sub("", html.unescape(reason)).split()


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
