"""Cursors survive what they must and are forgotten where an older version wrote them."""

import msgspec

from database import rows
from woosync.flows.pull import cursor
from woosync.postgres import cursors, engine, stores
from woosync.woo import paging

FULL = cursor.Cursor(
    watermark=rows.NOW,
    scan=cursor.Scan(
        started=rows.NOW,
        watermark=rows.NOW,
        position=paging.ScanPosition(200, 977),
        force=False,
    ),
    rolling=paging.ScanPosition(20, 21),
    swept_at=rows.NOW,
    due=True,
    parents=(3, 1, 2),
    last_parent=7,
)


async def test_a_cursor_comes_back_as_it_was_saved(
    tx: engine.Transaction, store: stores.Store
) -> None:
    assert await cursors.load(tx, store.id, "product", cursor.Cursor) is None
    for position in (FULL, cursor.Cursor(), msgspec.structs.replace(FULL, scan=None)):
        await cursors.save(tx, store.id, "product", position)
        assert await cursors.load(tx, store.id, "product", cursor.Cursor) == position


async def test_each_store_and_kind_has_its_own(
    tx: engine.Transaction, store: stores.Store, other_store: stores.Store
) -> None:
    await cursors.save(tx, store.id, "product", FULL)
    await cursors.save(tx, store.id, "order", cursor.Cursor(last_parent=1))
    assert await cursors.load(tx, other_store.id, "product", cursor.Cursor) is None
    assert await cursors.load(tx, store.id, "product", cursor.Cursor) == FULL


async def test_a_cursor_of_an_older_version_is_taken_for_none(
    tx: engine.Transaction, store: stores.Store
) -> None:
    await cursors.save(tx, store.id, "product", {"watermark": "yesterday"})
    assert await cursors.load(tx, store.id, "product", cursor.Cursor) is None


async def test_fields_that_a_newer_version_adds_do_no_harm(
    tx: engine.Transaction, store: stores.Store
) -> None:
    await cursors.save(tx, store.id, "product", {"last_parent": 9, "of_tomorrow": [1]})
    assert await cursors.load(tx, store.id, "product", cursor.Cursor) == cursor.Cursor(
        last_parent=9
    )


async def test_a_rolled_back_transaction_leaves_the_cursor_where_it_was(
    database: engine.Database, store: stores.Store
) -> None:
    async with database.transaction() as tx:
        await cursors.save(tx, store.id, "product", FULL)
    async with (
        database.session() as connection,
        connection.transaction(force_rollback=True),
    ):
        await cursors.save(connection, store.id, "product", cursor.Cursor())
    async with database.transaction() as tx:
        assert await cursors.load(tx, store.id, "product", cursor.Cursor) == FULL
