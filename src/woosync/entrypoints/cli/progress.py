"""Progress bars on a terminal's stderr; silent everywhere else."""

import contextlib
from collections.abc import Callable, Iterator, Mapping

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
from rich.text import Text

from woosync.domain import ids
from woosync.entrypoints.cli import output
from woosync.flows import pull

Shown = Callable[[Mapping[ids.Entity, pull.Progress]], None]


class Rate(ProgressColumn):
    """Records a second."""

    def render(self, task: Task) -> Text:
        """Return the rate, empty while unknown."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "")


@contextlib.contextmanager
def shown(*, wanted: bool) -> Iterator[Shown]:
    """Yield a function that draws how far every stream is."""
    if not wanted or not output.stderr.is_terminal:
        yield lambda _: None
        return
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    tasks: dict[ids.Entity, TaskID] = {}
    with Progress(*columns, console=output.stderr, transient=True) as drawn:

        def draw(streams: Mapping[ids.Entity, pull.Progress]) -> None:
            for entity, stream in streams.items():
                if entity not in tasks:
                    tasks[entity] = drawn.add_task(f"{entity.value}s", total=stream.total)
                # Where records are asked for by id, the store tells the total of each answer alone.
                total = None if stream.total is None else max(stream.total, stream.done)
                drawn.update(tasks[entity], completed=stream.done, total=total)

        yield draw
