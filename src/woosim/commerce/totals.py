"""An order's taxes, discounts and totals, worked out again whenever its lines or address change."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from woosim import errors, shop
from woosim.commerce import lines, meta

Record = dict[str, Any]
COUPONS = {"tenoff": Decimal(10)}
"""The shop's coupons: percent off every line."""
INVALID_COUPON = "woocommerce_rest_invalid_coupon"
_HOME = ("US", "NY")
_COUPON_ID = 8


def recalculate(chosen: shop.Shop, order: Record) -> None:
    """Derive taxes and totals from the order's lines and address."""
    taxed = _taxed(order)
    for line in order["line_items"]:
        _tax_goods(line, taxed=taxed)
    for line in (*order["shipping_lines"], *order["fee_lines"]):
        tax = lines.tax_on(Decimal(line["total"])) if taxed and _is_taxable(line) else Decimal(0)
        line["total_tax"] = lines.money(tax)
        line["taxes"] = [{"id": 1, "total": lines.money(tax), "subtotal": ""}] if taxed else []
    goods, shipping, fees = order["line_items"], order["shipping_lines"], order["fee_lines"]
    cart_tax = _sum(goods, "total_tax") + _sum(fees, "total_tax")
    shipping_tax = _sum(shipping, "total_tax")
    discount = _sum(goods, "subtotal") - _sum(goods, "total")
    total = _sum(goods, "total") + _sum(fees, "total") + _sum(shipping, "total")
    order |= {
        "discount_total": lines.money(discount),
        "discount_tax": lines.money(_sum(goods, "subtotal_tax") - _sum(goods, "total_tax")),
        "shipping_total": lines.money(_sum(shipping, "total")),
        "shipping_tax": lines.money(shipping_tax),
        "cart_tax": lines.money(cart_tax),
        "total": lines.money(total + cart_tax + shipping_tax),
        "total_tax": lines.money(cart_tax + shipping_tax),
        "tax_lines": _tax_lines(chosen, order, cart_tax, shipping_tax) if taxed else [],
    }


def _taxed(order: Record) -> bool:
    """Tell whether New York's tax applies: by shipping, else billing, else the shop's address."""
    for address in (order["shipping"], order["billing"]):
        if address["country"]:
            return (address["country"], address["state"]) == _HOME
    return True


def _is_taxable(line: Record) -> bool:
    return bool(line.get("tax_status") != "none")


def _tax_goods(line: Record, *, taxed: bool) -> None:
    for name in ("subtotal", "total"):
        tax = lines.tax_on(Decimal(line[name])) if taxed else Decimal(0)
        line[f"{name}_tax"] = lines.money(tax)
    amounts = {"total": line["total_tax"], "subtotal": line["subtotal_tax"]}
    line["taxes"] = [{"id": 1, **amounts}] if taxed else []


def _sum(entries: list[Record], name: str) -> Decimal:
    return sum((Decimal(entry[name]) for entry in entries), Decimal(0))


def _tax_lines(
    chosen: shop.Shop, order: Record, cart_tax: Decimal, shipping_tax: Decimal
) -> list[Record]:
    known = order["tax_lines"]
    return [
        {
            "id": known[0]["id"] if known else lines.new_item_id(chosen),
            "rate_code": "US-NY-NY TAX-1",
            "rate_id": 1,
            "label": "NY Tax",
            "compound": False,
            "tax_total": lines.money(cart_tax),
            "shipping_tax_total": lines.money(shipping_tax),
            "rate_percent": 8.875,
            "meta_data": [],
        }
    ]


def apply_coupons(chosen: shop.Shop, order: Record, sent: list[Any]) -> None:
    """Replace the order's coupons and discount its lines.

    Raises:
        RestError: 400 for a coupon line with an id, or a coupon the shop does not have.
    """
    order["coupon_lines"] = []
    for line in order["line_items"]:
        line["total"] = line["subtotal"]
    for item in sent:
        if not isinstance(item, Mapping) or item.get("id"):
            code = "woocommerce_rest_coupon_item_id_readonly"
            raise errors.RestError(400, code, "Coupon item ID is readonly.")
        coupon = str(item.get("code", "")).lower()
        if coupon not in COUPONS:
            message = f'Coupon "{coupon}" cannot be applied because it does not exist.'
            raise errors.RestError(400, INVALID_COUPON, message)
        _discount(chosen, order, coupon)


def _discount(chosen: shop.Shop, order: Record, code: str) -> None:
    percent, taken = COUPONS[code], Decimal(0)
    for line in order["line_items"]:
        off = Decimal(lines.money(Decimal(line["subtotal"]) * percent / 100))
        taken += off
        lines.edit_product_line(line, {"total": lines.money(Decimal(line["total"]) - off)})
    info = f'[{_COUPON_ID},"{code}","percent",{percent}]'
    shown = {"display_key": "coupon_info", "display_value": info}
    tax = lines.tax_on(taken) if _taxed(order) else Decimal(0)
    order["coupon_lines"].append(
        {
            "id": lines.new_item_id(chosen),
            "code": code,
            "discount": lines.money(taken),
            "discount_tax": lines.money(tax) if tax else "0",
            "meta_data": [
                {"id": meta.new_id(chosen), "key": "coupon_info", "value": info, **shown}
            ],
            "discount_type": "percent",
            "nominal_amount": int(percent),
            "free_shipping": False,
        }
    )
