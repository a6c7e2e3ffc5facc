"""Reading JSON bodies strictly: no NaN, no twice-named member, no endless number or depth."""

import json
from http import HTTPStatus
from typing import Any, Never

import fastapi
from starlette.exceptions import HTTPException

#: Digits of a number; more is no amount, no id and no quantity.
DIGITS = 40
DEPTH = 64


class Request(fastapi.Request):
    """A request whose JSON is read strictly; what cannot be read is 400."""

    async def json(self) -> Any:
        """Return the body as JSON."""
        if not hasattr(self, "_json"):
            self._json = strict(await self.body())
        return self._json


def strict(body: bytes) -> Any:
    """Decode JSON; raises HTTPException 400 and says what is wrong with it."""
    try:
        value = json.loads(
            body,
            object_pairs_hook=_members,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_real,
        )
        _check_depth(value)
    except RecursionError:
        raise _bad("is nested too deeply") from None
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise _bad("is no JSON") from None
    return value


def _bad(what: str) -> HTTPException:
    return HTTPException(HTTPStatus.BAD_REQUEST, f"The body {what}.")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _bad("names a member twice")
    return members


def _no_constant(_: str) -> Never:
    raise _bad("has a number that JSON does not know")


def _integer(text: str) -> int:
    if len(text) > DIGITS:
        raise _bad("has a number with too many digits")
    return int(text)


def _real(text: str) -> float:
    if len(text) > DIGITS:
        raise _bad("has a number with too many digits")
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _bad("has a number that is too large")
    return value


def _check_depth(value: Any) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEPTH:
            raise RecursionError
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
