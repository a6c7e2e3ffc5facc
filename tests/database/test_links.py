"""Which record is which, the bases, and the locks of an ingest."""

import pytest

from database import rows
from woosync import errors
from woosync.domain import ids
from woosync.postgres import engine, links, stores
from woosync.postgres import errors as database_errors

PRODUCT, VARIATION, CUSTOMER = ids.Entity.PRODUCT, ids.Entity.VARIATION, ids.Entity.CUSTOMER
ORDER = ids.Entity.ORDER


async def test_saved_links_are_found_by_the_stores_ids(
    tx: engine.Transaction, store: stores.Store
) -> None:
    await rows.link(tx, store.id, PRODUCT, [(10, 1), (20, 2)])
    found = await links.load(tx, store.id, PRODUCT, [10, 20, 30])
    assert found == {
        10: links.Link(1, b"hash", tombstoned=False, woo_modified_at=rows.NOW),
        20: links.Link(2, b"hash", tombstoned=False, woo_modified_at=rows.NOW),
    }
    assert await links.load_bases(tx, store.id, PRODUCT, [20, 30]) == {20: '{"name": "base"}'}
    assert await links.load(tx, store.id, PRODUCT, []) == {}


async def test_kinds_and_stores_are_kept_apart(
    tx: engine.Transaction, store: stores.Store, other_store: stores.Store
) -> None:
    await rows.link(tx, store.id, PRODUCT, [(10, 1)])
    await rows.link(tx, store.id, VARIATION, [(10, 2)])
    await rows.link(tx, other_store.id, PRODUCT, [(10, 3)])
    for owner, entity, local_id in (
        (store, PRODUCT, 1),
        (store, VARIATION, 2),
        (other_store, PRODUCT, 3),
    ):
        assert await links.load_local_ids(tx, owner.id, entity, [10]) == {10: local_id}


async def test_a_tombstone_hides_a_record_until_it_is_seen_again(
    tx: engine.Transaction, store: stores.Store
) -> None:
    await rows.link(tx, store.id, PRODUCT, [(10, 1), (20, 2)])
    await links.save_tombstones(tx, store.id, PRODUCT, [10], reason="deleted", now=rows.NOW)
    assert await links.load(tx, store.id, PRODUCT, [10]) == {
        10: links.Link(1, None, tombstoned=True, woo_modified_at=rows.NOW)
    }
    assert await links.load_local_ids(tx, store.id, PRODUCT, [10, 20]) == {20: 2}
    assert await links.load_live_ids(tx, store.id, PRODUCT) == [(20, 2)]
    again = rows.state(10, 1, wire_hash=b"new", base=b'{"name": "back"}')
    await links.save_changed(tx, store.id, PRODUCT, [again], now=rows.NOW)
    assert await links.load(tx, store.id, PRODUCT, [10]) == {
        10: links.Link(1, b"new", tombstoned=False, woo_modified_at=rows.NOW)
    }
    assert await links.load_bases(tx, store.id, PRODUCT, [10]) == {10: '{"name": "back"}'}
    assert await rows.ask(tx, "SELECT DISTINCT tombstone_reason FROM links") == [("",)]


async def test_live_ids_come_in_order_slice_by_slice(
    tx: engine.Transaction, store: stores.Store
) -> None:
    await rows.link(tx, store.id, PRODUCT, [(n, 100 - n) for n in (5, 3, 9, 7, 1)])
    first = await links.load_live_ids(tx, store.id, PRODUCT, limit=2)
    second = await links.load_live_ids(tx, store.id, PRODUCT, after=first[-1][0], limit=2)
    last = await links.load_live_ids(tx, store.id, PRODUCT, after=second[-1][0], limit=2)
    assert [woo_id for woo_id, _ in (*first, *second, *last)] == [1, 3, 5, 7, 9]
    assert len(last) == 1


@pytest.mark.parametrize("pair", [(10, 2), (11, 1)], ids=["same store id", "same local record"])
async def test_a_record_is_linked_once_on_both_sides(
    database: engine.Database, store: stores.Store, pair: tuple[int, int]
) -> None:
    async with database.transaction() as tx:
        await rows.link(tx, store.id, PRODUCT, [(10, 1)])
    with pytest.raises(errors.TemporaryError) as caught:
        async with database.transaction() as tx:
            await rows.link(tx, store.id, PRODUCT, [pair])
    assert isinstance(caught.value, database_errors.DatabaseBusyError)
    async with database.transaction() as tx:
        assert await links.load_live_ids(tx, store.id, PRODUCT) == [(10, 1)]


async def test_one_local_record_may_be_linked_with_several_stores(
    tx: engine.Transaction, store: stores.Store, other_store: stores.Store
) -> None:
    await rows.link(tx, store.id, PRODUCT, [(10, 1)])
    await rows.link(tx, other_store.id, PRODUCT, [(77, 1)])
    assert await links.load_local_ids(tx, other_store.id, PRODUCT, [77]) == {77: 1}


async def lock_impatiently(
    database: engine.Database, store: stores.Store, *entities: ids.Entity
) -> None:
    async with database.transaction() as tx:
        await rows.run(tx, "SET LOCAL lock_timeout = '50ms'")
        await links.lock(tx, store.id, entities)


async def test_two_transactions_do_not_ingest_the_same_kind_at_once(
    database: engine.Database, store: stores.Store, other_store: stores.Store
) -> None:
    async with database.transaction() as first:
        await links.lock(first, store.id, [CUSTOMER, ORDER])
        async with database.transaction() as second:
            await links.lock(second, store.id, [PRODUCT])
            await links.lock(second, other_store.id, [ORDER])
        with pytest.raises(database_errors.DatabaseBusyError):
            await lock_impatiently(database, store, ORDER)
    async with database.transaction() as second:
        await links.lock(second, store.id, [ORDER])


async def test_locks_are_taken_in_one_order_whatever_is_asked(
    database: engine.Database, store: stores.Store
) -> None:
    async with database.transaction() as first:
        await links.lock(first, store.id, [CUSTOMER])
        with pytest.raises(database_errors.DatabaseBusyError):
            await lock_impatiently(database, store, ORDER, CUSTOMER)
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        assert await rows.value(first, held) == 1
