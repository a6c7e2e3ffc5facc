"""What commands print: one JSON document on stdout, or tables for people."""

import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TextIO

import msgspec
import typer

from woosync import telemetry
from woosync.entrypoints.cli import failing

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Store = Annotated[str, typer.Option("--store", help="Key of the store.")]
AnyStore = Annotated[str | None, typer.Option("--store", help="Only this store.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many.")]

#: A piece of a line: text, or (text, Rich's name of a style).
Part = str | tuple[str, str]
#: A terminal of fewer columns gets tables without what can be left out.
ROOMY = 110


def say(*parts: Part) -> None:
    """Print a line for people on stdout."""
    with failing.speaking():
        _write(sys.stdout, parts)


def note(*parts: Part) -> None:
    """Print a line for people on stderr."""
    _write(sys.stderr, parts)


def _write(file: TextIO, parts: Sequence[Part]) -> None:
    """Write a line; Rich is loaded for colours on a terminal alone, or every start would pay."""
    told = "".join(part if isinstance(part, str) else part[0] for part in parts)
    if not is_terminal(file):
        file.write(told + "\n")
    elif all(isinstance(part, str) for part in parts):
        width = shutil.get_terminal_size().columns
        lines = told.split("\n")
        file.write("".join(f"{_broken(line, width)}\n" for line in lines))
    else:
        from woosync.entrypoints.cli import drawing  # noqa: PLC0415 - as above

        drawing.line(file, parts)
    file.flush()


def _broken(line: str, width: int) -> str:
    """Break a line between words; one that is too long, a token say, stays whole to be copied."""
    return textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)


def plain(value: Any) -> Any:
    """Return a value as JSON has it: times ISO 8601 UTC with Z, amounts as decimal strings."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def iso(moment: datetime) -> str:
    """Write a moment as 2026-01-02T03:04:05Z, with microseconds where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def document(value: object) -> None:
    """Print the one JSON document of a command."""
    written = msgspec.json.format(msgspec.json.encode(plain(value)), indent=2)
    with failing.speaking():
        sys.stdout.write(written.decode() + "\n")
        sys.stdout.flush()


def is_terminal(file: TextIO) -> bool:
    """Tell whether a person is looking on."""
    return file.isatty()


def is_narrow() -> bool:
    """Tell whether what is printed now goes to a terminal with little room."""
    return is_terminal(sys.stdout) and shutil.get_terminal_size().columns < ROOMY


def table(
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    empty: str,
    roomy: Sequence[str] = (),
) -> None:
    """Print rows as a table of these columns; `empty` is what to say when there are none.

    A narrow terminal is spared the `roomy` columns. Into a file or pipe every row is one line.
    """
    shown = [name for name in columns if not (name in roomy and is_narrow())]
    listed = list(rows)
    if not listed:
        say(empty)
    elif is_terminal(sys.stdout):
        from woosync.entrypoints.cli import drawing  # noqa: PLC0415 - loads Rich

        with failing.speaking():
            drawing.table(sys.stdout, listed, shown)
    else:
        _print_lines(listed, shown)


def _print_lines(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    lines = [[column.replace("_", " ") for column in columns]]
    lines += [[text(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(columns))]
    for line in lines:
        padded = (part.ljust(width) for part, width in zip(line, widths, strict=True))
        say("  ".join(padded).rstrip())


def text(value: Any) -> str:
    """Return a value as text on one line."""
    if value is None or (not value and isinstance(value, Mapping | list | tuple)):
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        told = f"{value:.3f}".rstrip("0")
        return f"{told}0" if told.endswith(".") else told
    if isinstance(value, Mapping | list | tuple):
        value = msgspec.json.encode(plain(value)).decode()
    return telemetry.one_line(str(plain(value)))
