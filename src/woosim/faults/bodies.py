"""What a fault does to the bytes of a true answer."""

import json
from collections.abc import Callable
from typing import Any

from woosim import php_json

Options = dict[str, Any]
_PREFIXES = {
    "bom": b"\xef\xbb\xbf",
    "notice": (
        b"<br />\n<b>Notice</b>:  Undefined index: foo in <b>/var/www/html/wp-content/plugins/"
        b"foo/foo.php</b> on line <b>12</b><br />\n"
    ),
    "html": b"<!-- cached by a helpful plugin --><div>Hello</div>\n",
}
_RECORD_CHANGES: dict[str, Callable[[dict[str, Any], Options], Any]] = {
    "price": lambda record, _: record | {"price": "abc", "regular_price": "abc", "total": "abc"},
    "no_id": lambda record, _: {key: value for key, value in record.items() if key != "id"},
    "nul": lambda record, _: record | {"name": "nul\x00inside", "first_name": "nul\x00inside"},
    "not_object": lambda *_: "surprise",
    "set": lambda record, options: record | dict(options.get("values", {})),
}


def cut_json(body: bytes, options: Options) -> bytes:
    """Return the first `bytes` of the body, half of it by default."""
    return body[: int(options.get("bytes", len(body) // 2))]


def prefix(body: bytes, options: Options) -> bytes:
    """Return the body behind what PHP or a plugin wrote before it."""
    text = str(options.get("text", "notice"))
    return _PREFIXES.get(text, text.encode()) + body


def empty(body: bytes, options: Options) -> bytes:
    """Return nothing."""
    del body, options
    return b""


def bad_record(body: bytes, options: Options) -> bytes:
    """Return a list, or one record, with the record at `index` spoilt."""
    page = json.loads(body)
    change = _RECORD_CHANGES[str(options.get("change", "price"))]
    if isinstance(page, dict):
        page = change(page, options)
    elif page:
        index = int(options.get("index", 0)) % len(page)
        page[index] = change(page[index], options)
    return php_json.dumps(page).encode()


CHANGES: dict[str, Callable[[bytes, Options], bytes]] = {
    "cut_json": cut_json,
    "prefix": prefix,
    "empty": empty,
    "bad_record": bad_record,
}
