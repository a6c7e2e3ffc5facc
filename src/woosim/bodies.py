"""Bodies of single writing calls: checked by a schema, as batch calls never are.

A null becomes the empty value of its type (WordPress skips the check and casts it), fields that the
schema does not know pass as they are.
"""

import re
from collections.abc import Mapping
from typing import Any

from woosim import errors, params
from woosim.params import Param

Values = dict[str, Any]
_EMPTY: dict[str, Any] = {"string": "", "integer": 0, "number": 0.0, "boolean": False}
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>.]+(\.[^@\s<>.]+)+$")
OBJECTS = Param("array", items=Param("object"))
TEXT, SWITCH, INTEGER, OBJECT = Param(), Param("boolean"), Param("integer"), Param("object")


def check(sent: Mapping[str, Any], schema: params.Schema) -> Values:
    """Return a body's values, cleaned by the schema; nothing that was not sent is in it.

    Raises:
        RestError: 400 rest_missing_callback_param or rest_invalid_param.
    """
    present = {name: value for name, value in sent.items() if value is not None}
    used = {name: param for name, param in schema.items() if name in present or param.required}
    values = {**sent, **params.validate({k: v for k, v in present.items() if k in used}, used)}
    for name, value in sent.items():
        if value is None and name in schema and not _takes_null(schema[name]):
            values[name] = _EMPTY[schema[name].kind]
    return values


def _takes_null(param: Param) -> bool:
    return param.kind not in _EMPTY


def check_addresses(sent: Mapping[str, Any], *, null_email: bool = False) -> None:
    """Refuse a null inside an address, and an e-mail in it that is none, the empty text too.

    Raises:
        RestError: 400 rest_invalid_param, naming the address.
    """
    problems: dict[str, params.Problem] = {}
    for name in ("billing", "shipping"):
        address = sent.get(name)
        for part, value in address.items() if isinstance(address, Mapping) else ():
            if part == "email" and null_email and value is None:
                continue
            problem = _address_problem(f"{name}[{part}]", part, value)
            if problem and name not in problems:
                problems[name] = problem
    if problems:
        raise errors.invalid_params(problems)


def _address_problem(shown: str, part: str, value: Any) -> params.Problem | None:
    if not isinstance(value, str):
        return "rest_invalid_type", f"{shown} is not of type string.", {"param": shown}
    if part == "email" and not _EMAIL.fullmatch(value):
        return "rest_invalid_email", "Invalid email address.", None
    return None


def check_email(sent: Mapping[str, Any]) -> None:
    """Refuse an account's e-mail that is none, as an update does.

    Raises:
        RestError: 400 rest_invalid_param.
    """
    email = sent.get("email")
    if isinstance(email, str) and not _EMAIL.fullmatch(email):
        raise errors.invalid_params(
            {"email": ("rest_invalid_email", "Invalid email address.", None)}
        )
