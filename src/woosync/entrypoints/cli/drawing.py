"""What Rich draws on a terminal: colours, tables, bars; loaded where there is one to draw on."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from woosync.domain import ids
from woosync.entrypoints.cli import output, progress
from woosync.flows import pull


def line(file: TextIO, parts: Sequence[output.Part]) -> None:
    """Print a line with its colours."""
    Console(file=file, highlight=False).print(Text.assemble(*parts))


def table(file: TextIO, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Draw rows as a table of these columns; a number or a time is never cut."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        values = [row.get(column) for row in rows]
        whole = all(isinstance(value, int | float | Decimal | datetime | None) for value in values)
        # A number that is cut is another number: rather are texts broken into more lines.
        widest = max((len(output.text(value)) for value in values), default=0) if whole else None
        drawn.add_column(column.replace("_", " "), min_width=widest, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(output.text(row.get(column))) for column in columns))
    Console(file=file, highlight=False).print(drawn)


class Rate(ProgressColumn):
    """Records a second."""

    def render(self, task: Task) -> Text:
        """Return the rate, empty while unknown."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "")


@contextlib.contextmanager
def bars() -> Iterator[progress.Shown]:
    """Yield a function that draws how far every stream is."""
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    tasks: dict[ids.Entity, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:

        def draw(streams: Mapping[ids.Entity, pull.Progress]) -> None:
            for entity, stream in streams.items():
                if entity not in tasks:
                    tasks[entity] = drawn.add_task(f"{entity.value}s", total=stream.total)
                # Where records are asked for by id, the store tells the total of each answer alone.
                total = None if stream.total is None else max(stream.total, stream.done)
                drawn.update(tasks[entity], completed=stream.done, total=total)

        yield draw
