"""Request parameters: PHP's way of reading them and WordPress' way of refusing them."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from woosim import errors

Problem = tuple[str, str, Any]
_BRACKETS = re.compile(r"^([^\[\]]+)\[([^\]]*)\]$")
_DATE_TIME = re.compile(
    r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}(:?\d{2})?)?$"
)
_TRUE, _FALSE = {"1", "true", 1}, {"0", "false", "", 0}


@dataclass(frozen=True, slots=True)
class Param:
    """What a parameter must be, in JSON schema's words.

    `kind` is string, integer, number, boolean, date, array (of `items`) or object.
    """

    kind: str = "string"
    enum: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    default: Any = None
    required: bool = False
    items: "Param | None" = None


INTEGERS = Param("array", items=Param("integer"))
DATE = Param("date")
Schema = Mapping[str, Param]


def read_query(text: str) -> dict[str, Any]:
    """Read a query string as PHP does: the last of equal names wins, brackets make arrays."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        match = _BRACKETS.match(name) if "[" in name else None
        if match is None:
            found[name] = value
            continue
        inner = found.setdefault(match[1], {})
        if isinstance(inner, dict):
            inner[match[2] or str(len(inner))] = value
    return {name: _listed(value) for name, value in found.items()}


def _listed(value: Any) -> Any:
    if isinstance(value, dict) and all(key == str(n) for n, key in enumerate(value)):
        return list(value.values())
    return value


def validate(sent: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Return the parameters of the schema, cleaned, with their defaults.

    Raises:
        RestError: 400 rest_missing_callback_param or rest_invalid_param.
    """
    missing = [name for name, param in schema.items() if param.required and name not in sent]
    if missing:
        raise errors.missing_params(missing)
    problems: dict[str, Problem] = {}
    values: dict[str, Any] = {}
    for name, param in schema.items():
        if name not in sent:
            values[name] = param.default
            continue
        cleaned, problem = _clean(name, sent[name], param)
        if problem:
            problems[name] = problem
        values[name] = cleaned
    if problems:
        raise errors.invalid_params(problems)
    return values


def _clean(name: str, value: Any, param: Param) -> tuple[Any, Problem | None]:
    if param.kind == "array":
        return _clean_array(name, value, param)
    converted, good = _CONVERTERS[param.kind](value)
    if not good and param.kind == "date":
        return None, ("rest_invalid_date", "Invalid date.", None)
    if not good:
        kind = param.kind
        message = f"{name} is not of type {kind}."
        return None, ("rest_invalid_type", message, {"param": name})
    if param.enum and converted not in param.enum:
        message = f"{name} is not one of {_sentence(param.enum)}."
        return None, ("rest_not_in_enum", message, None)
    return converted, _bounds_problem(name, converted, param)


def _clean_array(name: str, value: Any, param: Param) -> tuple[Any, Problem | None]:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        value = [part for part in re.split(r"[\s,]+", str(value)) if part]
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return None, ("rest_invalid_type", f"{name} is not of type array.", {"param": name})
    cleaned = []
    for number, item in enumerate(value):
        converted, problem = _clean(f"{name}[{number}]", item, param.items or Param())
        if problem:
            return None, problem
        cleaned.append(converted)
    return cleaned, None


def _bounds_problem(name: str, value: Any, param: Param) -> Problem | None:
    low, high = param.minimum, param.maximum
    if (low is None or value >= low) and (high is None or value <= high):
        return None
    if low is not None and high is not None:
        message = f"{name} must be between {low} (inclusive) and {high} (inclusive)"
    elif low is not None:
        message = f"{name} must be greater than or equal to {low}"
    else:
        message = f"{name} must be less than or equal to {high}"
    return ("rest_out_of_bounds", message, None)


def _sentence(words: tuple[str, ...]) -> str:
    return ", ".join(words[:-1]) + f", and {words[-1]}" if len(words) > 1 else words[0]


def _integer(value: Any) -> tuple[Any, bool]:
    number, good = _number(value)
    whole = good and math.isfinite(number) and number == int(number)
    return (int(number), True) if whole else (None, False)


def _number(value: Any) -> tuple[Any, bool]:
    if isinstance(value, bool):
        return None, False
    if isinstance(value, int | float):
        return value, True
    try:
        return float(value), isinstance(value, str) and value == value.strip()
    except (TypeError, ValueError):
        return None, False


def _string(value: Any) -> tuple[Any, bool]:
    return value, isinstance(value, str)


def _boolean(value: Any) -> tuple[Any, bool]:
    plain = value.lower() if isinstance(value, str) else value
    if isinstance(plain, list | dict) or plain is None:
        return None, False
    return plain in _TRUE, plain in _TRUE or plain in _FALSE


def _date(value: Any) -> tuple[Any, bool]:
    if not isinstance(value, str) or not _DATE_TIME.match(value.strip()):
        return None, False
    try:
        datetime.fromisoformat(value.strip()[:19])
    except ValueError:
        return None, False
    return value, True


def _object(value: Any) -> tuple[Any, bool]:
    return value, isinstance(value, dict) or value == []


_CONVERTERS = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "object": _object,
}
