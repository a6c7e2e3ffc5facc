"""Where exports are written: standard output, a file, a pipe."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from woosync import errors
from woosync.entrypoints.cli import failing
from woosync.postgres import exports, formats


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


async def write(file: BinaryIO, rows: exports.Rows, chosen: formats.Format) -> int:
    """Write all rows and return how many there were."""
    number = 0
    async for data, count in formats.encoded(rows, chosen):
        file.write(data)
        number += count
    return number
