"""A server that goes away, and one that does not let us in: told at once, by its right name."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import sqlalchemy

import woosim
from conftest import Server, quick_place
from database import rows
from woosync import bootstrap, settings
from woosync.flows import pull
from woosync.postgres import embedded, engine, postmaster, temporary
from woosync.postgres import errors as database_errors

QUICK = 6.0


async def seconds_of(database: engine.Database) -> float:
    started = time.monotonic()
    with pytest.raises(database_errors.DatabaseRefusedError, match="refused the login"):
        async with database.transaction():
            pytest.fail("nobody may come in here")
    return time.monotonic() - started


async def test_a_login_refused_in_the_midst_of_a_run_says_so_at_once(
    database: engine.Database, postgres: Server
) -> None:
    """The user is taken away after the first connection was made."""
    name = sqlalchemy.make_url(database.url).database
    postgres.run("CREATE ROLE passing LOGIN SUPERUSER")
    url = sqlalchemy.make_url(database.url).set(username="passing")
    mine = engine.Database(url.render_as_string(hide_password=False))
    try:
        async with mine.transaction() as tx:
            assert await rows.value(tx, "SELECT current_user") == "passing"
        postgres.run("ALTER ROLE passing NOLOGIN")
        postgres.run(
            f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        with pytest.raises(database_errors.DatabaseUnavailableError):  # the one that was cut
            async with mine.transaction() as tx:
                await rows.value(tx, "SELECT 1")
        assert await seconds_of(mine) < QUICK
    finally:
        await mine.close()
        postgres.run("DROP ROLE passing")


async def test_a_pool_in_full_use_is_no_unreachable_database(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PATIENCE", 2)
    small = engine.Database(database_url, pool_size=1)
    async with small.transaction():
        with pytest.raises(database_errors.DatabaseCrowdedError):
            async with small.transaction():
                pytest.fail("there is one connection only")
    await small.close()


async def test_waiting_longer_than_a_moment_for_a_connection_is_fine(database_url: str) -> None:
    small = engine.Database(database_url, pool_size=1)
    waiting = asyncio.Event()

    async def second() -> object:
        waiting.set()
        async with small.transaction() as tx:
            return await rows.value(tx, "SELECT 1")

    async with small.transaction():
        task = asyncio.create_task(second())
        await waiting.wait()
        await asyncio.sleep(engine.LOOK_AFTER * 1.5)
    assert await task == 1
    await small.close()


@pytest.fixture
def outside() -> Iterator[Path]:
    with temporary.folder("woosync-tests-lost-", quick_place()) as folder:
        yield folder


async def test_a_killed_embedded_server_ends_a_pull_soon_and_by_its_name(
    outside: Path, shop: woosim.Running
) -> None:
    chosen = settings.Settings(
        site_url=shop.url,
        consumer_key=shop.key,
        consumer_secret=shop.secret,
        allow_private_stores=True,
        data=outside,
    )
    killed = 0.0

    def kill(_: object) -> None:
        nonlocal killed
        lines = (outside / "postgres" / "postmaster.pid").read_text().splitlines()
        psutil.Process(int(lines[0])).kill()
        killed = killed or time.monotonic()

    async def run() -> None:
        async with bootstrap.application(chosen) as opened:
            shop.service.front.faults.inject("slow", count=None, options={"seconds": 0.5})
            await opened.pull(
                "default",
                pull.Options(full=True, page_size=10),
                actor="test",
                on_progress=kill,
                on_plan=lambda _: None,
            )

    with pytest.raises(embedded.EmbeddedStoppedError) as caught:
        await run()
    assert time.monotonic() - killed < QUICK
    assert "DATABASE_URL" not in caught.value.remedy
    assert "goes on" in caught.value.remedy


async def test_what_runs_for_long_starts_its_killed_embedded_server_again(outside: Path) -> None:
    async with bootstrap.application(settings.Settings(data=outside)) as opened:
        keeping = asyncio.create_task(opened.keep_database())
        file = outside / "postgres" / "postmaster.pid"
        first = file.read_text().splitlines()[0]
        psutil.Process(int(first)).kill()
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(database_errors.DatabaseUnavailableError):
                    async with opened.database.transaction() as tx:
                        await rows.value(tx, "SELECT count(*) FROM stores")
                    if file.read_text().splitlines()[0] != first:
                        break
        keeping.cancel()


async def test_a_database_whose_files_are_gone_is_not_made_anew(outside: Path) -> None:
    with embedded.serve(outside / "postgres"):
        server = postmaster.find(outside / "postgres")
        assert server
        assert not embedded.revive(outside / "postgres")
        postmaster.stop(outside / "postgres")
        (outside / "postgres").rename(outside / "elsewhere")
        with pytest.raises(embedded.EmbeddedStartError, match="are gone"):
            embedded.revive(outside / "postgres")


def run_as(postgres: Server, name: str, *statements: str) -> None:
    with psycopg.connect(postgres.address(name), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


async def test_a_user_who_may_not_write_is_told_what_to_do(
    database: engine.Database, postgres: Server
) -> None:
    url = sqlalchemy.make_url(database.url)
    run_as(
        postgres,
        url.database or "",
        "CREATE ROLE reader LOGIN",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
    )
    mine = engine.Database(url.set(username="reader").render_as_string(hide_password=False))
    try:
        engine.upgrade(mine.url)
        with pytest.raises(database_errors.DatabaseRefusedError, match="may not do this") as caught:
            async with mine.transaction() as tx:
                await rows.add_products(tx, "a")
        assert "own the database" in caught.value.remedy
        async with mine.transaction() as tx:
            await rows.run(tx, "SET TRANSACTION READ ONLY")
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction) as refused:
                await rows.run(tx, "CREATE TEMPORARY TABLE t AS SELECT nextval('stores_id_seq')")
    finally:
        await mine.close()
        run_as(postgres, url.database or "", "DROP OWNED BY reader", "DROP ROLE reader")
    assert "REPLICA_DATABASE_URL" in database_errors.translate(refused.value).remedy


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_cannot_hold_every_name_is_refused(postgres: Server, encoding: str) -> None:
    name = f"in_{encoding.lower()}"
    postgres.run(
        f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 "
        "LOCALE_PROVIDER libc LOCALE 'C'"
    )
    try:
        with pytest.raises(database_errors.DatabaseUnfitError, match=encoding) as caught:
            engine.upgrade(postgres.address(name))
    finally:
        postgres.drop(name)
    assert "UTF8" in caught.value.remedy


def test_an_address_that_libpq_cannot_read_is_the_settings_fault() -> None:
    with pytest.raises(database_errors.DatabaseRefusedError, match="DATABASE_URL") as caught:
        engine.is_current("postgresql://nobody@127.0.0.1/name?colour=red")
    assert caught.value.remedy


def test_every_refusal_has_a_remedy() -> None:
    known = [kinds[0]("told so") for kinds, *_ in database_errors.TRANSLATIONS]
    for error in (*known, psycopg.errors.SyntaxError("told so"), psycopg.Error("told so")):
        assert database_errors.translate(error).remedy
