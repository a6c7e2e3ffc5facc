"""Records that stores share (customers, products, orders): edited as the domain knows them.

A field lies in a column of its own or in `details`; callers name fields and need not know where.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from woosync.postgres.nouns import editing, errors
from woosync.postgres.shape import Shape

T = TypeVar("T", bound=msgspec.Struct)


def record(shape: Shape[T], before: T | None, fields: Mapping[str, object]) -> T:
    """Return the record with these fields laid over; raises UnfitError."""
    whole = {**(msgspec.to_builtins(before) if before is not None else {}), **fields}
    try:
        return msgspec.convert(whole, shape.kind, strict=False)
    except msgspec.ValidationError as error:
        raise errors.UnfitError(f"A value does not fit: {error}.") from error


def columns(shape: Shape[T], one: T) -> dict[str, object]:
    """Return a record's values by column, JSON ones as Python values."""
    return {
        name: msgspec.json.decode(value) if isinstance(value, bytes) else value
        for name, value in zip(shape.names, shape.row(one), strict=True)
    }


def changed_columns(
    shape: Shape[T], row: Mapping[str, Any], fields: Mapping[str, object], **apart: object
) -> editing.Values:
    """Return the columns that laying `fields` over a row changes; raises UnfitError."""
    before = shape.record(row, **apart)
    old, new = columns(shape, before), columns(shape, record(shape, before, fields))
    return {name: value for name, value in new.items() if old[name] != value}
