"""Domain records as canonical JSON: the stored base of every link, and what is hashed."""

from typing import Any, TypeVar

import msgspec

from woosync import errors

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder()
_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {}


class SnapshotUnreadable(errors.RecordError):
    """A stored snapshot is not what this version writes, nor what an older one wrote."""


def encode(record: object) -> bytes:
    """Write a record as JSON: amounts as strings, times as UTC with Z, fields in the class's order.

    Equal records give equal bytes as long as their amounts are canonical (`domain.money`).
    """
    return _ENCODER.encode(record)


def decode(data: bytes | str, record_type: type[T]) -> T:
    """Read a record back; keys that are missing take the default, unknown ones are passed over.

    Raises:
        SnapshotUnreadable: The data is no JSON, or a field has another type.
    """
    decoder = _DECODERS.get(record_type)
    if decoder is None:
        decoder = _DECODERS.setdefault(record_type, msgspec.json.Decoder(record_type))
    try:
        found: T = decoder.decode(data)
    except (ValueError, RecursionError) as error:
        raise SnapshotUnreadable(
            f"The stored base of a {record_type.__name__.lower()} cannot be read: {error}.",
            remedy="Pull the record again with --force; that stores a new base.",
        ) from error
    return found
