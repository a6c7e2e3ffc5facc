"""Fixtures that every test folder shares: a real PostgreSQL, fresh databases, simulated stores."""

import asyncio
import contextlib
import gc
import itertools
import os
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import sqlalchemy

import woosim
from woosync.postgres import embedded, engine, temporary

if sys.platform == "win32":
    new_event_loop = asyncio.SelectorEventLoop
else:
    from uvloop import new_event_loop

TEMPLATE = "woosync_template"
NUMBERS = itertools.count(1)
#: A file system in memory: hundreds of small files are made and removed for every test.
MEMORY, MEMORY_NEEDED = Path("/dev/shm"), 3 * 1024**3  # noqa: S108 - folders in it are mkdtemp's
#: Of nothing that is lost with the machine anything has to be kept.
QUICK = ("fsync = off", "full_page_writes = off", "max_wal_size = '256MB'")
OpenShop = Callable[..., Awaitable[woosim.Running]]

# Hundreds of tests start processes: each would compile every module again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def quick_place() -> Path | None:
    """Return the file system in memory where there is one with room; None: the usual place."""
    try:
        roomy = shutil.disk_usage(MEMORY).free > MEMORY_NEEDED
    except OSError:
        return None
    return MEMORY if roomy and os.access(MEMORY, os.W_OK) else None


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run tests on the loop that the product runs on."""
    return {"product": new_event_loop}


def pytest_collection_finish() -> None:
    """Spare the garbage collector all that was imported: it lives as long as the tests do."""
    gc.collect()
    gc.freeze()


@dataclass(frozen=True)
class Server:
    """A PostgreSQL for one test process; `clone` makes a migrated database in milliseconds."""

    url: str
    connection: psycopg.Connection[tuple[object, ...]]

    def address(self, name: str) -> str:
        url = sqlalchemy.make_url(self.url).set(database=name)
        return url.render_as_string(hide_password=False)

    def run(self, statement: str) -> None:
        self.connection.execute(statement)

    def clone(self, template: str = TEMPLATE) -> str:
        name = f"test_{next(NUMBERS)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def drop(self, name: str) -> None:
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Serve one PostgreSQL for the session (each xdist worker has its own), already migrated.

    It lies outside pytest's own folders, which a user other than ours cannot enter; what a killed
    run has left is cleared away first.
    """
    with (
        temporary.folder("woosync-tests-", quick_place()) as folder,
        embedded.serve(folder / "postgres") as url,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        server = Server(url, connection)
        for setting in QUICK:
            server.run(f"ALTER SYSTEM SET {setting}")
        server.run("SELECT pg_reload_conf()")
        server.run(f"CREATE DATABASE {TEMPLATE}")
        engine.upgrade(server.address(TEMPLATE))
        yield server


@pytest.fixture
def database_url(postgres: Server) -> Iterator[str]:
    """Give the test a migrated database of its own, as a libpq URL."""
    name = postgres.clone()
    yield postgres.address(name)
    postgres.drop(name)


@pytest.fixture
def empty_database_url(postgres: Server) -> Iterator[str]:
    """Give the test a database without any table."""
    name = postgres.clone("template0")
    yield postgres.address(name)
    postgres.drop(name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[engine.Database]:
    """Open the test's own database."""
    opened = engine.Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def open_shop() -> AsyncIterator[OpenShop]:
    """Start simulated stores: `await open_shop(products=50, tls=True)`; they end with the test."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(*, tls: bool = False, **sizes: object) -> woosim.Running:
            options = woosim.Options(**sizes)  # type: ignore[arg-type]  # checked by the class
            return await stack.enter_async_context(woosim.serve(woosim.Shop(options), tls=tls))

        yield start


@pytest.fixture
async def shop(open_shop: OpenShop) -> woosim.Running:
    """Start a small simulated store: some of everything, answers in milliseconds."""
    return await open_shop(products=120, variable=10, customers=40, orders=60, seed=7)
