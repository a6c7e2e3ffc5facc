"""The way to PostgreSQL: one pool a process, transactions that raise our errors, migrations."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import sqlalchemy.exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from woosync.postgres import embedded, errors

if TYPE_CHECKING:
    import alembic.config

#: What flows hand to the modules of this package; they know no more of it.
Transaction = AsyncConnection

MIGRATIONS = Path(__file__).with_name("migrations")


class Database:
    """A pool of connections to one PostgreSQL."""

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self.url = url
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=4,
            pool_timeout=30,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10, "application_name": "woosync"},
        )

    @contextlib.asynccontextmanager
    async def transaction(self, *, relaxed: bool = False) -> AsyncIterator[AsyncConnection]:
        """Open a transaction; commit at the end of the block, roll back on any exception.

        `relaxed` does not wait for the disk: right for pulls, whose cursor is in the same
        transaction as their rows, so that after a power cut both are a moment older together.
        Raises the kinds of `postgres.errors`.
        """
        try:
            async with self.engine.begin() as connection:
                if relaxed:
                    await connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
                yield connection
        except (sqlalchemy.exc.DBAPIError, psycopg.Error, sqlalchemy.exc.TimeoutError) as error:
            raise errors.translate(error) from error

    async def close(self) -> None:
        """Close the pool."""
        await self.engine.dispose()


@contextlib.contextmanager
def located(url: str | None, *, folder: Path) -> Iterator[str]:
    """Yield the SQLAlchemy URL of `url`, or of the embedded PostgreSQL in `folder` without one."""
    if url is None:
        with embedded.serve(folder) as served:
            yield served
    else:
        yield url.replace("postgres://", "postgresql://", 1).replace(
            "postgresql://", "postgresql+psycopg://", 1
        )


def alembic_config(url: str) -> "alembic.config.Config":
    """Return Alembic's configuration for the migrations that come with the package."""
    import alembic.config  # noqa: PLC0415 - slow to load, and only needed to migrate

    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    return config


def head() -> str:
    """Return the newest revision; migrations are numbered, one file each."""
    return max(path.name for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))[:4]


def upgrade(url: str) -> None:
    """Bring the tables up to this version; safe to call at every start and in parallel."""
    if is_current(url):
        return
    import alembic.command  # noqa: PLC0415 - slow to load, and only needed to migrate

    try:
        alembic.command.upgrade(alembic_config(url), "head")
    except (sqlalchemy.exc.DBAPIError, psycopg.Error) as error:
        raise errors.translate(error) from error


def is_current(url: str) -> bool:
    """Tell whether the tables are of this version."""
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    try:
        with psycopg.connect(plain, connect_timeout=10) as connection:
            known = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
            if known is None or known[0] is None:
                return False
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            return found is not None and found[0] == head()
    except psycopg.Error as error:
        raise errors.translate(error) from error
