"""Refunds between the wire and the domain: negative on the wire, positive here."""

from typing import Any

from woosync.domain.ids import LineId, WooId
from woosync.domain.order import ZERO, Refund, RefundLine
from woosync.mapping import scalars
from woosync.woo.wire import parts
from woosync.woo.wire.order import LineItem
from woosync.woo.wire.refund import WooRefund


def to_domain(wire: WooRefund, order: WooId | None = None) -> Refund:
    """Turn a refund of the wire into a record; `order` where it was read below its order.

    Raises:
        BadValue: It names no order, or a field holds what it cannot mean.
    """
    try:
        return _record(wire, order)
    except scalars.BadValue as bad:
        raise bad.of("refund", wire.id) from bad


def _record(wire: WooRefund, order: WooId | None) -> Refund:
    owner = scalars.reference(wire.parent_id, "parent_id") or order
    if owner is None:
        raise scalars.BadValue("it names no order")
    return Refund(
        order=owner,
        amount=scalars.total(wire.amount, "amount"),
        reason=wire.reason or "",
        created=scalars.moment(wire.date_created_gmt, "date_created_gmt"),
        paid_back=scalars.flag(wire.refunded_payment),
        lines=tuple(map(_line, parts.each(wire.line_items))),
    )


def to_wire(refund: Refund, *, restock: bool) -> dict[str, Any]:
    """Return the body that creates the refund; only `paid_back` asks the gateway for money.

    Taxes of single lines are not sent (the store wants them by rate): the amount holds them.
    """
    return {
        "amount": scalars.amount_text(refund.amount),
        "reason": refund.reason,
        "api_refund": refund.paid_back,
        "api_restock": restock,
        "line_items": [
            {
                "id": line.refunded,
                "quantity": scalars.number(line.quantity),
                "refund_total": scalars.amount_text(line.total),
            }
            for line in refund.lines
            if line.refunded is not None
        ],
    }


def _line(item: LineItem) -> RefundLine:
    return RefundLine(
        id=LineId(item.id),
        refunded=_refunded(item),
        product=scalars.reference(item.product_id, "product_id of a line"),
        variation=scalars.reference(item.variation_id, "variation_id of a line"),
        name=scalars.plain(item.name),
        sku=scalars.nothing_to_none(scalars.text(item.sku)),
        quantity=scalars.negated(scalars.quantity(item.quantity, "quantity of a line") or ZERO),
        total=scalars.negated(scalars.total(item.total, "total of a line")),
        tax=scalars.negated(scalars.total(item.total_tax, "total_tax of a line")),
    )


def _refunded(item: LineItem) -> LineId | None:
    """Read which order line was refunded; None where the store does not say."""
    value = scalars.meta_value(item.meta_data, "_refunded_item_id")
    known = scalars.reference(value, "_refunded_item_id") if isinstance(value, int | str) else None
    return None if known is None else LineId(known)
