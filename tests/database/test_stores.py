"""Stores, and the warehouse and supplier made on first need."""

import asyncio

import pytest

from database import rows
from woosync.postgres import engine, stores


async def test_a_store_comes_back_as_it_was_saved(tx: engine.Transaction) -> None:
    values = {
        "url": "https://shop.example",
        "name": "Shop",
        "consumer_key": b"\x00sealed",
        "consumer_secret": b"\xffsealed",
        "settings": {"policies": {"default": "local"}},
        "allow_private": True,
    }
    saved = await stores.save_new(tx, "default", values)
    assert await stores.load(tx, "default") == saved
    assert {name: getattr(saved, name) for name in values} == values
    assert (saved.state, saved.auth_mode, saved.webhook_secret) == ("active", "auto", None)


async def test_an_unknown_key_is_refused_with_a_remedy(tx: engine.Transaction) -> None:
    with pytest.raises(stores.UnknownStoreError, match="'nosuch'") as caught:
        await stores.load(tx, "nosuch")
    assert "stores list" in caught.value.remedy


async def test_a_key_is_taken_once(tx: engine.Transaction, store: stores.Store) -> None:
    with pytest.raises(stores.StoreExistsError):
        await stores.save_new(tx, store.key, {"url": "https://other.example"})
    assert (await stores.load(tx, store.key)).url == store.url


async def test_a_removed_store_leaves_its_key_free(
    tx: engine.Transaction, store: stores.Store
) -> None:
    await stores.save(tx, store.id, {"state": "removed"})
    assert await stores.load_all(tx) == []
    again = await stores.save_new(tx, store.key, {"url": "https://new.example"})
    assert again.id != store.id
    assert await stores.load_all(tx) == [again]


async def test_a_change_leaves_the_other_stores_alone(
    database: engine.Database, store: stores.Store, other_store: stores.Store
) -> None:
    async with database.transaction() as tx:
        await stores.save(tx, store.id, {"name": "Renamed", "capabilities": {"version": "11"}})
    async with database.transaction() as tx:
        assert (await stores.load(tx, store.key)).capabilities == {"version": "11"}
        assert await stores.load(tx, other_store.key) == other_store
        moved = "SELECT updated_at > created_at FROM stores ORDER BY id"
        assert await rows.ask(tx, moved) == [(True,), (False,)]


async def test_default_warehouse_and_supplier_are_made_once(database: engine.Database) -> None:
    async def make() -> tuple[int, int]:
        async with database.transaction() as tx:
            return (
                await stores.save_default_warehouse(tx),
                await stores.save_default_supplier(tx),
            )

    made = await asyncio.gather(*(make() for _ in range(6)))
    assert len(set(made)) == 1
    async with database.transaction() as tx:
        assert await rows.ask(tx, "SELECT id, code, is_default FROM warehouses") == [
            (made[0][0], "MAIN", True)
        ]
        assert await rows.ask(tx, "SELECT id, name FROM suppliers") == [(made[0][1], "WooCommerce")]


async def test_who_changes_a_store_and_who_makes_one_do_not_wait_for_each_other(
    database: engine.Database,
) -> None:
    async with database.transaction() as tx:
        store = await stores.save_new(tx, "default", {"url": "https://shop.example"})

    async def learn() -> None:
        async with database.transaction() as tx:
            await stores.alone(tx)
            await stores.save(tx, store.id, {"name": "Learnt"})

    async with database.transaction() as tx:
        known = await stores.load(tx, "default", lock=True)
        learning = asyncio.create_task(learn())
        await asyncio.sleep(0.3)
        assert not learning.done()
        await stores.save(tx, known.id, {"settings": {"policies": {"default": "local"}}})
    await learning
    async with database.transaction() as tx:
        found = await stores.load(tx, "default")
    assert (found.name, found.settings) == ("Learnt", {"policies": {"default": "local"}})
