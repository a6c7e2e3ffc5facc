"""Percent-encoding as PHP's rawurlencode does it, remembered, since clients repeat themselves."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote


@lru_cache(maxsize=8192)
def rawurlencode(text: str) -> str:
    """Encode everything but letters, digits and -_.~."""
    return quote(text, safe="~")


def encode_again(encoded: str) -> str:
    """Encode a text of encoded names and values joined by = and &."""
    return encoded.replace("%", "%25").replace("=", "%3D").replace("&", "%26")


def flatten(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the values with lists as PHP writes them: name[0], name[1]."""
    flat: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, list):
            flat |= {f"{name}[{number}]": str(item) for number, item in enumerate(value)}
        else:
            flat[name] = str(value)
    return flat


def build_query(values: Mapping[str, Any]) -> str:
    """Return a query string."""
    flat = flatten(values)
    return "&".join([f"{rawurlencode(name)}={rawurlencode(flat[name])}" for name in flat])
