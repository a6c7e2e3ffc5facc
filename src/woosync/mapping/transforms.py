"""How custom fields change their form between the metadata here and a store. Pure; for `custom`."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

import msgspec

_SEPARATOR = ", "
#: More digits before or after the point than this are no number of a shop.
_MOST_DIGITS = 100


class Transform(StrEnum):
    """How a value changes on its way to the store, and back."""

    COPY = "copy"
    TEXT = "text"
    TRIM = "trim"
    UPPER = "upper"
    LOWER = "lower"
    NUMBER = "number"
    INTEGER = "integer"
    YES_NO = "yes_no"
    LIST = "list"
    JSON = "json"
    VALUES = "values"


def _text(value: Any) -> str:
    if isinstance(value, list | Mapping):
        raise ValueError(f"{value!r:.40} is no text")  # noqa: TRY004 - the value is bad, not the call
    return str(value)


def _number(value: Any) -> str:
    try:
        exact = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError(f"{value!r:.40} is no number") from None
    if not exact.is_finite() or abs(exact.adjusted()) > _MOST_DIGITS:
        raise ValueError(f"{value!r:.40} is no number")
    text = format(exact, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _integer(value: Any) -> int:
    text = _number(value)
    if "." in text:
        raise ValueError(f"{value!r:.40} is no whole number")
    return int(text)


def _yes_no(value: Any) -> str:
    try:
        return "yes" if value in {True, "yes", "true", "1"} else "no"
    except TypeError:  # a list or an object
        raise ValueError(f"{value!r:.40} is neither yes nor no") from None


def _list(value: Any) -> str:
    return _SEPARATOR.join(map(_text, value)) if isinstance(value, list) else _text(value)


def _from_list(value: Any) -> list[str]:
    return [one.strip() for one in _list(value).split(",") if one.strip()]


def _from_json(value: Any) -> Any:
    try:
        return msgspec.json.decode(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        raise ValueError(f"{value!r:.40} is no JSON") from None


def _same(value: Any) -> Any:
    return value


#: How a value of here becomes one of the store; these raise ValueError with the reason.
TO_STORE: Mapping[Transform, Callable[[Any], Any]] = {
    Transform.COPY: _same,
    Transform.TEXT: _text,
    Transform.TRIM: lambda value: _text(value).strip(),
    Transform.UPPER: lambda value: _text(value).strip().upper(),
    Transform.LOWER: lambda value: _text(value).strip().lower(),
    Transform.NUMBER: _number,
    Transform.INTEGER: lambda value: str(_integer(value)),
    Transform.YES_NO: _yes_no,
    Transform.LIST: _list,
    Transform.JSON: lambda value: json.dumps(value, ensure_ascii=False, sort_keys=True),
}
#: The way back.
TO_HERE: Mapping[Transform, Callable[[Any], Any]] = {
    **TO_STORE,
    Transform.INTEGER: _integer,
    Transform.YES_NO: lambda value: _yes_no(value) == "yes",
    Transform.LIST: _from_list,
    Transform.JSON: _from_json,
}
