"""A variation as /variations and /products/<id>/variations send it, or a webhook as a product."""

import msgspec

from woosync.woo.wire import decoding, parts
from woosync.woo.wire.parts import Flag, Id, Many, Number, Reference, Text


class WooVariation(parts.Part, frozen=True):
    """Whatever `mapping.variation` reads, and the extras worth keeping beside it.

    `image` comes from the variations' routes, `images` where it is read as a product.
    """

    id: Id
    date_created_gmt: Text = None
    date_modified_gmt: Text = None
    description: Text = ""
    permalink: Text = ""
    sku: parts.LooseText = ""
    global_unique_id: parts.LooseText = ""
    price: Number = ""
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
    meta_data: Many[parts.Meta] = None
    parent_id: Reference = None


FIELDS = parts.fields_of(WooVariation)
_DECODER = msgspec.json.Decoder(WooVariation)


def decode(raw: bytes | msgspec.Raw) -> WooVariation:
    """Decode one variation; `decoding.DecodeFailed` if it is none."""
    return decoding.decode_with(_DECODER, raw, "variation")
