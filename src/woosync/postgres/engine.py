"""The way to PostgreSQL: one pool a process, transactions that raise our errors, migrations."""

import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import psycopg
import psycopg.types.json
import psycopg_pool

import woosync.errors
from woosync.postgres import dumpers, embedded, errors, fresh

if TYPE_CHECKING:
    import alembic.config

#: What flows hand to the modules of this package; they know no more of it.
Transaction = psycopg.AsyncConnection[Any]

MIGRATIONS = Path(__file__).with_name("migrations")
#: Seconds to wait for a free or new connection, and after which to look why none comes.
PATIENCE, LOOK_AFTER = 10, 1
#: Text is written in UTF-8, also where the environment or the role says otherwise.
CONNECTING: dict[str, Any] = {"connect_timeout": PATIENCE, "client_encoding": "utf8"}
#: The oldest server that the tables and statements are written for.
OLDEST = 15

#: What a relaxed transaction selects; `runs.hold` with the same statement, since a pull does both.
RELAXING = (
    "set_config('synchronous_commit', 'off', true), set_config('woosync.actor', 'sync', true)"
)

dumpers.register()
psycopg.types.json.set_json_loads(msgspec.json.decode)
psycopg.types.json.set_json_dumps(msgspec.json.encode)
# The pool warns about every failed attempt to connect; the error that we raise says it once.
logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
# What goes wrong while it leaves a pipeline is what was raised there.
logging.getLogger("psycopg").setLevel(logging.ERROR)


async def by_sync(tx: Transaction) -> None:
    """Let what the rest of the transaction writes not count as edits of the back office."""
    await tx.execute("SET LOCAL woosync.actor = 'sync'")


class Database:
    """A pool of connections to one PostgreSQL; `url` is a libpq URL.

    `restarts` tells whether somebody starts the server again when it goes away; then a new
    connection is tried for a while.
    """

    def __init__(self, url: str, *, pool_size: int = 12, restarts: bool = True) -> None:
        self.url = url
        self._restarts = restarts
        self._failures = 0
        self._pool = psycopg_pool.AsyncConnectionPool(
            url,
            min_size=0,
            max_size=pool_size,
            timeout=PATIENCE,
            reconnect_timeout=PATIENCE,
            open=False,
            kwargs={"application_name": "woosync", **CONNECTING},
        )

    @contextlib.asynccontextmanager
    async def transaction(self, *, relaxed: bool = False) -> AsyncIterator[Transaction]:
        """Open a transaction; commit at the end of the block, roll back on any exception.

        `relaxed` does not wait for the disk: right for pulls, whose cursor is in the same
        transaction as their rows, so that after a power cut both are a moment older together.
        What it writes counts as the sync's work, not as an edit.
        Raises the kinds of `postgres.errors`.
        """
        async with self._connected(autocommit=False) as connection:
            if relaxed:
                await connection.execute(f"SELECT {RELAXING}")
            yield connection

    @contextlib.asynccontextmanager
    async def statements(self) -> AsyncIterator[Transaction]:
        """Open a connection for statements that each stand alone: one round trip, not three."""
        async with self._connected(autocommit=True) as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def _connected(self, *, autocommit: bool) -> AsyncIterator[Transaction]:
        try:
            await self._pool.open()
            connection = await self._take()
            try:
                async with connection:
                    if connection.autocommit is not autocommit:  # as whoever had it before left it
                        await connection.set_autocommit(autocommit)
                    yield connection
            finally:
                await self._pool.putconn(connection)
        except psycopg.Error as error:
            raise errors.translate(error) from error

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[Transaction]:
        """Open a connection of one's own, without a transaction around: for session locks."""
        try:
            connection = await psycopg.AsyncConnection.connect(
                self.url, autocommit=True, **CONNECTING
            )
        except psycopg.Error as error:
            raise errors.translate(error) from error
        async with connection:
            yield connection

    async def close(self) -> None:
        """Close the pool."""
        await self._pool.close()

    async def _take(self) -> Transaction:
        """Take a connection out of the pool; raises why none is to be had as soon as it is known.

        The pool itself tries for all its patience and then says that time ran out.
        """
        first = min(LOOK_AFTER, PATIENCE)
        try:
            return await self._pool.getconn(first)
        except psycopg_pool.PoolTimeout:
            await self._look(patient=self._restarts)
        try:
            return await self._pool.getconn(PATIENCE - first)
        except psycopg_pool.PoolTimeout as error:
            await self._look(patient=False)
            raise errors.DatabaseCrowdedError(
                f"No connection to the database became free within {PATIENCE} s.",
                remedy="Run it again; if this stays, something holds transactions open.",
            ) from error

    async def _look(self, *, patient: bool) -> None:
        """Raise why connections fail; patient: if they do, and not what may pass by itself."""
        failures = self._pool.get_stats().get("connections_errors", 0)
        if patient and failures == self._failures:
            return  # all connections are in use
        self._failures = failures
        try:
            async with self.session():
                return
        except woosync.errors.TemporaryError:
            if not patient:
                raise


@contextlib.contextmanager
def located(url: str | None, *, folder: Path) -> Iterator[str]:
    """Yield the URL of `url`, or of the embedded PostgreSQL in `folder` without one."""
    if url is None:
        with embedded.serve(folder) as served:
            yield served
    else:
        yield url.replace("postgres://", "postgresql://", 1)


def alembic_config(url: str) -> "alembic.config.Config":
    """Return Alembic's configuration for the migrations that come with the package."""
    import alembic.config  # noqa: PLC0415 - slow to load, and only needed to migrate

    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url.replace("postgresql://", "postgresql+psycopg://", 1)
    return config


def head() -> str:
    """Return the newest revision; migrations are numbered, one file each."""
    return max(path.name for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))[:4]


def upgrade(url: str) -> None:
    """Bring the tables up to this version; safe to call at every start and in parallel.

    Raises DatabaseNewerError when a newer program has made them.
    """
    # A second look: while this one waited another process may have made them.
    if is_current(url) or _made_fresh(url) or is_current(url):
        return
    import alembic.command  # noqa: PLC0415 - slow to load, and only needed to migrate
    import sqlalchemy.exc  # noqa: PLC0415 - as above

    try:
        alembic.command.upgrade(alembic_config(url), "head")
    except sqlalchemy.exc.DBAPIError as error:
        raise errors.translate(error.orig or error) from error


def _made_fresh(url: str) -> bool:
    try:
        with psycopg.connect(url, **CONNECTING) as connection:
            return fresh.make(connection)
    except psycopg.Error as error:
        raise errors.translate(error) from error


def is_current(url: str) -> bool:
    """Tell whether the tables are of this version.

    Raises DatabaseNewerError for a newer one, DatabaseUnfitError for one that cannot hold them.
    """
    try:
        with psycopg.connect(url, **CONNECTING) as connection:
            _refuse_unfit(connection)
            known = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
            if known is None or known[0] is None:
                return False
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except psycopg.Error as error:
        raise errors.translate(error) from error
    if found is not None and found[0] > head():
        raise errors.DatabaseNewerError(
            f"This database was made by a newer woosync (tables {found[0]}, here {head()}).",
            remedy="Update woosync to at least the version that made it.",
        )
    return found is not None and found[0] == head()


def _refuse_unfit(connection: psycopg.Connection[Any]) -> None:
    version = connection.info.server_version // 10_000
    if version < OLDEST:
        raise errors.DatabaseUnfitError(
            f"The database server is PostgreSQL {version}, and woosync needs {OLDEST} or newer.",
            remedy="Update PostgreSQL, or name another server in DATABASE_URL.",
        )
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise errors.DatabaseUnfitError(
            f"The database keeps text as {encoding}, which cannot hold every name.",
            remedy="Make one with `CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0` and "
            "name it in DATABASE_URL.",
        )
