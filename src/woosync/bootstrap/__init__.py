"""The only wiring: settings become a database, stores and clients; entry points open it.

`Application` has one base a concern, a module each; they share `opening.Opening`. Whoever needs one
concern opens that alone, because loading the others takes time.
"""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from woosync import errors
from woosync import settings as configuration
from woosync.bootstrap import opening
from woosync.bootstrap.opening import CREDENTIALS, DEFAULT_STORE, StorePausedError, utc_now
from woosync.postgres import embedded, engine
from woosync.postgres import errors as database_errors

if TYPE_CHECKING:
    from woosync.bootstrap.whole import Application

__all__ = [
    "CREDENTIALS",
    "DEFAULT_STORE",
    "Application",
    "StorePausedError",
    "application",
    "concern",
]

Concern = TypeVar("Concern", bound=opening.Opening)
FULL_BELOW = 32 * 1024 * 1024


def __getattr__(name: str) -> Any:
    if name == "Application":
        from woosync.bootstrap import whole  # noqa: PLC0415 - loads every flow

        return whole.Application
    raise AttributeError(name)


@contextlib.asynccontextmanager
async def application(
    settings: configuration.Settings, *, clock: Callable[[], datetime] = utc_now
) -> AsyncIterator["Application"]:
    """Open everything that entry points may call; see `concern`."""
    from woosync.bootstrap import whole  # noqa: PLC0415 - as above

    async with concern(whole.Application, settings, clock=clock) as opened:
        yield opened


@contextlib.asynccontextmanager
async def concern(
    kind: type[Concern],
    settings: configuration.Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
) -> AsyncIterator[Concern]:
    """Open the database (the embedded one starts now), bring its tables up to date, and wire.

    Raises EmbeddedStartError and the errors of `postgres.errors`.
    """
    folder = settings.data_folder
    with engine.located(settings.database_url, folder=folder / "postgres") as url:
        await asyncio.to_thread(engine.upgrade, url)
        database = replica = engine.Database(url, restarts=settings.database_url is not None)
        if settings.replica_database_url is not None:
            with engine.located(settings.replica_database_url, folder=folder) as replica_url:
                replica = engine.Database(replica_url)
        try:
            yield kind(settings=settings, database=database, replica=replica, clock=clock)
        except database_errors.DatabaseUnavailableError as error:
            if settings.database_url is None:
                raise _explained(error, folder) from error
            raise
        finally:
            await database.close()
            await replica.close()


def _explained(error: errors.WoosyncError, folder: Path) -> errors.WoosyncError:
    """Return what happened to the embedded database that went away."""
    if shutil.disk_usage(folder).free < FULL_BELOW:
        return database_errors.DatabaseFullError(
            f"The disk of {folder} is full.",
            remedy="Free space and run the same command again; it goes on where it stopped.",
        )
    return embedded.stopped(folder / "postgres") or error
