"""The standard streams: whoever writes to standard output is told in our words what went wrong."""

import contextlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Any

from woosync.entrypoints.cli import failing

STREAMS = ("stdin", "stdout", "stderr")
OUT = STREAMS.index("stdout")
#: Commands that are called for what they do: they need nobody who reads what they say.
DOING = frozenset({"pull", "push", "sync", "undo", "serve", "worker"})


class Outlet(io.FileIO):
    """What lies under standard output: what cannot be written ends the command.

    One that the caller closed takes nothing, unless nobody has to hear it.
    """

    def __init__(self, *, closed: bool) -> None:
        super().__init__(OUT, "w", closefd=False)
        self._is_closed = closed

    def write(self, data: Any) -> int:
        """Write what there is room for; raises OutputError, or ends it where the reader is gone."""
        if self._is_closed:
            self._is_closed = False  # it leads nowhere: the end of the process must not trip
            raise failing.OutputError(
                "Standard output is closed.",
                remedy="Open it (leave out `>&-`), or send it to a file; what was committed is "
                "safe.",
            )
        with failing.speaking():
            return super().write(data)


def open_all(arguments: Sequence[str]) -> None:
    """Make the standard streams fit to be written to.

    Those that the caller closed (`>&-`) are opened onto nothing, else the first files and
    connections would get their numbers, which nothing can work with.
    """
    closed = [name for number, name in enumerate(STREAMS) if _opens(number, name)]
    if "stdout" not in closed or not _is_doing(arguments):
        _replace_output(closed="stdout" in closed)


def _opens(number: int, name: str) -> bool:
    """Open a stream onto nothing if it is closed, and tell whether it was."""
    try:
        os.fstat(number)
    except OSError:
        os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one
        setattr(sys, name, open(number, "r+", encoding="utf-8", closefd=False))  # noqa: SIM115 - it has no path, and stays open
        return True
    return False


def _is_doing(arguments: Sequence[str]) -> bool:
    command = next((one for one in arguments if not one.startswith("-")), "")
    return command in DOING and not {"--json", "--help", "-h"} & set(arguments)


def _replace_output(*, closed: bool) -> None:
    """Write through a buffer, whatever PYTHONUNBUFFERED says.

    Without one a write that the system took a part of only counts as whole.
    """
    if os.name != "posix":  # a console of Windows has a writer of its own
        return
    with contextlib.suppress(OSError, ValueError):  # one that is no file at all stays
        if sys.stdout.fileno() != OUT:
            return
        outlet = Outlet(closed=closed)
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(outlet),
            encoding=sys.stdout.encoding,
            errors=sys.stdout.errors,
            line_buffering=outlet.isatty(),
        )
