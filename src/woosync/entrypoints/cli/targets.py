"""Rows as JSON, NDJSON and CSV; a CSV opens in a spreadsheet without running anything."""

import contextlib
import csv
import enum
import errno
import os
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from woosync import errors
from woosync.entrypoints.cli import failing, output
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


class CannotWriteError(errors.PermanentError):
    """The output file cannot be written."""

    exit_code = 73


@contextlib.contextmanager
def target(path: Path | None) -> Iterator[BinaryIO]:
    """Yield where to write; a file appears under its name only when it is complete.

    A link leads to its file; what is no file (a pipe, a device) is written to as it is.
    Raises CannotWriteError.
    """
    if path is None:
        with failing.speaking():
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        return
    goal = Path(os.path.realpath(path))  # unlike Path.resolve it takes links in a circle
    draft = goal
    try:
        if goal.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        if not goal.exists() or goal.is_file():
            draft = goal.with_name(f".{goal.name[:200]}.{os.getpid()}.part")
        with draft.open("wb") as file:
            yield file
        if draft != goal:
            draft.replace(goal)
    except OSError as error:
        raise CannotWriteError(
            f"{path} cannot be written: {(error.strerror or 'input/output error').lower()}.",
            remedy="Choose another file with --output, or make room on the disk; an older file "
            "of that name is untouched.",
        ) from error
    finally:
        if draft != goal:
            with contextlib.suppress(OSError):
                draft.unlink()


async def write(file: BinaryIO, rows: exports.Rows, chosen: Format) -> int:
    """Write all rows and return how many there were."""
    if chosen is Format.CSV:
        return await _write_csv(file, rows)
    between = b"\n" if chosen is Format.NDJSON else b",\n"
    number = 0
    file.write(b"" if chosen is Format.NDJSON else b"[")
    encode = _encoder(rows)
    async for chunk in rows.chunks:
        lines = [encode(row) for row in chunk]
        if chosen is Format.JSON:
            file.write(between if number else b"\n")
        file.write(between.join(lines))
        file.write(b"\n" if chosen is Format.NDJSON else b"")
        number += len(chunk)
    file.write(b"" if chosen is Format.NDJSON else b"\n]\n")
    return number


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
                record[name] = output.plain(value)
        return encode(record)

    return line


class _Text:
    """The one method that csv.writer calls, over bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(text.encode())


async def _write_csv(file: BinaryIO, rows: exports.Rows) -> int:
    writer = csv.writer(_Text(file), lineterminator="\r\n")
    writer.writerow(rows.columns)
    number = 0
    async for chunk in rows.chunks:
        writer.writerows([cell(value) for value in row] for row in chunk)
        number += len(chunk)
    return number


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
    if isinstance(value, datetime | Decimal):
        return str(output.plain(value))
    return str(value)
