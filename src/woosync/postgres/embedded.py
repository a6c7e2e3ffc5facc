"""The PostgreSQL that comes along: started on first use, kept in the data folder."""

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from woosync import errors
from woosync.postgres import postmaster

if sys.platform != "win32":
    import fcntl

#: A new database with its first log takes about this much, in bytes.
SMALLEST = 64 * 1024 * 1024
#: Without this much an existing one cannot start.
LEAST = 1024 * 1024


class EmbeddedStartError(errors.PermanentError):
    """The embedded PostgreSQL did not start."""


class EmbeddedStoppedError(errors.TemporaryError):
    """The embedded PostgreSQL ended while it was used."""


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Run PostgreSQL on `folder` while the block lasts and yield its URL.

    Several processes may share one folder: the last one out stops the server. A server whose
    users were all killed is used again, and stopped by the next user.
    Raises EmbeddedStartError, for instance when the disk is full or the folder not ours.
    """
    if sys.platform == "win32":
        raise EmbeddedStartError(
            "The embedded database does not run on Windows.",
            remedy="Set DATABASE_URL to a PostgreSQL of your own.",
        )
    folder = folder.expanduser().absolute()
    with contextlib.ExitStack() as stack:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder = folder.resolve()
            turn, users = (
                stack.enter_context(folder.with_name(folder.name + suffix).open("ab"))
                for suffix in (".lock", ".users")
            )
            with locked(turn):
                server = postmaster.wait(folder) or postmaster.start(folder)
                fcntl.flock(users, fcntl.LOCK_SH)
        except (postmaster.DidNotStartError, OSError, subprocess.SubprocessError) as error:
            raise EmbeddedStartError(
                f"The embedded database in {folder} did not start: {_reason(error, folder)}.",
                remedy="See that the disk has room and the folder is yours, or set DATABASE_URL.",
            ) from error
        try:
            yield server.url
        finally:
            with locked(turn):
                if is_last(users):
                    postmaster.stop(folder)


def revive(folder: Path) -> bool:
    """Start a server again that ended while `serve` holds it; say whether it had to be.

    Raises EmbeddedStartError. A database that is gone from the disk is never made anew.
    """
    folder = folder.expanduser().resolve()
    if postmaster.find(folder) is not None:
        return False
    if not (folder / "PG_VERSION").exists():
        raise EmbeddedStartError(
            f"The files of the embedded database in {folder} are gone.",
            remedy="Put them back from a backup, then start woosync again.",
        )
    try:
        with folder.with_name(folder.name + ".lock").open("ab") as turn, locked(turn):
            if postmaster.wait(folder) is None:
                postmaster.start(folder)
    except (postmaster.DidNotStartError, OSError, subprocess.SubprocessError) as error:
        raise EmbeddedStartError(
            f"The embedded database in {folder} did not start again: {_reason(error, folder)}.",
            remedy="See that the disk has room and the folder is yours, then start woosync again.",
        ) from error
    return True


def stopped(folder: Path) -> EmbeddedStoppedError | None:
    """Return the error of a server that ended while it was used; None where it still runs."""
    if postmaster.find(folder.expanduser().resolve()) is not None:
        return None
    return EmbeddedStoppedError(
        f"The embedded database in {folder} was stopped by somebody else, or crashed.",
        remedy=f"Run the same command again; it goes on where it stopped. The log is "
        f"{folder / 'log'}.",
    )


@contextlib.contextmanager
def locked(file: IO[bytes]) -> Iterator[None]:
    """Hold the only lock on a file; it goes away with the process, however that ends."""
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def is_last(users: IO[bytes]) -> bool:
    """Tell whether no other living process uses the file."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _reason(error: Exception, folder: Path) -> str:
    """Say in few words why PostgreSQL did not start."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    needed = LEAST if (folder / "PG_VERSION").exists() else SMALLEST
    if shutil.disk_usage(existing).free < needed:
        return "the disk is full"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, subprocess.CalledProcessError):
        said = (error.stderr or b"").decode("utf-8", "replace").strip().splitlines()
        return said[-1].removeprefix("initdb: ").rstrip(".") if said else str(error).rstrip(".")
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
