"""Two stores that sell from one shelf: parts that never add up to more than there is."""

import contextlib
from collections.abc import AsyncIterator

import pytest

from protocol import rig
from woosim.admin import actions
from woosync import errors
from woosync.flows import ingest
from woosync.flows.ingest.streams import PRODUCTS
from woosync.flows.stock import holding


@pytest.fixture
async def shelf(database_url: str) -> AsyncIterator[rig.Rig]:
    async with rig.opened(database_url) as opened:
        await opened.begin()
        yield opened


async def link(shelf: rig.Rig, first: int, second: int) -> tuple[int, int, int]:
    """Let both stores sell one product; return its ids in the stores and here."""
    one, two = shelf.shops
    [here] = shelf.make_products(one, [first], first=1)
    [there] = shelf.make_products(two, [second], first=1)
    await shelf.see(one, [here])
    await shelf.see(two, [there])
    return here, there, await shelf.local_id(one, here)


async def settle(shelf: rig.Rig) -> None:
    for _ in range(3):
        for one in shelf.shops:
            await shelf.push(one)


async def parts(shelf: rig.Rig) -> list[tuple[object, ...]]:
    return await shelf.rows("SELECT allocation, expected FROM stock_links ORDER BY store_id")


async def test_a_second_store_gets_its_share_after_the_first_was_cut(shelf: rig.Rig) -> None:
    one, two = shelf.shops
    here, there, local = await link(shelf, 10, 10)
    assert await shelf.number(f"SELECT on_hand FROM inventory WHERE product_id = {local}") == 10
    await shelf.push(one)
    assert (one.level(here), two.level(there)) == (5, 10)
    await settle(shelf)
    assert (one.level(here), two.level(there)) == (5, 5)
    assert await parts(shelf) == [(5, 5), (5, 5)]


async def test_a_sale_takes_from_the_stores_own_part(shelf: rig.Rig) -> None:
    one, two = shelf.shops
    here, there, _ = await link(shelf, 10, 0)
    await settle(shelf)
    writes = two.writes()
    actions.sell(one.shop, [{"product_id": here, "quantity": 2}])
    await shelf.pull_orders(one)
    await settle(shelf)
    assert await parts(shelf) == [(3, 3), (5, 5)]
    assert (one.level(here), two.level(there), two.writes()) == (3, 5, writes)


async def test_new_goods_go_where_most_is_missing(shelf: rig.Rig) -> None:
    one, two = shelf.shops
    here, there, local = await link(shelf, 10, 0)
    await settle(shelf)
    await shelf.run(
        "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref)"
        f" VALUES ({local}, {one.store.warehouse_id}, 4, 'receipt', 'r')"
    )
    await settle(shelf)
    assert (one.level(here), two.level(there)) == (7, 7)


async def test_units_move_only_after_the_one_store_was_cut_for_certain(shelf: rig.Rig) -> None:
    one, two = shelf.shops
    here, there, local = await link(shelf, 10, 0)
    await settle(shelf)
    await holding.limit(await shelf.job(one), local, units=1)
    one.running.front.faults.inject("reset", method="POST", path="*/batch")
    await shelf.push(one)
    await shelf.push(two)
    assert (one.level(here), two.level(there)) == (5, 5)
    shelf.pass_time(6)
    await settle(shelf)
    assert (one.level(here), two.level(there)) == (1, 5), "the lost cut may still come late"
    shelf.pass_time(130)
    await shelf.audit(one)
    await settle(shelf)
    assert (one.level(here), two.level(there)) == (1, 9)


async def test_the_database_refuses_to_give_out_more_than_there_is(shelf: rig.Rig) -> None:
    await link(shelf, 10, 0)
    await settle(shelf)
    with pytest.raises(errors.RecordError, match="would be allocated 11"):
        await shelf.run("UPDATE stock_links SET allocation = allocation + 1 WHERE store_id = 2")
    with contextlib.suppress(errors.WoosyncError):
        await shelf.run("UPDATE stock_links SET allocation = allocation - 1 WHERE store_id = 2")
    assert await parts(shelf) == [(5, 5), (4, 5)]


async def test_goods_that_are_lost_cut_both_stores(shelf: rig.Rig) -> None:
    one, two = shelf.shops
    here, there, local = await link(shelf, 10, 0)
    await settle(shelf)
    await shelf.run(
        "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref)"
        f" VALUES ({local}, {one.store.warehouse_id}, -6, 'loss', 'l')"
    )
    await settle(shelf)
    assert (one.level(here), two.level(there)) == (2, 2)


async def test_a_store_that_counts_shared_goods_again_makes_no_units_of_its_level(
    shelf: rig.Rig,
) -> None:
    one, two = shelf.shops
    here, there, local = await link(shelf, 10, 0)
    await settle(shelf)
    actions.edit(two.shop, "product", there, {"manage_stock": False})
    await shelf.see(two, [there])
    await shelf.push(one, sweep=True)
    actions.edit(two.shop, "product", there, {"manage_stock": True, "stock_quantity": 90})
    await shelf.see(two, [there])
    on_hand = f"SELECT on_hand FROM inventory WHERE product_id = {local}"
    assert await shelf.number(on_hand) == 10
    for _ in range(2):
        for store in shelf.shops:
            await shelf.push(store, sweep=True)
    assert one.level(here) + two.level(there) == 10
    assert await shelf.number(on_hand) == 10


async def test_a_second_store_is_linked_while_the_first_still_shows_units_that_are_gone(
    shelf: rig.Rig,
) -> None:
    one, two = shelf.shops
    [here] = shelf.make_products(one, [10], first=1)
    await shelf.see(one, [here])
    local = await shelf.local_id(one, here)
    await shelf.run(
        "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref)"
        f" VALUES ({local}, {one.store.warehouse_id}, -4, 'loss', 'l')"
    )
    [there] = shelf.make_products(two, [0], first=1)
    await shelf.see(two, [there])
    await settle(shelf)
    assert (one.level(here), two.level(there)) == (3, 3)


async def test_units_of_a_store_that_has_deleted_the_product_go_to_the_other(
    shelf: rig.Rig,
) -> None:
    one, two = shelf.shops
    here, there, _ = await link(shelf, 10, 0)
    await settle(shelf)
    actions.delete(two.shop, "product", there, force=True)
    context = (await shelf.job(two)).context
    async with shelf.database.transaction(relaxed=True) as tx:
        await ingest.remove(tx, context, PRODUCTS.noun, [there], reason="deleted")
    await shelf.push(one)
    assert one.level(here) == 10


async def test_units_of_a_store_that_counts_the_product_no_more_go_to_the_other(
    shelf: rig.Rig,
) -> None:
    one, two = shelf.shops
    here, there, _ = await link(shelf, 10, 0)
    await settle(shelf)
    actions.edit(two.shop, "product", there, {"manage_stock": False})
    await shelf.see(two, [there])
    await shelf.push(one)
    assert one.level(here) == 10


async def test_a_store_that_counts_the_product_no_more_plans_for_nobody(shelf: rig.Rig) -> None:
    one, two = shelf.shops
    here, there, local = await link(shelf, 10, 0)
    await settle(shelf)
    actions.edit(two.shop, "product", there, {"manage_stock": False})
    await shelf.see(two, [there])
    await settle(shelf)
    await shelf.run(
        "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref)"
        f" VALUES ({local}, {one.store.warehouse_id}, 2, 'receipt', 'r')"
    )
    await shelf.push(two)
    assert [allocation for allocation, _ in await parts(shelf)] == [None, None]
    await shelf.push(one)
    assert one.level(here) == 12
