"""What a store says of a product's level alone, when it is looked at or was written."""

import msgspec
from msgspec import structs

from woosync.woo.wire import parts
from woosync.woo.wire.parts import Flag, Many, Number, Text


class WooLevel(parts.Part, frozen=True):
    """The level, who counts it, the last change, and the meta data with our marker."""

    id: int
    manage_stock: Flag = False
    stock_quantity: Number = None
    date_modified_gmt: Text = None
    meta_data: Many[parts.Meta] = None


FIELDS = ",".join(field.encode_name for field in structs.fields(WooLevel))
_DECODER = msgspec.json.Decoder(WooLevel)


def decode(raw: bytes | msgspec.Raw) -> WooLevel | None:
    """Decode one level; None for what is none (nothing can be learned from it)."""
    try:
        return _DECODER.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
