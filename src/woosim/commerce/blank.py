"""New records with every key a record of their kind has, in WooCommerce's order."""

import re
from typing import Any

import msgspec

from woosim import rendering, shop

Record = dict[str, Any]
_MARK = re.compile("«([a-z_]+)»")
_PRODUCT: Record = {
    "type": "simple",
    "status": "publish",
    "featured": False,
    "on_sale": False,
    "purchasable": False,
    "virtual": False,
    "manage_stock": False,
    "stock_quantity": None,
    "backorders": "no",
    "backorders_allowed": False,
    "backordered": False,
    "stock_status": "instock",
    "shipping_required": True,
    "shipping_taxable": True,
    "average_rating": "0",
    "total_sales": 0,
    "categories": [{"id": 15, "name": "Uncategorized", "slug": "uncategorized"}],
    "attributes": [],
    "variations": [],
    "related_ids": [],
    "meta_data": [],
    "has_options": False,
}
_VARIATION: Record = {
    **{
        key: _PRODUCT[key]
        for key in (
            *("status", "on_sale", "purchasable", "manage_stock", "stock_quantity", "stock_status"),
            *("backorders", "backorders_allowed", "backordered", "attributes", "meta_data"),
        )
    },
}
_CUSTOMER: Record = {"role": "customer", "is_paying_customer": False, "meta_data": []}
_ORDER: Record = {
    "status": "pending",
    "created_via": "rest-api",
    "customer_id": 0,
    "meta_data": [],
    **dict.fromkeys(("line_items", "tax_lines", "shipping_lines", "fee_lines"), ()),
    **dict.fromkeys(("coupon_lines", "refunds"), ()),
    **dict.fromkeys(("discount_total", "discount_tax", "shipping_total", "shipping_tax"), "0.00"),
    **dict.fromkeys(("cart_tax", "total", "total_tax"), "0.00"),
    "is_editable": True,
    "needs_payment": False,
    "needs_processing": False,
    "customer_ip_address": "",
}
_REFUND: Record = {"line_items": (), "meta_data": ()}
_WITH = {
    "product": _PRODUCT,
    "variation": _VARIATION,
    "customer": _CUSTOMER,
    "order": _ORDER,
    "refund": _REFUND,
}


def make(chosen: shop.Shop, kind: str) -> Record:
    """Return an empty record of a kind, without id and dates set."""
    schema = chosen.base.schema(kind, chosen.home)
    base = chosen.base.by_kind[kind]
    raw = _raw_slots(schema)
    render = rendering.compile_renderer(schema, base.slots, None)
    drawn = tuple("null" if slot in raw else "" for slot in base.slots)
    record: Record = msgspec.json.decode(render(drawn))
    for key, value in _WITH[kind].items():
        if key in record:
            record[key] = list(value) if isinstance(value, list | tuple) else value
    for key in ("date_created", "date_created_gmt"):
        record[key] = None
    return record


def _raw_slots(schema: rendering.Schema) -> set[str]:
    """Return the slots that stand outside JSON strings: their empty value is null."""
    found: set[str] = set()
    for spec in schema.values():
        if not isinstance(spec, str):
            found |= _raw_slots(spec)
        elif not spec.startswith('"'):
            found |= set(_MARK.findall(spec))
    return found
