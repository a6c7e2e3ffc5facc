"""A product as /products sends it (also a variation, when it is read through there)."""

import msgspec

from woosync.woo.wire import decoding, parts
from woosync.woo.wire.parts import Flag, Id, Many, Number, Reference, Text


class WooProduct(parts.Part, frozen=True):
    """Whatever `mapping.product` reads, and the extras worth keeping beside it.

    Left out on purpose: related_ids (random at every request), price_html, total_sales and ratings
    (move without a change of the product), _links.
    """

    id: Id
    name: Text = ""
    slug: Text = ""
    permalink: Text = ""
    date_created_gmt: Text = None
    date_modified_gmt: Text = None
    type: str = "simple"
    status: str = "publish"
    featured: Flag = False
    catalog_visibility: Text = "visible"
    description: Text = ""
    short_description: Text = ""
    sku: parts.LooseText = ""
    price: Number = ""
    regular_price: Number = ""
    sale_price: Number = ""
    date_on_sale_from_gmt: Text = None
    date_on_sale_to_gmt: Text = None
    virtual: Flag = False
    downloadable: Flag = False
    external_url: Text = ""
    button_text: Text = ""
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
    upsell_ids: Many[Reference] = None
    cross_sell_ids: Many[Reference] = None
    parent_id: Reference = None
    purchase_note: Text = ""
    categories: Many[parts.Term] = None
    brands: Many[parts.Term] = None
    tags: Many[parts.Term] = None
    images: Many[parts.Image] = None
    attributes: Many[parts.Attribute] = None
    default_attributes: Many[parts.Attribute] = None
    variations: Many[Reference] = None
    grouped_products: Many[Reference] = None
    menu_order: Number = 0
    meta_data: Many[parts.Meta] = None
    stock_status: Text = "instock"
    global_unique_id: parts.LooseText = ""


FIELDS = parts.fields_of(WooProduct)
_DECODER = msgspec.json.Decoder(WooProduct)


def decode(raw: bytes | msgspec.Raw) -> WooProduct:
    """Decode one product; `decoding.DecodeFailed` if it is none."""
    return decoding.decode_with(_DECODER, raw, "product")
