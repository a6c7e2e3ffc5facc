"""How far a pull is: bars on a terminal's stderr, silence everywhere else."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping

from woosync.domain import ids
from woosync.entrypoints.cli import output
from woosync.flows import pull

Shown = Callable[[Mapping[ids.Entity, pull.Progress]], None]


@contextlib.contextmanager
def shown(*, wanted: bool) -> Iterator[Shown]:
    """Yield a function that is told how far every stream is, and draws it where that helps."""
    if not wanted or not output.is_terminal(sys.stderr):
        yield lambda _: None
        return
    from woosync.entrypoints.cli import drawing  # noqa: PLC0415 - loads Rich

    with drawing.bars() as draw:
        yield draw
