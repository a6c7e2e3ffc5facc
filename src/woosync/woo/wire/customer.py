"""A customer as /customers sends it: an account, never a guest."""

import msgspec

from woosync.woo.wire import decoding, parts
from woosync.woo.wire.parts import Flag, Id, Many, Text


class WooCustomer(parts.Part, frozen=True):
    """Whatever `mapping.customer` reads, and the extras worth keeping beside it."""

    id: Id
    date_created_gmt: Text = None
    date_modified_gmt: Text = None
    email: Text = ""
    first_name: Text = ""
    last_name: Text = ""
    role: Text = "customer"
    username: Text = ""
    billing: parts.MaybeAddress = None
    shipping: parts.MaybeAddress = None
    is_paying_customer: Flag = False
    meta_data: Many[parts.Meta] = None


FIELDS = parts.fields_of(WooCustomer)
_DECODER = msgspec.json.Decoder(WooCustomer)


def decode(raw: bytes | msgspec.Raw) -> WooCustomer:
    """Decode one customer; `decoding.DecodeFailed` if it is none."""
    return decoding.decode_with(_DECODER, raw, "customer")
