"""What commands print: one JSON document on stdout, or tables for people."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from woosync import telemetry
from woosync.entrypoints.cli import failing

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Store = Annotated[str, typer.Option("--store", help="Key of the store.")]
AnyStore = Annotated[str | None, typer.Option("--store", help="Only this store.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many.")]


#: A terminal of fewer columns gets tables without what can be left out.
ROOMY = 110


class Printer(Console):
    """A console whose trouble is told as such; into a file or pipe it breaks no lines."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print for people."""
        with failing.speaking():
            super().print(*objects, **{"soft_wrap": not self.is_terminal} | options)


stdout = Printer(highlight=False)
stderr = Console(stderr=True, highlight=False)


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


def is_narrow() -> bool:
    """Tell whether what is printed now goes to a terminal with little room."""
    return stdout.is_terminal and stdout.width < ROOMY


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
        stdout.print(empty)
    elif stdout.is_terminal:
        stdout.print(_drawn(listed, shown))
    else:
        _print_lines(listed, shown)


def _drawn(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Table:
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        values = [row.get(column) for row in rows]
        whole = all(isinstance(value, int | float | Decimal | datetime | None) for value in values)
        # A number that is cut is another number: rather are texts broken into more lines.
        widest = max((len(cell(value)) for value in values), default=0) if whole else None
        drawn.add_column(column.replace("_", " "), min_width=widest, overflow="fold")
    for row in rows:
        drawn.add_row(*(cell(row.get(column)) for column in columns))
    return drawn


def _print_lines(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    lines = [[column.replace("_", " ") for column in columns]]
    lines += [[text(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(columns))]
    for line in lines:
        padded = (part.ljust(width) for part, width in zip(line, widths, strict=True))
        stdout.print("  ".join(padded).rstrip(), markup=False)


def cell(value: Any) -> str:
    """Return a value as text for a terminal: escaped, on one line."""
    return escape(text(value))


def text(value: Any) -> str:
    """Return a value as text on one line."""
    if value is None or (not value and isinstance(value, Mapping | list | tuple)):
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, Mapping | list | tuple):
        value = msgspec.json.encode(plain(value)).decode()
    return telemetry.one_line(str(plain(value)))
