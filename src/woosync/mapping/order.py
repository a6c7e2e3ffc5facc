"""Orders between the wire and the domain; back only what a back office may change."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from woosync.domain import order as orders
from woosync.domain.ids import LineId, WooId
from woosync.domain.order import Order
from woosync.mapping import customer, scalars
from woosync.woo.wire import order as wires
from woosync.woo.wire import parts

#: Statuses that belong to the checkout or the trash; the store takes none of them as a change.
NOT_SENT = frozenset({"trash", "auto-draft", "checkout-draft", "draft"})

_total = scalars.total


def to_domain(wire: wires.WooOrder) -> Order:
    """Turn an order of the wire into the record that both sides agree on.

    Raises:
        BadValue: A field holds what it cannot mean, such as a total "abc".
    """
    try:
        return _record(wire)
    except scalars.BadValue as bad:
        raise bad.of("order", wire.id) from bad


def _record(wire: wires.WooOrder) -> Order:
    return Order(
        number=scalars.text(wire.number) or str(wire.id),
        status=wire.status,
        currency=wire.currency or "",
        prices_include_tax=scalars.flag(wire.prices_include_tax),
        created=scalars.moment(wire.date_created_gmt, "date_created_gmt"),
        paid=scalars.moment(wire.date_paid_gmt, "date_paid_gmt"),
        completed=scalars.moment(wire.date_completed_gmt, "date_completed_gmt"),
        total=_total(wire.total, "total"),
        total_tax=_total(wire.total_tax, "total_tax"),
        discount_total=_total(wire.discount_total, "discount_total"),
        discount_tax=_total(wire.discount_tax, "discount_tax"),
        shipping_total=_total(wire.shipping_total, "shipping_total"),
        shipping_tax=_total(wire.shipping_tax, "shipping_tax"),
        cart_tax=_total(wire.cart_tax, "cart_tax"),
        customer=scalars.reference(wire.customer_id, "customer_id"),
        billing=customer.address_of(wire.billing),
        shipping=customer.address_of(wire.shipping),
        payment_method=wire.payment_method or "",
        payment_method_title=scalars.plain(wire.payment_method_title),
        transaction_id=scalars.text(wire.transaction_id),
        created_via=wire.created_via or "",
        customer_note=wire.customer_note or "",
        lines=tuple(map(_line, parts.each(wire.line_items))),
        shipping_lines=tuple(map(_shipping_line, parts.each(wire.shipping_lines))),
        fee_lines=tuple(map(_fee_line, parts.each(wire.fee_lines))),
        coupon_lines=tuple(map(_coupon_line, parts.each(wire.coupon_lines))),
        tax_lines=tuple(map(_tax_line, parts.each(wire.tax_lines))),
        refunds=tuple(map(_refund_head, parts.each(wire.refunds))),
    )


def to_wire(order: Order, *, meta: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what to send: status, note, addresses, and the meta entries given (None deletes one).

    Send only the parts that changed: addresses make the store calculate the taxes anew, and a
    status has consequences (stock, e-mails). Lines are never sent; the store would add them again.
    """
    body: dict[str, Any] = {
        "customer_note": order.customer_note,
        "billing": customer.billing_to_wire(order.billing),
        "shipping": customer.shipping_to_wire(order.shipping),
    }
    if order.status not in NOT_SENT:
        body["status"] = order.status
    if meta:
        body["meta_data"] = [{"key": key, "value": value} for key, value in meta.items()]
    return body


def _line(item: wires.LineItem) -> orders.Line:
    sku = scalars.nothing_to_none(scalars.text(item.sku))
    return orders.Line(
        id=LineId(item.id),
        product=scalars.reference(item.product_id, "product_id of a line"),
        variation=scalars.reference(item.variation_id, "variation_id of a line"),
        name=scalars.plain(item.name),
        sku=sku,
        quantity=scalars.quantity(item.quantity, "quantity of a line") or orders.ZERO,
        subtotal=_total(item.subtotal, "subtotal of a line"),
        total=_total(item.total, "total of a line"),
        tax=_total(item.total_tax, "total_tax of a line"),
        reduced_stock=_reduced_stock(item),
    )


def _reduced_stock(item: wires.LineItem) -> Decimal:
    """Read what the line holds of the stock; the key is absent where it holds nothing."""
    value = scalars.meta_value(item.meta_data, "_reduced_stock")
    if value is None or isinstance(value, (list, dict, bool)):
        return orders.ZERO
    return scalars.quantity(value, "_reduced_stock of a line") or orders.ZERO


def _shipping_line(item: wires.ShippingItem) -> orders.ShippingLine:
    return orders.ShippingLine(
        id=LineId(item.id),
        method=item.method_id or "",
        title=scalars.plain(item.method_title),
        total=_total(item.total, "total of shipping"),
        tax=_total(item.total_tax, "total_tax of shipping"),
    )


def _fee_line(item: wires.FeeItem) -> orders.FeeLine:
    return orders.FeeLine(
        id=LineId(item.id),
        name=scalars.plain(item.name),
        total=_total(item.total, "total of a fee"),
        tax=_total(item.total_tax, "total_tax of a fee"),
    )


def _coupon_line(item: wires.CouponItem) -> orders.CouponLine:
    return orders.CouponLine(
        id=LineId(item.id),
        code=scalars.text(item.code),
        discount=_total(item.discount, "discount of a coupon"),
        tax=_total(item.discount_tax, "discount_tax of a coupon"),
    )


def _tax_line(item: wires.TaxItem) -> orders.TaxLine:
    return orders.TaxLine(
        id=LineId(item.id),
        code=item.rate_code or "",
        label=scalars.plain(item.label),
        rate_percent=_total(item.rate_percent, "rate_percent"),
        total=_total(item.tax_total, "tax_total"),
        shipping_total=_total(item.shipping_tax_total, "shipping_tax_total"),
    )


def _refund_head(item: wires.RefundItem) -> orders.RefundHead:
    return orders.RefundHead(
        id=WooId(item.id),
        reason=item.reason or "",
        total=scalars.negated(_total(item.total, "total of a refund")),
    )
