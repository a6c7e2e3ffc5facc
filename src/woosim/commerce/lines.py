"""An order's lines: products at their price, shipping, fees and coupons, each with its tax."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from woosim import errors, shop
from woosim.commerce import meta, prices, texts

Record = dict[str, Any]
_CENT, _WIDE = Decimal("0.01"), Context(prec=1000)
RATE = Decimal("8.875")


def money(amount: Decimal | None) -> str:
    """Write an amount with two decimals."""
    return str((amount or Decimal(0)).quantize(_CENT, ROUND_HALF_UP, _WIDE))


def decimal(value: Any) -> Decimal:
    """Read an amount that was sent or stored; nothing is 0."""
    return prices.amount(texts.price(value)) or Decimal(0)


def tax_on(amount: Decimal) -> Decimal:
    """Return the New York sales tax on an amount."""
    return (amount * RATE / 100).quantize(_CENT, ROUND_HALF_UP, _WIDE)


def new_item_id(chosen: shop.Shop) -> int:
    """Give out the id of an order's line, beyond those of the base orders."""
    return 16 * chosen.options.orders + chosen.next_id("item")


def product_line(chosen: shop.Shop, sent: Mapping[str, Any]) -> Record:
    """Return a new line of goods; a product the shop does not have gives an empty one.

    Raises:
        RestError: 400 woocommerce_rest_required_product_reference if none is named.
    """
    product_id, variation_id = _reference(chosen, sent)
    product = chosen.read("product", product_id)
    variation = chosen.read("variation", variation_id) if variation_id else None
    goods = variation or product
    line: Record = {
        "id": new_item_id(chosen),
        "name": _line_name(product, variation),
        "product_id": product_id if product else 0,
        "variation_id": variation_id if variation else 0,
        "quantity": 1,
        "tax_class": "",
        **dict.fromkeys(("subtotal", "subtotal_tax", "total", "total_tax"), "0.00"),
        "taxes": [],
        "meta_data": _choices(chosen, variation) if variation else [],
        "sku": goods["sku"] if goods else None,
        "global_unique_id": goods["global_unique_id"] if goods else None,
        "price": 0,
        "image": {"id": 0 if variation or not goods else "", "src": ""},
        "parent_name": product["name"] if product and variation else None,
    }
    edit_product_line(line, {"quantity": 1, **sent}, _unit_price(goods))
    return line


def _reference(chosen: shop.Shop, sent: Mapping[str, Any]) -> tuple[int, int]:
    """Return (product id, variation id) of what a line names by id or SKU."""
    if sent.get("sku"):
        found = chosen.find_sku(str(sent["sku"]))
        number = found[0][1] if found else 0
    elif sent.get("variation_id"):
        number = texts.integer(sent["variation_id"])
    elif sent.get("product_id") is not None:
        number = texts.integer(sent["product_id"])
    else:
        code = "woocommerce_rest_required_product_reference"
        raise errors.RestError(400, code, "Product ID or SKU is required.")
    variation = chosen.read("variation", number)
    return (variation["parent_id"], number) if variation else (number, 0)


def _line_name(product: Record | None, variation: Record | None) -> str:
    if product is None:
        return ""
    if variation is None:
        return str(product["name"])
    options = ", ".join(attribute["option"] for attribute in variation["attributes"])
    return f"{product['name']} - {options}"


def _choices(chosen: shop.Shop, variation: Record) -> list[Record]:
    return [
        {
            "id": meta.new_id(chosen),
            "key": attribute["slug"],
            "value": attribute["option"],
            "display_key": attribute["name"],
            "display_value": attribute["option"],
        }
        for attribute in variation["attributes"]
    ]


def _unit_price(goods: Record | None) -> Decimal:
    return (prices.amount(goods["price"]) if goods else None) or Decimal(0)


def edit_product_line(line: Record, sent: Mapping[str, Any], unit: Decimal | None = None) -> None:
    """Put what was sent on a line; without amounts the unit price times the quantity."""
    old = max(1, line["quantity"])
    if sent.get("quantity") is not None:
        line["quantity"] = texts.integer(sent["quantity"])
    if sent.get("name"):
        line["name"] = texts.post_text(sent["name"])
    count = line["quantity"]
    for name in ("subtotal", "total"):
        if sent.get(name) is not None:
            line[name] = money(decimal(sent[name]))
        elif unit is not None:
            line[name] = money(unit * count)
        elif count != old and sent.get("quantity") is not None:
            line[name] = money(Decimal(line[name]) / old * count)
    if unit is not None and sent.get("subtotal") is not None and sent.get("total") is None:
        line["total"] = line["subtotal"]
    each = Decimal(line["total"]) / count if count else Decimal(0)
    line["price"] = int(each) if each == int(each) else float(each)


def extra_line(chosen: shop.Shop, kind: str, sent: Mapping[str, Any]) -> Record:
    """Return a new shipping or fee line."""
    line: Record = {"id": new_item_id(chosen)}
    if kind == "shipping_lines":
        line |= {"method_title": "", "method_id": "", "instance_id": ""}
    else:
        line |= {"name": "", "tax_class": "", "tax_status": "taxable", "amount": ""}
    line |= {"total": "0.00", "total_tax": "0.00", "taxes": []}
    line |= {"tax_status": "taxable", "meta_data": []}
    edit_extra_line(chosen, line, sent)
    return line


def edit_extra_line(chosen: shop.Shop, line: Record, sent: Mapping[str, Any]) -> None:
    """Put what was sent on a shipping or fee line."""
    for name in ("method_title", "method_id", "instance_id", "name", "tax_class", "tax_status"):
        if name in line and sent.get(name) is not None:
            line[name] = texts.plain(sent[name])
    if sent.get("total") is not None:
        line["total"] = money(decimal(sent["total"]))
    if sent.get("meta_data"):
        line["meta_data"] = meta.apply(chosen, line["meta_data"], sent["meta_data"])
