"""How long a real shop takes to answer, by kind of request (medians measured on a small server)."""

from woosim import rest

_START = 0.055
_ROW = {"products": 0.0048, "variations": 0.0033, "orders": 0.0062, "customers": 0.0050}
_SELECTED = 0.65
"""What `_fields` leaves of the time a row takes."""
_WRITE = 0.029
_BATCH_ITEM = 0.0177


def seconds(call: rest.Call, answer: rest.Answer) -> float:
    """Return how long the request would keep a PHP worker busy."""
    if call.path.endswith("/batch"):
        items = sum(len(part) for part in call.body.values() if isinstance(part, list))
        return _START + items * _BATCH_ITEM
    if call.method not in {"GET", "HEAD"}:
        return _START + _WRITE
    noun = call.path.rstrip("/").rpartition("/")[2]
    row = _ROW.get(noun, 0.004) * (_SELECTED if call.wanted else 1)
    return _START + answer.rows * row
