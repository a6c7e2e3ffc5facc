"""Temporary folders with databases in them: gone with the block, or cleared after a kill."""

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

from woosync.postgres import embedded

CLAIM = ".claim"
END_SECONDS = 10


@contextlib.contextmanager
def folder(prefix: str, place: Path | None = None) -> Iterator[Path]:
    """Make a temporary folder and yield it; what killed processes left is cleared away first.

    `place` is the folder that it lies in; without one the system's folder for temporary files.
    """
    place = place or Path(tempfile.gettempdir())
    clear_away(prefix, place)
    made = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    try:
        with (made / CLAIM).open("ab") as claim, embedded.locked(claim):
            yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def clear_away(prefix: str, place: Path) -> None:
    """End the servers that killed processes left in folders of this prefix; delete the folders."""
    for left in place.glob(f"{prefix}*"):
        with contextlib.suppress(OSError):
            found = left.lstat()
            if found.st_uid != os.geteuid() or not left.is_dir() or left.is_symlink():
                continue
            if not (left / CLAIM).exists():  # just being made, or nothing of ours
                continue
            with (left / CLAIM).open("ab") as claim:
                if embedded.is_last(claim):
                    _end_processes(left)
                    shutil.rmtree(left, ignore_errors=True)


def _end_processes(left: Path) -> None:
    """End what was started for the folder: its command line names it, and nobody else knows it."""
    import psutil  # noqa: PLC0415 - costs start-up time, and is rarely needed

    orphans = [
        process
        for process in psutil.process_iter(["cmdline"])
        if process.pid != os.getpid()
        and any(word.startswith(f"{left}/") for word in process.info["cmdline"] or ())
    ]
    for orphan in orphans:
        with contextlib.suppress(psutil.Error):
            orphan.send_signal(signal.SIGINT)
    for orphan in psutil.wait_procs(orphans, timeout=END_SECONDS)[1]:
        with contextlib.suppress(psutil.Error):
            orphan.kill()
