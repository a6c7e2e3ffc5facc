"""The stock ledger: levels are the sum of movements, and nothing can make them anything else."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec import structs

from database import rows
from woosync import errors
from woosync.postgres import engine, stock, stock_links, stores


@pytest.fixture
async def place(database: engine.Database) -> tuple[int, int]:
    """Give a product and a warehouse."""
    async with database.transaction() as tx:
        [product] = await rows.add_products(tx, "a")
        return product, await stores.save_default_warehouse(tx)


def move(place: tuple[int, int], qty: Decimal | int, ref: str) -> stock.Movement:
    return stock.Movement(
        product_id=place[0], warehouse_id=place[1], qty=qty, kind="receipt", source_ref=ref
    )


async def save(database: engine.Database, *movements: stock.Movement) -> None:
    async with database.transaction() as tx:
        await stock.save_movements(tx, movements, actor="test", now=rows.NOW)


async def begin(
    tx: engine.Transaction, store: stores.Store, place: tuple[int, int], *, level: int
) -> None:
    """Begin to count the product in a store that shows this level."""
    opening = stock.Opening(place[0], 7, level, 0)
    await stock.save_openings(tx, store.id, place[1], [opening], actor="test", now=rows.NOW)


async def level(database: engine.Database, place: tuple[int, int]) -> object:
    async with database.transaction() as tx:
        found = await stock.load_on_hand(tx, [place[1]], [place[0]])
    return found.get(place[0])


async def test_the_level_follows_the_movements(
    database: engine.Database, place: tuple[int, int]
) -> None:
    assert await level(database, place) is None
    await save(database, move(place, 10, "1"), move(place, -3, "2"))
    assert await level(database, place) == 7
    await save(database, move(place, Decimal("-7.5"), "3"))
    assert await level(database, place) == Decimal("-0.5")


async def test_products_and_warehouses_have_levels_of_their_own(
    database: engine.Database, place: tuple[int, int]
) -> None:
    async with database.transaction() as tx:
        [other] = await rows.add_products(tx, "b")
        second = int(
            str(await rows.value(tx, "INSERT INTO warehouses (code) VALUES ('B') RETURNING id"))
        )
    await save(
        database,
        move(place, 1, "1"),
        move((other, place[1]), 2, "2"),
        move((place[0], second), 4, "3"),
        move(place, 8, "4"),
    )
    async with database.transaction() as tx:
        levels = await stock.load_on_hand(tx, [place[1]], [place[0], other, 999])
        assert levels == {place[0]: 9, other: 2}
        assert await stock.load_on_hand(tx, [second], [place[0]]) == {place[0]: 4}


async def test_the_same_cause_never_counts_twice(
    database: engine.Database, place: tuple[int, int]
) -> None:
    await save(database, move(place, 5, "delivery 1"))
    with pytest.raises(errors.TemporaryError):
        await save(database, move(place, 1, "delivery 2"), move(place, 5, "delivery 1"))
    assert await level(database, place) == 5


async def test_movements_at_the_same_time_lose_no_unit(
    database: engine.Database, place: tuple[int, int]
) -> None:
    await asyncio.gather(
        *(save(database, move(place, 1, f"{n}a"), move(place, 1, f"{n}b")) for n in range(20))
    )
    assert await level(database, place) == 40


async def test_movements_of_many_products_in_any_order_do_not_block_each_other(
    database: engine.Database, place: tuple[int, int]
) -> None:
    async with database.transaction() as tx:
        products = await rows.add_products(tx, *(f"p{n}" for n in range(30)))
    places = [(product, place[1]) for product in products]
    await asyncio.gather(
        *(
            save(database, *[move(p, 1, f"{n}-{p[0]}") for p in places[:: 1 if n % 2 else -1]])
            for n in range(10)
        )
    )
    async with database.transaction() as tx:
        assert await rows.ask(tx, "SELECT DISTINCT on_hand FROM inventory") == [(Decimal(10),)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE inventory_movements SET qty = 1",
        "UPDATE inventory_movements SET note = 'x'",
        "DELETE FROM inventory_movements",
        "TRUNCATE inventory_movements",
        "UPDATE inventory SET on_hand = 1",
        "UPDATE inventory SET on_hand = on_hand + 1, reserved = 1",
        "INSERT INTO inventory SELECT max(id), 1, 3 FROM products",
        "DELETE FROM inventory",
        "TRUNCATE inventory",
        "UPDATE inventory SET product_id = (SELECT id FROM products WHERE sku = 'b')",
    ],
)
async def test_neither_movements_nor_levels_can_be_rewritten(
    database: engine.Database, place: tuple[int, int], statement: str
) -> None:
    async with database.transaction() as tx:
        await rows.add_products(tx, "b")
    await save(database, move(place, 5, "1"))
    with pytest.raises(errors.WoosyncError, match="movement"):
        async with database.transaction() as tx:
            await rows.run(tx, statement)
    assert await level(database, place) == 5


async def test_what_is_not_the_level_may_be_changed(
    database: engine.Database, place: tuple[int, int]
) -> None:
    await save(database, move(place, 5, "1"))
    async with database.transaction() as tx:
        await rows.run(tx, 'UPDATE inventory SET reserved = 2, metadata = \'{"shelf": "A"}\'')
        await rows.run(tx, "UPDATE inventory SET on_hand = on_hand")
    async with database.transaction() as tx:
        assert await rows.ask(tx, "SELECT on_hand, reserved FROM inventory") == [(5, 2)]


async def test_more_than_nothing_cannot_be_reserved_negatively(
    database: engine.Database, place: tuple[int, int]
) -> None:
    await save(database, move(place, 5, "1"))
    with pytest.raises(errors.RecordError):
        async with database.transaction() as tx:
            await rows.run(tx, "UPDATE inventory SET reserved = -1")


async def test_warehouses_that_feed_a_store_are_counted_together(
    database: engine.Database, place: tuple[int, int]
) -> None:
    async with database.transaction() as tx:
        second = int(
            str(await rows.value(tx, "INSERT INTO warehouses (code) VALUES ('B') RETURNING id"))
        )
    await save(database, move(place, 1, "1"), move((place[0], second), 4, "2"))
    async with database.transaction() as tx:
        assert await stock.load_on_hand(tx, [place[1], second], [place[0]]) == {place[0]: 5}
        assert await stock.load_fullest(tx, [place[1], second], [place[0]]) == {place[0]: second}
        await rows.run(tx, f"UPDATE inventory SET reserved = 4 WHERE warehouse_id = {second}")
        assert await stock_links.load_available(tx, [place[1], second], [place[0]]) == {place[0]: 1}


async def test_stock_links_keep_what_a_store_is_expected_to_show(
    database: engine.Database, place: tuple[int, int], store: stores.Store
) -> None:
    product = place[0]
    async with database.transaction() as tx:
        await begin(tx, store, place, level=5)
        found = await stock_links.load(tx, store.id, [product, 99])
        assert [(link.woo_id, link.expected, link.observed) for link in found.values()] == [
            (7, 5, 5)
        ]
    moved = structs.replace(found[product], expected=Decimal(3), seq=1)
    async with database.transaction() as tx:
        await stock_links.save(tx, [moved])
        await stock_links.save(tx, [])
        assert await stock_links.load(tx, store.id, [product]) == {product: moved}
        assert await stock_links.load(tx, store.id + 1, [product]) == {}
        assert await stock_links.load_unequal(tx, store.id) == [product]


async def test_an_older_sight_of_a_level_does_not_replace_a_newer_one(
    database: engine.Database, place: tuple[int, int], store: stores.Store
) -> None:
    later = rows.NOW + timedelta(seconds=1)
    async with database.transaction() as tx:
        await begin(tx, store, place, level=5)
        for level, at in ((4, rows.NOW), (2, later), (3, rows.NOW)):
            await stock_links.observe(tx, store.id, {place[0]: (Decimal(level), at)})
        found = await stock_links.load(tx, store.id, [place[0]])
        assert found[place[0]].observed == 2


async def test_loaded_stock_links_wait_for_each_other(
    database: engine.Database, place: tuple[int, int], store: stores.Store
) -> None:
    async with database.transaction() as tx:
        await begin(tx, store, place, level=5)

    async def load_impatiently() -> None:
        async with database.transaction() as second:
            await rows.run(second, "SET LOCAL lock_timeout = '50ms'")
            await stock_links.load(second, store.id, [place[0]])

    async with database.transaction() as first:
        await stock_links.load(first, store.id, [place[0]])
        with pytest.raises(errors.TemporaryError):
            await load_impatiently()


async def test_line_effects_are_kept_by_line_and_overwritten(
    tx: engine.Transaction, store: stores.Store
) -> None:
    def effect(line: int, qty: int) -> stock.Effect:
        return stock.Effect(order_id=1, line_id=line, woo_product_id=7, reduced_qty=qty)

    await stock.save_new_effects(tx, store.id, [effect(1, 2), effect(2, 3)])
    await stock.save_effects(tx, store.id, [effect(2, 0), effect(3, 1)])
    await stock.save_effects(tx, store.id, [])
    found = "SELECT line_id, reduced_qty FROM order_line_effects ORDER BY line_id"
    assert await rows.ask(tx, found) == [(1, 2), (2, 0), (3, 1)]
