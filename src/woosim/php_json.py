"""JSON as PHP's json_encode writes it: ASCII only, and every slash escaped."""

import json
from typing import Any

_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def dumps(value: Any) -> str:
    """Write a value as PHP would; a slash can only stand inside a JSON string."""
    return _encode(value).replace("/", "\\/")


def inner(text: str) -> str:
    """Write a text as the inside of a JSON string, without the quotes."""
    return dumps(text)[1:-1]
