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


class Printer(Console):
    """A console whose trouble is told as such."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print for people."""
        with failing.speaking():
            super().print(*objects, **options)


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
    text = msgspec.json.format(msgspec.json.encode(plain(value)), indent=2)
    with failing.speaking():
        sys.stdout.write(text.decode() + "\n")
        sys.stdout.flush()


def table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, empty: str) -> None:
    """Print rows as a table of these columns; `empty` is what to say when there are none."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    listed = list(rows)
    for column in columns:
        values = [row.get(column) for row in listed]
        numbers = all(isinstance(value, int | float | Decimal | None) for value in values)
        # A number that is cut is another number: rather are texts broken into more lines.
        widest = max((len(cell(value)) for value in values), default=0) if numbers else None
        drawn.add_column(column.replace("_", " "), min_width=widest, overflow="fold")
    for row in listed:
        drawn.add_row(*(cell(row.get(column)) for column in columns))
    if drawn.row_count:
        stdout.print(drawn)
    else:
        stdout.print(empty)


def cell(value: Any) -> str:
    """Return a value as text for a terminal: escaped, on one line."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, Mapping | list | tuple):
        value = msgspec.json.encode(plain(value)).decode()
    return escape(telemetry.one_line(str(plain(value))))
