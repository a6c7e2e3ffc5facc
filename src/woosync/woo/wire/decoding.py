"""Decoding of one record with an error that names it; used by every noun here."""

import re
from typing import Any, TypeVar

import msgspec

from woosync import errors

T = TypeVar("T")

_REMEDY = (
    "Open the record in the store and correct it, or report it with the quarantined JSON; "
    "it is tried again when the store changes it."
)
#: What PostgreSQL cannot hold shows up as one of these; a surrogate may also have its other half.
_ESCAPED, _SUSPECT, _NUL = b"\\u", re.compile(rb"\\u(?:0000|[dD])"), b"\\u0000"


class DecodeFailed(errors.RecordError):
    """A record is not what WooCommerce sends, or holds text that no database can."""


def decode_with(
    decoder: msgspec.json.Decoder[T], raw: bytes | bytearray | memoryview | msgspec.Raw, noun: str
) -> T:
    """Decode one record.

    Raises:
        DecodeFailed: With the noun, the id where it can be read, and what is wrong at which field.
    """
    data = bytes(raw)
    try:
        _check_text(data)
        return decoder.decode(data)
    except (ValueError, RecursionError) as error:
        record = _name_of(data, noun)
        raise DecodeFailed(
            f"The {record} cannot be read: {error}.", remedy=_REMEDY, record=record
        ) from error


def _check_text(data: bytes) -> None:
    """Refuse what PostgreSQL cannot hold, also in fields not read here: the raw record is kept."""
    if not data.isascii():
        data.decode()
    if 0 not in data and (_ESCAPED not in data or _SUSPECT.search(data) is None):
        return
    whole = msgspec.json.decode(data)  # refuses half a surrogate, wherever it stands
    if (0 in data or _NUL in data) and _has_nul(whole):
        raise ValueError("it holds the character NUL (\\u0000), which PostgreSQL cannot store")


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, list):
        return any(map(_has_nul, value))
    if isinstance(value, dict):
        return any(_has_nul(key) or _has_nul(item) for key, item in value.items())
    return False


class _Head(msgspec.Struct, gc=False):
    id: int | str | None = None


_HEADS = msgspec.json.Decoder(_Head)


def _name_of(data: bytes, noun: str) -> str:
    try:
        found = _HEADS.decode(data).id
    except (ValueError, RecursionError):
        found = None
    return noun if found in (None, "") else f"{noun} {str(found)[:40]}"
