"""Exported rows as JSON, NDJSON and CSV, chunk by chunk; the command line and the API share it.

A CSV opens in a spreadsheet without running anything.
"""

import csv
import enum
import io
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from woosync.postgres import exports

#: What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")
#: Columns of quantities: JSON numbers, since stock is counted; amounts of money stay strings.
QUANTITIES = frozenset({"stock_quantity", "on_hand", "reserved", "available", "qty"})
Row = tuple[Any, ...]


class Format(enum.StrEnum):
    """How to write rows."""

    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"


async def encoded(rows: exports.Rows, chosen: Format) -> AsyncGenerator[tuple[bytes, int], None]:
    """Yield the export as bytes, each with the number of rows that are in them."""
    if chosen is Format.CSV:
        yield _lines([rows.columns]), 0
        async for chunk in rows.chunks:
            yield _lines([cell(value) for value in row] for row in chunk), len(chunk)
        return
    encode = _encoder(rows)
    begin, between, end = (b"[", b",\n", b"\n]\n") if chosen is Format.JSON else (b"", b"\n", b"")
    yield begin, 0
    is_first = True
    async for chunk in rows.chunks:
        lead = b"" if chosen is Format.NDJSON else b"\n" if is_first else between
        tail = b"\n" if chosen is Format.NDJSON else b""
        yield lead + between.join([encode(row) for row in chunk]) + tail, len(chunk)
        is_first = False
    yield end, 0


def _lines(rows: Any) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _encoder(rows: exports.Rows) -> Callable[[Row], bytes]:
    encode = msgspec.json.Encoder().encode
    kinds = [(name, name in rows.documents, name in QUANTITIES) for name in rows.columns]

    def line(row: Row) -> bytes:
        record: dict[str, Any] = {}
        for (name, is_document, is_quantity), value in zip(kinds, row, strict=True):
            if value is None:
                record[name] = None
            elif is_document:
                record[name] = msgspec.Raw(value.encode())
            elif is_quantity:
                record[name] = msgspec.Raw(format(value, "f").encode())
            else:
                record[name] = _plain(value)
        return encode(record)

    return line


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: times ISO 8601 UTC with Z, amounts as decimal strings."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return format(value, "f")
    return value


def cell(value: Any) -> str:
    """Return a CSV cell (RFC 4180 quoting is the writer's).

    Text that a spreadsheet would run gets an apostrophe before it; numbers stay numbers.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(_plain(value))
