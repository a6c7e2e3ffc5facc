"""Allocations that the database refuses: what exceeds any union of warehouses, and nothing else."""

import itertools
import random
from collections.abc import Mapping, Sequence
from decimal import Decimal

import psycopg
import pytest

from database import rows
from woosync.domain import allocation_limits
from woosync.postgres import engine, stores

CHAIN = (frozenset({1}), frozenset({1, 2}), frozenset({2}))
LINK = "INSERT INTO stock_links (store_id, product_id, woo_id, expected, allocation) VALUES "


@pytest.fixture
async def product(tx: engine.Transaction) -> int:
    """Make a product and warehouses 1 to 4 (stores have none yet)."""
    await rows.run(tx, "INSERT INTO warehouses (code) SELECT 'W' || n FROM generate_series(1, 4) n")
    assert await rows.value(tx, "SELECT array_agg(id ORDER BY id) FROM warehouses") == [1, 2, 3, 4]
    (made,) = await rows.add_products(tx, "A")
    return made


async def open_stores(
    tx: engine.Transaction, product: int, sets: Sequence[frozenset[int]], **rules: object
) -> None:
    """Let a store with each set of warehouses sell the product; their ids are 1, 2, ..."""
    for number, places in enumerate(sets, start=1):
        settings = {"stock": {"warehouses": sorted(places), **rules}}
        values = {"url": f"https://{number}.example", "settings": settings}
        made = await stores.save_new(tx, f"store{number}", values)
        assert made.id == number
        await rows.run(tx, f"{LINK} ({number}, {product}, {number}, 0, 0)")


async def receive(tx: engine.Transaction, product: int, goods: Mapping[int, int]) -> None:
    for place, units in goods.items():
        await rows.run(
            tx,
            "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref)"
            f" VALUES ({product}, {place}, {units}, 'receipt', 'r{product}-{place}')",
        )


async def is_refused(tx: engine.Transaction, units: Sequence[int]) -> bool:
    """Give the stores these units, look what the guard says, and take them back."""
    by_store = " ".join(f"WHEN {n} THEN {one}" for n, one in enumerate(units, start=1))
    try:
        async with tx.transaction(force_rollback=True):
            await rows.run(tx, f"UPDATE stock_links SET allocation = CASE store_id {by_store} END")
            await rows.run(tx, "SET CONSTRAINTS guard_allocation IMMEDIATE")
    except psycopg.errors.CheckViolation:
        return True
    finally:
        await rows.run(tx, "SET CONSTRAINTS guard_allocation DEFERRED")
    return False


async def test_each_end_of_a_chain_is_limited_by_its_own_warehouse(
    tx: engine.Transaction, product: int
) -> None:
    await open_stores(tx, product, CHAIN)
    await receive(tx, product, {1: 2, 2: 10})
    assert not await is_refused(tx, [2, 5, 5])
    assert await is_refused(tx, [3, 0, 0])
    assert await is_refused(tx, [0, 0, 11])
    assert not await is_refused(tx, [0, 12, 0])
    assert await is_refused(tx, [2, 1, 10])


async def test_what_stores_keep_back_counts_where_all_their_goods_are(
    tx: engine.Transaction, product: int
) -> None:
    await open_stores(tx, product, CHAIN, buffer=1)
    await rows.run(tx, "UPDATE stock_links SET buffer = 3 WHERE store_id = 2")
    await receive(tx, product, {1: 5, 2: 5})
    assert not await is_refused(tx, [4, 0, 3])
    assert await is_refused(tx, [4, 0, 4])
    assert await is_refused(tx, [5, 0, 0])


async def test_only_who_is_given_more_is_looked_at(tx: engine.Transaction, product: int) -> None:
    await open_stores(tx, product, CHAIN)
    await receive(tx, product, {1: 5, 2: 5})
    await rows.run(tx, "UPDATE stock_links SET allocation = 3")
    await rows.run(tx, "SET CONSTRAINTS ALL IMMEDIATE")
    await rows.run(tx, "SET CONSTRAINTS ALL DEFERRED")
    await rows.run(tx, "UPDATE inventory SET reserved = 4 WHERE warehouse_id = 2")
    assert not await is_refused(tx, [3, 2, 3]), "goods that are gone are a fact"
    assert not await is_refused(tx, [5, 0, 1])
    assert await is_refused(tx, [4, 3, 0]), "the whole chain has six"
    await rows.run(tx, "UPDATE stock_links SET state = 'unmanaged' WHERE store_id = 2")
    assert not await is_refused(tx, [5, 9, 1]), "what is not counted there is not given"


async def test_a_store_that_is_counted_again_brings_no_units_unseen(
    tx: engine.Transaction, product: int
) -> None:
    await open_stores(tx, product, CHAIN)
    await receive(tx, product, {1: 5, 2: 5})
    await rows.run(tx, "UPDATE stock_links SET state = 'unmanaged' WHERE store_id = 2")
    await rows.run(tx, "UPDATE stock_links SET allocation = 5")
    await rows.run(tx, "SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(psycopg.errors.CheckViolation, match="would be allocated 15"):
        await rows.run(tx, "UPDATE stock_links SET state = 'clean'")


@pytest.mark.parametrize("seed", range(6))
async def test_the_guard_refuses_exactly_what_the_warehouses_cannot_serve(
    tx: engine.Transaction, product: int, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    sets = [frozenset(chance.sample(range(1, 5), chance.randint(1, 2))) for _ in range(4)]
    goods = {place: chance.randint(0, 5) for place in range(1, 5)}
    await open_stores(tx, product, sets)
    await receive(tx, product, goods)
    verdicts = set()
    for _ in range(40):
        units = [chance.randint(0, 4) for _ in sets]
        served = all(
            sum(units[n] for n in group)
            <= sum(goods[one] for one in frozenset[int]().union(*(sets[n] for n in group)))
            for size in range(1, 5)
            for group in itertools.combinations(range(4), size)
        )
        assert await is_refused(tx, units) is not served, (sets, goods, units)
        verdicts.add(served)
    assert verdicts == {True, False}


@pytest.mark.parametrize("seed", range(6))
async def test_the_guard_and_the_planner_know_the_same_limits(
    tx: engine.Transaction, product: int, seed: int
) -> None:
    """Also with debts of a warehouse, and with what stores keep back."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    sets = [frozenset(chance.sample(range(1, 5), chance.randint(1, 3))) for _ in range(4)]
    goods = {place: chance.randint(-2, 9) for place in range(1, 5)}
    buffers = {store: chance.choice([0, 0, 1, 3]) for store in range(1, 5)}
    await open_stores(tx, product, sets, buffer=1)
    await receive(tx, product, goods)
    by_store = " ".join(f"WHEN {store} THEN {units}" for store, units in buffers.items())
    await rows.run(tx, f"UPDATE stock_links SET buffer = CASE store_id {by_store} END")
    kept = {store: Decimal(units or 1) for store, units in buffers.items()}
    available = {place: Decimal(units) for place, units in goods.items()}
    areas = allocation_limits.areas(dict(enumerate(sets, start=1)))
    limits = [one.limit(available, kept) for one in areas]
    for _ in range(40):
        units = dict.fromkeys(range(1, 5), 0)
        for store in units:
            units[store] = chance.choice([0, 0, 1, chance.randint(0, 6)])
        exceeded = any(limit.left(units) < 0 for limit in limits)
        assert await is_refused(tx, list(units.values())) is exceeded, (sets, goods, kept, units)


async def test_the_guard_ends_where_the_stores_are_hopelessly_entangled(
    tx: engine.Transaction, product: int
) -> None:
    await rows.run(
        tx, "INSERT INTO warehouses (code) SELECT 'V' || n FROM generate_series(1, 12) n"
    )
    sets = [frozenset({1, n}) for n in range(2, 14)]
    assert len(allocation_limits.areas(dict(enumerate(sets)))) == 1
    await open_stores(tx, product, sets)
    await receive(tx, product, {1: 2, 2: 2})
    await rows.run(tx, "SET LOCAL statement_timeout = '10s'")
    assert await is_refused(tx, [5] + [0] * 11)
    assert not await is_refused(tx, [4] + [0] * 11)
