"""How a domain record lies in a table: fields with a column of their own, the rest in `details`."""

import operator
import typing
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Generic, TypeVar

import msgspec

from woosync import errors
from woosync.domain import money

T = TypeVar("T", bound=msgspec.Struct)
DETAILS = "details"


class RowUnreadableError(errors.RecordError):
    """A row was changed into something that is no record any more."""


def _getter(names: tuple[str, ...]) -> Callable[[object], tuple[object, ...]]:
    """Return what reads attributes at once; `operator.attrgetter` of one gives no tuple."""
    if len(names) < 2:  # noqa: PLR2004 - see above
        return lambda record: tuple(getattr(record, name) for name in names)
    return operator.attrgetter(*names)


class Shape(Generic[T]):
    """Turns records of one kind of struct into rows and back.

    `columns` maps fields to columns of their own, `documents` are fields kept as a JSONB column
    of their own, `apart` lives in other tables; every other field goes into `details`.
    """

    def __init__(
        self,
        kind: type[T],
        *,
        columns: Mapping[str, str],
        documents: tuple[str, ...] = (),
        apart: tuple[str, ...] = (),
        details: bool = True,
    ) -> None:
        self.kind = kind
        hints = typing.get_type_hints(kind)
        self._columns = tuple(
            (field, column, int if hints[field] is int else money.canonical)
            for field, column in columns.items()
        )
        self._documents = documents
        self._details = details
        taken = {*columns, *documents, *apart}
        self._rest = tuple(name for name in kind.__struct_fields__ if name not in taken)
        self._column_values = _getter(tuple(columns))
        self._rest_values = _getter(self._rest)
        self._encode = msgspec.json.Encoder().encode
        self.names = (
            *columns.values(),
            *documents,
            *((DETAILS,) if details else ()),
        )

    def row(self, record: T) -> tuple[object, ...]:
        """Return the values for `names`; JSONB ones as JSON in UTF-8."""
        encode = self._encode
        documents = [encode(getattr(record, field)) for field in self._documents]
        if self._details:
            rest = zip(self._rest, self._rest_values(record), strict=True)
            documents.append(encode(dict(rest)))
        return (*self._column_values(record), *documents)

    def record(self, row: Mapping[str, Any], **apart: object) -> T:
        """Return the record that `row` (a mapping by column) and the parts kept apart make up."""
        values: dict[str, object] = dict(row[DETAILS]) if self._details else {}
        for field, column, number in self._columns:
            value = row[column]
            values[field] = number(value) if isinstance(value, Decimal) else value
        for field in self._documents:
            values[field] = row[field]
        try:
            return msgspec.convert(values | apart, self.kind, strict=False)
        except msgspec.ValidationError as error:
            raise RowUnreadableError(
                f"The {self.kind.__name__} {row.get('id', '')} here cannot be read: {error}.",
                remedy="Correct the row in the database; the next pull takes the record again.",
            ) from error
