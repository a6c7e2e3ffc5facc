"""Orders with their lines, and refunds. The currency of every amount is the order's."""

from datetime import datetime
from decimal import Decimal

import msgspec

from woosync.domain.customer import NOWHERE, Address
from woosync.domain.ids import LineId, WooId

ZERO = Decimal(0)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A sold product.

    `reduced_stock` is what this line now holds of the stock (WooCommerce's `_reduced_stock`).
    `subtotal` is before and `total` after discounts, both without tax; `tax` belongs to `total`.
    """

    id: LineId
    product: WooId | None = None
    variation: WooId | None = None
    name: str = ""
    sku: str | None = None
    quantity: Decimal = ZERO
    subtotal: Decimal = ZERO
    total: Decimal = ZERO
    tax: Decimal = ZERO
    reduced_stock: Decimal = ZERO


class ShippingLine(msgspec.Struct, frozen=True, kw_only=True):
    """A way of delivery that is charged."""

    id: LineId
    method: str = ""
    title: str = ""
    total: Decimal = ZERO
    tax: Decimal = ZERO


class FeeLine(msgspec.Struct, frozen=True, kw_only=True):
    """A charge, or a discount where the total is negative."""

    id: LineId
    name: str = ""
    total: Decimal = ZERO
    tax: Decimal = ZERO


class CouponLine(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon used; its discount is already inside the totals of the lines."""

    id: LineId
    code: str = ""
    discount: Decimal = ZERO
    tax: Decimal = ZERO


class TaxLine(msgspec.Struct, frozen=True, kw_only=True):
    """The sum of one tax rate over the order."""

    id: LineId
    code: str = ""
    label: str = ""
    rate_percent: Decimal = ZERO
    total: Decimal = ZERO
    shipping_total: Decimal = ZERO


class RefundHead(msgspec.Struct, frozen=True, kw_only=True):
    """What an order says of one of its refunds; `total` is the positive amount given back."""

    id: WooId
    reason: str = ""
    total: Decimal = ZERO


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A sale of the store. `customer` is None for a guest: then see `customer.guest_of`."""

    number: str = ""
    status: str = "pending"
    currency: str = ""
    prices_include_tax: bool = False
    created: datetime | None = None
    paid: datetime | None = None
    completed: datetime | None = None
    total: Decimal = ZERO
    total_tax: Decimal = ZERO
    discount_total: Decimal = ZERO
    discount_tax: Decimal = ZERO
    shipping_total: Decimal = ZERO
    shipping_tax: Decimal = ZERO
    cart_tax: Decimal = ZERO
    customer: WooId | None = None
    billing: Address = NOWHERE
    shipping: Address = NOWHERE
    payment_method: str = ""
    payment_method_title: str = ""
    transaction_id: str = ""
    created_via: str = ""
    customer_note: str = ""
    lines: tuple[Line, ...] = ()
    shipping_lines: tuple[ShippingLine, ...] = ()
    fee_lines: tuple[FeeLine, ...] = ()
    coupon_lines: tuple[CouponLine, ...] = ()
    tax_lines: tuple[TaxLine, ...] = ()
    refunds: tuple[RefundHead, ...] = ()


class RefundLine(msgspec.Struct, frozen=True, kw_only=True):
    """Goods taken back: positive quantity and amounts; `refunded` is the order line."""

    id: LineId
    refunded: LineId | None = None
    product: WooId | None = None
    variation: WooId | None = None
    name: str = ""
    sku: str | None = None
    quantity: Decimal = ZERO
    total: Decimal = ZERO
    tax: Decimal = ZERO


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """Money given back on an order: positive `amount` with tax; `paid_back` by the gateway."""

    order: WooId
    amount: Decimal = ZERO
    reason: str = ""
    created: datetime | None = None
    paid_back: bool = False
    lines: tuple[RefundLine, ...] = ()
