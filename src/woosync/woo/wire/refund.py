"""A refund as /refunds and /orders/<id>/refunds send it; only the former names the order."""

import msgspec

from woosync.woo.wire import decoding, order, parts
from woosync.woo.wire.parts import Flag, Id, Many, Number, Reference, Text


class WooRefund(parts.Part, frozen=True):
    """Whatever `mapping.refund` reads: a positive amount, and lines with negative numbers."""

    id: Id
    parent_id: Reference = None
    date_created_gmt: Text = None
    amount: Number = "0"
    reason: Text = ""
    refunded_payment: Flag = False
    line_items: Many[order.LineItem] = None


#: Kept as sent beside the record, so that their oddities do no harm.
EXTRAS = (
    "refunded_by",
    "meta_data",
)
FIELDS = parts.fields_of(WooRefund, EXTRAS)
_DECODER = msgspec.json.Decoder(WooRefund)


def decode(raw: bytes | msgspec.Raw) -> WooRefund:
    """Decode one refund; `decoding.DecodeFailed` if it is none."""
    return decoding.decode_with(_DECODER, raw, "refund")
