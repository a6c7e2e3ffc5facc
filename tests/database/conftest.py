"""What the database tests share: an open transaction, and a store that records belong to."""

from collections.abc import AsyncIterator

import pytest

from woosync.postgres import engine, stores


@pytest.fixture
async def tx(database: engine.Database) -> AsyncIterator[engine.Transaction]:
    """Open a transaction; for tests in which PostgreSQL refuses nothing."""
    async with database.transaction() as connection:
        yield connection


@pytest.fixture
async def store(database: engine.Database) -> stores.Store:
    async with database.transaction() as connection:
        return await stores.save_new(connection, "default", {"url": "https://shop.example"})


@pytest.fixture
async def other_store(database: engine.Database, store: stores.Store) -> stores.Store:
    async with database.transaction() as connection:
        return await stores.save_new(connection, "second", {"url": "https://second.example"})
