"""Texts, SKUs and prices as WordPress stores what was sent: cleaned, not refused."""

import re
from typing import Any

_TAG = re.compile(r"<\s*(/?)\s*([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>")
_BARE_AMPERSAND = re.compile(r"&(?!#?\w+;)")
_PERCENT_BYTE = re.compile(r"%[0-9a-fA-F]{2}")
_NOT_PRICE = re.compile(r"\.(?![^.]+$)|[^0-9.-]")
_LEADING_NUMBER = re.compile(r"\s*([+-]?\d+)")
_ALLOWED_TAGS = re.compile(
    r"a|abbr|b|blockquote|br|code|del|div|em|h[1-6]|hr|i|img|ins|li|mark|ol|p|pre|q|s|small|span"
    r"|strong|su[bp]|table|tbody|t[dhr]|thead|ul?",
    re.IGNORECASE,
)


def _allow_tag(match: re.Match[str]) -> str:
    slash, name, attributes = match.groups()
    if not _ALLOWED_TAGS.fullmatch(name):
        return ""
    attributes = attributes.strip()
    return f"<{slash}{name}{' ' + attributes if attributes else ''}>"


def post_text(value: Any) -> str:
    """Clean a product's name or description: ends cut, backslashes and foreign tags dropped."""
    text = _TAG.sub(_allow_tag, to_text(value).replace("\\", "").strip())
    return _BARE_AMPERSAND.sub("&amp;", text)


def person_text(value: Any) -> str:
    """Clean a customer's first or last name: tags dropped, a bare & escaped."""
    text = re.sub(r"\s+", " ", _TAG.sub("", to_text(value))).strip()
    return _BARE_AMPERSAND.sub("&amp;", text)


def plain(value: Any) -> str:
    """Clean a one-line text such as a SKU: tags and percent-bytes dropped, blanks folded."""
    text = re.sub(r"<[^>]*>", "", to_text(value))
    return re.sub(r"\s+", " ", _PERCENT_BYTE.sub("", text)).strip()


def price(value: Any) -> str:
    """Read a price as WooCommerce does: digits and the last dot stay ("1.234,56" -> "1.23456")."""
    return _NOT_PRICE.sub("", to_text(value).strip())


def global_unique_id(value: Any) -> str:
    """Clean a GTIN, UPC, EAN or ISBN: digits and dashes stay."""
    return re.sub(r"[^0-9-]", "", to_text(value))


def integer(value: Any) -> int:
    """Read a number as PHP's intval does: "5.9" -> 5, "abc" -> 0, true -> 1."""
    if isinstance(value, bool | int | float):
        return int(value)
    match = _LEADING_NUMBER.match(value) if isinstance(value, str) else None
    return int(match[1]) if match else 0


def boolean(value: Any) -> bool:
    """Read a switch as WooCommerce does: yes, true, 1 and "1" are on."""
    if isinstance(value, str):
        return value.lower() in {"1", "true", "yes", "parent"}
    return bool(value)


def to_text(value: Any) -> str:
    """Write a JSON value as PHP's string conversion does."""
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""
