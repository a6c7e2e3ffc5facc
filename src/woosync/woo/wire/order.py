"""An order as /orders sends it, with its lines."""

import msgspec

from woosync.woo.wire import decoding, parts
from woosync.woo.wire.parts import Flag, Id, Many, Number, Reference, Text


class LineItem(parts.Part, frozen=True):
    """A sold product; its price, a float with noise, is left out: subtotal and total are exact."""

    id: Id
    name: Text = ""
    product_id: Reference = None
    variation_id: Reference = None
    quantity: Number = 0
    tax_class: Text = ""
    subtotal: Number = "0"
    subtotal_tax: Number = "0"
    total: Number = "0"
    total_tax: Number = "0"
    meta_data: Many[parts.Meta] = None
    sku: parts.LooseText = None


class ShippingItem(parts.Part, frozen=True):
    """A way of delivery."""

    id: Id
    method_title: Text = ""
    method_id: Text = ""
    total: Number = "0"
    total_tax: Number = "0"


class FeeItem(parts.Part, frozen=True):
    """A charge or a negative one."""

    id: Id
    name: Text = ""
    total: Number = "0"
    total_tax: Number = "0"


class CouponItem(parts.Part, frozen=True):
    """A coupon used."""

    id: Id
    code: parts.LooseText = ""
    discount: Number = "0"
    discount_tax: Number = "0"


class TaxItem(parts.Part, frozen=True):
    """The sum of one rate."""

    id: Id
    rate_code: Text = ""
    label: Text = ""
    tax_total: Number = "0"
    shipping_tax_total: Number = "0"
    rate_percent: Number = 0


class RefundItem(parts.Part, frozen=True):
    """A refund in short; the total is negative."""

    id: Id
    reason: Text = ""
    total: Number = "0"


class WooOrder(parts.Part, frozen=True):
    """Whatever `mapping.order` reads.

    Never asked for: order_key and payment_url (whoever has them can open the order), the
    customer's address on the network and browser, _links.
    """

    id: Id
    status: str = "pending"
    currency: Text = ""
    prices_include_tax: Flag = False
    discount_total: Number = "0"
    discount_tax: Number = "0"
    shipping_total: Number = "0"
    shipping_tax: Number = "0"
    cart_tax: Number = "0"
    total: Number = "0"
    total_tax: Number = "0"
    customer_id: Reference = None
    billing: parts.MaybeAddress = None
    shipping: parts.MaybeAddress = None
    payment_method: Text = ""
    payment_method_title: Text = ""
    transaction_id: parts.LooseText = ""
    created_via: Text = ""
    customer_note: Text = ""
    number: parts.LooseText = ""
    line_items: Many[LineItem] = None
    tax_lines: Many[TaxItem] = None
    shipping_lines: Many[ShippingItem] = None
    fee_lines: Many[FeeItem] = None
    coupon_lines: Many[CouponItem] = None
    refunds: Many[RefundItem] = None
    date_created_gmt: Text = None
    date_completed_gmt: Text = None
    date_paid_gmt: Text = None


#: Kept as sent beside the record, so that their oddities do no harm.
EXTRAS = (
    "parent_id",
    "meta_data",
    "date_modified_gmt",
)
FIELDS = parts.fields_of(WooOrder, EXTRAS)
_DECODER = msgspec.json.Decoder(WooOrder)


def decode(raw: bytes | msgspec.Raw) -> WooOrder:
    """Decode one order; `decoding.DecodeFailed` if it is none."""
    return decoding.decode_with(_DECODER, raw, "order")
