"""A customer as /customers sends it: an account, never a guest."""

import msgspec

from woosync.woo.wire import decoding, parts
from woosync.woo.wire.parts import Flag, Id, Text


class WooCustomer(parts.Part, frozen=True):
    """Whatever `mapping.customer` reads."""

    id: Id
    email: Text = ""
    first_name: Text = ""
    last_name: Text = ""
    role: Text = "customer"
    username: Text = ""
    billing: parts.MaybeAddress = None
    shipping: parts.MaybeAddress = None
    is_paying_customer: Flag = False


#: Kept as sent beside the record, so that their oddities do no harm.
EXTRAS = (
    "date_created_gmt",
    "date_modified_gmt",
    "meta_data",
)
FIELDS = parts.fields_of(WooCustomer, EXTRAS)
_DECODER = msgspec.json.Decoder(WooCustomer)


def decode(raw: bytes | msgspec.Raw) -> WooCustomer:
    """Decode one customer; `decoding.DecodeFailed` if it is none."""
    return decoding.decode_with(_DECODER, raw, "customer")
