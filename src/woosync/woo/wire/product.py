"""A product as /products sends it (also a variation, when it is read through there)."""

import msgspec

from woosync.woo.wire import decoding, parts
from woosync.woo.wire.parts import Flag, Id, Many, Number, Reference, Text


class WooProduct(parts.Part, frozen=True):
    """Whatever `mapping.product` reads.

    Never asked for: related_ids (random at every request), price_html, total_sales and ratings
    (move without a change of the product), _links.
    """

    id: Id
    name: Text = ""
    slug: Text = ""
    type: str = "simple"
    status: str = "publish"
    featured: Flag = False
    catalog_visibility: Text = "visible"
    description: Text = ""
    short_description: Text = ""
    sku: parts.LooseText = ""
    regular_price: Number = ""
    sale_price: Number = ""
    date_on_sale_from_gmt: Text = None
    date_on_sale_to_gmt: Text = None
    virtual: Flag = False
    downloadable: Flag = False
    external_url: Text = ""
    tax_status: Text = "taxable"
    tax_class: Text = ""
    manage_stock: Flag = False
    stock_quantity: Number = None
    backorders: Text = "no"
    low_stock_amount: Number = None
    sold_individually: Flag = False
    weight: Number = ""
    dimensions: parts.MaybeDimensions = None
    shipping_class: Text = ""
    parent_id: Reference = None
    categories: Many[parts.Term] = None
    tags: Many[parts.Term] = None
    images: Many[parts.Image] = None
    attributes: Many[parts.Attribute] = None
    menu_order: Number = 0
    stock_status: Text = "instock"
    global_unique_id: parts.LooseText = ""


#: Kept as sent beside the record, so that their oddities do no harm.
EXTRAS = (
    "permalink",
    "date_created_gmt",
    "date_modified_gmt",
    "price",
    "button_text",
    "upsell_ids",
    "cross_sell_ids",
    "purchase_note",
    "brands",
    "default_attributes",
    "variations",
    "grouped_products",
    "meta_data",
)
FIELDS = parts.fields_of(WooProduct, EXTRAS)
_DECODER = msgspec.json.Decoder(WooProduct)


class _Kind(parts.Part, frozen=True):
    type: str = "simple"
    variations: Many[object] = None


def has_variations(raw: bytes | msgspec.Raw) -> bool:
    """Tell whether a product may have variations; plugins have kinds of their own that do."""
    found = decoding.decode_with(_KINDS, raw, "product")
    return found.type == "variable" or bool(found.variations)


_KINDS = msgspec.json.Decoder(_Kind)


def decode(raw: bytes | msgspec.Raw) -> WooProduct:
    """Decode one product; `decoding.DecodeFailed` if it is none."""
    return decoding.decode_with(_DECODER, raw, "product")
