"""A variation as /variations and /products/<id>/variations send it, or a webhook as a product."""

import msgspec

from woosync.woo.wire import decoding, parts
from woosync.woo.wire.parts import Flag, Id, Many, Number, Reference, Text


class WooVariation(parts.Part, frozen=True):
    """Whatever `mapping.variation` reads.

    `image` comes from the variations' routes, `images` where it is read as a product.
    """

    id: Id
    description: Text = ""
    sku: parts.LooseText = ""
    global_unique_id: parts.LooseText = ""
    regular_price: Number = ""
    sale_price: Number = ""
    date_on_sale_from_gmt: Text = None
    date_on_sale_to_gmt: Text = None
    status: str = "publish"
    virtual: Flag = False
    downloadable: Flag = False
    tax_status: Text = "taxable"
    tax_class: Text = ""
    manage_stock: Flag = False
    stock_quantity: Number = None
    stock_status: Text = "instock"
    backorders: Text = "no"
    low_stock_amount: Number = None
    weight: Number = ""
    dimensions: parts.MaybeDimensions = None
    shipping_class: Text = ""
    image: parts.MaybeImage = None
    images: Many[parts.Image] = None
    attributes: Many[parts.Attribute] = None
    menu_order: Number = 0
    parent_id: Reference = None


#: Kept as sent beside the record, so that their oddities do no harm.
EXTRAS = (
    "permalink",
    "date_created_gmt",
    "date_modified_gmt",
    "price",
    "meta_data",
)
FIELDS = parts.fields_of(WooVariation, EXTRAS)
_DECODER = msgspec.json.Decoder(WooVariation)


def decode(raw: bytes | msgspec.Raw) -> WooVariation:
    """Decode one variation; `decoding.DecodeFailed` if it is none."""
    return decoding.decode_with(_DECODER, raw, "variation")
