"""Transactions, and statements that stand alone, on the connections of one pool."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import pytest

from database import rows
from woosync.postgres import engine

ADD = "INSERT INTO suppliers (name) VALUES (%s)"


class Stopped(Exception):  # noqa: N818 - it is no error
    """Ends a block."""


@pytest.fixture
async def single(database: engine.Database) -> AsyncIterator[engine.Database]:
    """Give a pool of one connection, so that all use the same."""
    found = engine.Database(database.url, pool_size=1)
    yield found
    await found.close()


async def _names(database: engine.Database) -> list[tuple[object, ...]]:
    async with database.statements() as tx:
        return await rows.ask(tx, "SELECT name FROM suppliers WHERE name LIKE 'a %' ORDER BY name")


async def _add_and_stop(opened: AbstractAsyncContextManager[engine.Transaction], name: str) -> None:
    async with opened as tx:
        await tx.execute(ADD, (name,))
        raise Stopped


async def test_statements_stand_alone(single: engine.Database) -> None:
    with pytest.raises(Stopped):
        await _add_and_stop(single.statements(), "a first")
    assert await _names(single) == [("a first",)]


async def test_a_transaction_after_lone_statements_is_one_again(single: engine.Database) -> None:
    with pytest.raises(Stopped):
        await _add_and_stop(single.statements(), "a first")
    with pytest.raises(Stopped):
        await _add_and_stop(single.transaction(), "a second")
    assert await _names(single) == [("a first",)]
