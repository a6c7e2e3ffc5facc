"""A product's price out of its regular price, its sale price and the sale's dates."""

import html
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from woosim import dates

Record = dict[str, Any]


def amount(text: Any) -> Decimal | None:
    """Read a stored price; None if there is none."""
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None


def settle(record: Record, now: datetime) -> None:
    """Drop a sale price that is no saving, and derive price, on_sale and price_html."""
    regular, sale = amount(record["regular_price"]), amount(record["sale_price"])
    if sale is not None and (regular is None or sale >= regular):
        record["sale_price"], sale = "", None
    on_sale = sale is not None and _in_window(record, now)
    record["on_sale"] = on_sale
    record["price"] = record["sale_price"] if on_sale else record["regular_price"]
    record["purchasable"] = record["price"] != ""
    if "price_html" in record:
        record["price_html"] = _html(record)


def _in_window(record: Record, now: datetime) -> bool:
    seconds = int(now.timestamp())
    start, end = record["date_on_sale_from_gmt"], record["date_on_sale_to_gmt"]
    if start and dates.to_seconds(start) > seconds:
        return False
    return not (end and dates.to_seconds(end) < seconds)


def _html(record: Record) -> str:
    if not record["price"]:
        return ""
    if not record["on_sale"]:
        return marked_up(record["price"])
    regular = marked_up(record["regular_price"])
    return f'<del aria-hidden="true">{regular}</del> {marked_up(record["sale_price"])}'


def marked_up(price: str) -> str:
    """Return a price as the shop's pages show it."""
    inner = '<span class="woocommerce-Price-currencySymbol" translate="no">&#36;</span>'
    price = html.escape(price)
    return f'<span class="woocommerce-Price-amount amount"><bdi>{inner}{price}</bdi></span>'
