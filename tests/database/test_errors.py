"""What PostgreSQL refuses, in our words: each error once, raised by a real server."""

import asyncio
import contextlib

import psycopg
import pytest
import sqlalchemy

from database import rows
from woosync import errors
from woosync.postgres import engine
from woosync.postgres import errors as database_errors


def raising(code: str) -> str:
    return f"DO $$ BEGIN RAISE EXCEPTION 'told so' USING ERRCODE = '{code}'; END $$"


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        (
            "INSERT INTO suppliers (name) VALUES ('a'), ('a')",
            database_errors.DatabaseTakenError,
        ),
        ("INSERT INTO suppliers (name) VALUES (NULL)", database_errors.DatabaseRejectedError),
        (
            "INSERT INTO stores (key, state) VALUES ('a', 'odd')",
            database_errors.DatabaseRejectedError,
        ),
        (
            "INSERT INTO inventory (product_id, warehouse_id) VALUES (1, 1)",
            database_errors.DatabaseRejectedError,
        ),
        ("SELECT 'abc'::numeric", database_errors.DatabaseRejectedError),
        ("SELECT '\\u0000'::jsonb", database_errors.DatabaseRejectedError),
        ("SELECT '{'::json", database_errors.DatabaseRejectedError),
        ("SELECT 1/0", database_errors.DatabaseRejectedError),
        ("SELECT * FROM no_such_table", database_errors.DatabaseOutdatedError),
        ("SELECT no_such_column FROM products", database_errors.DatabaseOutdatedError),
        ("SELEKT 1", database_errors.DatabaseRefusedError),
        (raising("53100"), database_errors.DatabaseFullError),
        (raising("53200"), database_errors.DatabaseFullError),
        (raising("40001"), database_errors.DatabaseBusyError),
        (raising("40P01"), database_errors.DatabaseBusyError),
        (raising("55P03"), database_errors.DatabaseBusyError),
        (raising("57P01"), database_errors.DatabaseUnavailableError),
        (raising("53300"), database_errors.DatabaseUnavailableError),
    ],
)
async def test_refusals_become_our_errors(
    database: engine.Database, statement: str, kind: type[errors.WoosyncError]
) -> None:
    async def attempt() -> None:
        async with database.transaction() as tx:
            await rows.run(tx, statement)

    with pytest.raises(kind) as caught:
        await attempt()
    assert type(caught.value) is kind
    assert caught.value.message.endswith(".")
    assert "\n" not in caught.value.message
    assert "[SQL" not in caught.value.message
    assert caught.value.__cause__ is not None
    async with database.transaction() as tx:
        assert await rows.value(tx, "SELECT 1") == 1


async def test_a_text_that_no_column_can_hold_is_the_records_fault(
    database: engine.Database,
) -> None:
    with pytest.raises(database_errors.DatabaseRejectedError):
        async with database.transaction() as tx:
            await tx.execute("SELECT %s::text", ("nul \x00",))


@pytest.mark.parametrize(
    "changes",
    [{"database": "no_such_database"}, {"username": "no_such_user"}],
    ids=["database", "user"],
)
async def test_a_refused_login_is_no_passing_trouble(
    database: engine.Database, changes: dict[str, str]
) -> None:
    url = sqlalchemy.make_url(database.url).set(**changes).render_as_string(hide_password=False)  # type: ignore[arg-type] # names of parts
    with pytest.raises(database_errors.DatabaseRefusedError, match="refused the login") as caught:
        async with engine.Database(url).session():
            pytest.fail("nobody may come in here")
    assert "DATABASE_URL" in caught.value.remedy
    with pytest.raises(database_errors.DatabaseRefusedError):
        engine.upgrade(url)


@pytest.mark.parametrize(
    "says",
    [
        'connection failed: FATAL:  password authentication failed for user "x"',
        'connection failed: FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "x"',
        "connection failed: fe_sendauth: no password supplied",
        'connection failed: FATAL:  role "x" is not permitted to log in',
        'connection failed: FATAL:  permission denied for database "x"',
    ],
)
def test_what_libpq_says_of_a_refused_login_is_understood(says: str) -> None:
    found = database_errors.translate(psycopg.OperationalError(says))
    assert type(found) is database_errors.DatabaseRefusedError


@pytest.mark.parametrize(
    "says",
    [
        "connection failed: FATAL:  the database system is starting up",
        "connection failed: FATAL:  sorry, too many clients already",
        'connection to server on socket "x" failed: No such file or directory',
        "server closed the connection unexpectedly",
    ],
)
def test_a_server_that_is_only_busy_or_away_is_passing_trouble(says: str) -> None:
    found = database_errors.translate(psycopg.OperationalError(says))
    assert type(found) is database_errors.DatabaseUnavailableError


async def test_a_server_that_is_not_there_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "PATIENCE", 0.2)
    nowhere = engine.Database("postgresql://somebody:pass-word@127.0.0.1:1/none")
    with pytest.raises(database_errors.DatabaseUnavailableError) as caught:
        async with nowhere.transaction():
            pytest.fail("nothing listens there")
    await nowhere.close()
    assert "PostgreSQL runs" in caught.value.remedy
    assert "pass-word" not in caught.value.message


async def test_a_connection_that_is_cut_is_replaced_by_the_next(
    database: engine.Database,
) -> None:

    async def write_and_be_cut() -> None:
        async with database.transaction() as tx, database.transaction() as killer:
            mine = await rows.value(tx, "SELECT pg_backend_pid()")
            await rows.add_products(tx, "lost")
            assert await rows.value(killer, f"SELECT pg_terminate_backend({mine}, 5000)")
            await rows.add_products(tx, "lost too")

    with pytest.raises(database_errors.DatabaseUnavailableError):
        await write_and_be_cut()
    async with database.transaction() as tx:
        assert await rows.value(tx, "SELECT count(*) FROM products") == 0


async def test_a_pool_without_a_free_connection_is_passing_trouble(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PATIENCE", 2)
    small = engine.Database(database_url, pool_size=2)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(small.transaction())
        with pytest.raises(database_errors.DatabaseUnavailableError):
            await stack.enter_async_context(small.transaction())
    await small.close()


async def test_of_two_that_block_each_other_one_is_told_to_try_again(
    database: engine.Database,
) -> None:
    async with database.transaction() as tx:
        await rows.add_products(tx, "a", "b")
    met = asyncio.Barrier(2)

    async def rename(*skus: str) -> None:
        async with database.transaction() as tx:
            await rows.run(tx, "SET LOCAL deadlock_timeout = '50ms'")
            await rows.run(tx, f"UPDATE products SET name = 'x' WHERE sku = '{skus[0]}'")
            await met.wait()
            await rows.run(tx, f"UPDATE products SET name = 'x' WHERE sku = '{skus[1]}'")

    results = await asyncio.gather(rename("a", "b"), rename("b", "a"), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["DatabaseBusyError", "NoneType"]


async def test_our_own_errors_and_defects_pass_unchanged(database: engine.Database) -> None:
    for error in (errors.RefusedError("no"), LookupError("defect")):
        with pytest.raises(type(error)) as caught:
            async with database.transaction():
                raise error
        assert caught.value is error
