"""Change capture: any writer but the sync leaves a mark in the outbox, once a record and store."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from database import rows
from woosync.domain import ids
from woosync.postgres import engine, outbox, stock, stores

LEASE = timedelta(minutes=5)
ALL = ("customer", "product", "variation", "order", outbox.STOCK)
MARKS = "SELECT store_id, entity, local_id, generation FROM outbox ORDER BY 1, 2, 3"


async def marks(database: engine.Database) -> list[tuple[object, ...]]:
    async with database.transaction() as tx:
        return await rows.ask(tx, MARKS)


async def write(database: engine.Database, *statements: str) -> None:
    async with database.transaction() as tx:
        for statement in statements:
            await rows.run(tx, statement)


async def as_sync(database: engine.Database, *statements: str) -> None:
    async with database.transaction(relaxed=True) as tx:
        for statement in statements:
            await rows.run(tx, statement)


@pytest.fixture
async def product(database: engine.Database, store: stores.Store) -> int:
    """Give a product that the store has as 7."""
    async with database.transaction(relaxed=True) as tx:
        [product] = await rows.add_products(tx, "a")
        await rows.link(tx, store.id, ids.Entity.PRODUCT, [(7, product)])
    return product


async def count_from(
    database: engine.Database, store: stores.Store, product: int, level: int
) -> None:
    """Begin to count a product in a store."""
    opening = stock.Opening(product, 7, level, 0)
    async with database.transaction(relaxed=True) as tx:
        await stock.news_of(tx, store.id)
        await stock.save_openings(
            tx, store.id, store.warehouse_id, [opening], actor="t", now=rows.NOW
        )


@pytest.mark.parametrize(
    ("table", "entity"),
    [
        ("customers", ids.Entity.CUSTOMER),
        ("products", ids.Entity.PRODUCT),
        ("products", ids.Entity.VARIATION),
        ("purchase_orders", ids.Entity.ORDER),
    ],
)
async def test_an_edit_of_a_linked_record_is_marked_for_its_stores(
    database: engine.Database,
    store: stores.Store,
    other_store: stores.Store,
    table: str,
    entity: ids.Entity,
) -> None:
    await write(database, f"INSERT INTO {table} DEFAULT VALUES")
    async with database.transaction() as tx:
        for one in (store, other_store):
            await rows.link(tx, one.id, entity, [(7, 1)])
    assert await marks(database) == []
    await write(database, f"UPDATE {table} SET metadata = '{{}}'")
    assert await marks(database) == [
        (store.id, entity.value, 1, 1),
        (other_store.id, entity.value, 1, 1),
    ]


async def test_marks_of_one_record_are_one_row_with_a_new_generation(
    database: engine.Database, store: stores.Store, product: int
) -> None:
    for name in "abc":
        await write(database, f"UPDATE products SET name = '{name}'")
    assert await marks(database) == [(store.id, "product", product, 3)]


async def test_what_the_sync_writes_is_not_marked(
    database: engine.Database, store: stores.Store, product: int
) -> None:
    await as_sync(
        database, "UPDATE products SET name = 'x'", "INSERT INTO products (name) SELECT 1"
    )
    assert await marks(database) == []


async def test_records_gone_from_the_store_and_removed_stores_get_no_marks(
    database: engine.Database, store: stores.Store, product: int
) -> None:
    await write(
        database, "UPDATE links SET tombstoned_at = now()", "UPDATE products SET name = 'x'"
    )
    await write(
        database,
        "UPDATE links SET tombstoned_at = NULL",
        "UPDATE stores SET state = 'removed'",
        "UPDATE products SET name = 'y'",
    )
    assert await marks(database) == []


@pytest.mark.parametrize("wish", ['["products"]', '{"products": true}'])
async def test_new_records_are_marked_only_for_stores_that_ask_for_them(
    database: engine.Database, store: stores.Store, wish: str
) -> None:
    await write(database, "INSERT INTO products (name) VALUES ('a')")
    assert await marks(database) == []
    await write(
        database,
        f'UPDATE stores SET settings = \'{{"push": {{"create": {wish}}}}}\'',
        "INSERT INTO products (id, name, kind) VALUES (71, 'b', 'simple'), (72, 'c', 'variation')",
        "INSERT INTO customers (email) VALUES ('a@b.example')",
    )
    assert await marks(database) == [
        (store.id, "product", 71, 1),
        (store.id, "variation", 72, 1),
    ]


async def test_a_product_deleted_in_the_store_is_not_made_anew(
    database: engine.Database, store: stores.Store, product: int
) -> None:
    await write(
        database,
        'UPDATE stores SET settings = \'{"push": {"create": ["products"]}}\'',
        "UPDATE links SET tombstoned_at = now()",
        "UPDATE products SET name = 'again'",
    )
    assert await marks(database) == []


async def test_stock_is_marked_for_every_writer_of_movements_reservations_and_allocations(
    database: engine.Database, store: stores.Store, product: int
) -> None:
    await count_from(database, store, product, 5)
    assert await marks(database) == []
    mark = (store.id, outbox.STOCK, product)
    await write(
        database,
        "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref)"
        f" VALUES ({product}, {store.warehouse_id}, 3, 'receipt', 'r')",
    )
    assert await marks(database) == [(*mark, 1)]
    await write(database, "UPDATE inventory SET reserved = 1")
    await write(database, "UPDATE inventory SET reserved = 1, metadata = '{\"shelf\": 1}'")
    assert await marks(database) == [(*mark, 2)]
    await write(database, "UPDATE stock_links SET buffer = 1")
    assert await marks(database) == [(*mark, 3)]
    await write(database, 'UPDATE stores SET settings = \'{"stock": {"buffer": 2}}\'')
    assert await marks(database) == [(*mark, 4)]


async def test_a_stores_own_sale_is_news_for_the_other_stores_only(
    database: engine.Database, store: stores.Store, other_store: stores.Store, product: int
) -> None:
    await count_from(database, store, product, 5)
    await count_from(database, other_store, product, 5)
    await write(database, "DELETE FROM outbox")
    movement = stock.Movement(
        product_id=product,
        warehouse_id=store.warehouse_id,
        qty=-1,
        kind="sale",
        source_ref="order 1",
    )
    async with database.transaction(relaxed=True) as tx:
        await stock.news_of(tx, store.id)
        await stock.save_movements(tx, [movement], actor="t", now=rows.NOW)
    assert await marks(database) == [(other_store.id, outbox.STOCK, product, 1)]


async def test_a_claim_is_exclusive_until_its_lease_is_over(
    database: engine.Database, store: stores.Store, product: int
) -> None:
    await write(database, "UPDATE products SET name = 'x'")
    async with database.transaction() as tx:
        [claimed] = await outbox.claim(tx, store.id, ALL, limit=10, lease=LEASE)
    assert (claimed.local_id, claimed.generation, claimed.attempts) == (product, 1, 1)
    async with database.transaction() as tx:
        assert await outbox.claim(tx, store.id, ALL, limit=10, lease=LEASE) == []
    await write(database, "UPDATE outbox SET claimed_until = now() - interval '1 second'")
    async with database.transaction() as tx:
        [again] = await outbox.claim(tx, store.id, ALL, limit=10, lease=LEASE)
    assert again.attempts == 2


async def test_claims_at_the_same_time_never_share_a_row(
    database: engine.Database, store: stores.Store
) -> None:
    async with database.transaction() as tx:
        await outbox.mark(tx, store.id, "product", range(1, 101))

    async def take() -> list[int]:
        async with database.transaction() as tx:
            claimed = await outbox.claim(tx, store.id, ALL, limit=25, lease=LEASE)
            await asyncio.sleep(0)
        return [one.local_id for one in claimed]

    taken = await asyncio.gather(*(take() for _ in range(5)))
    assert sorted(one for part in taken for one in part) == list(range(1, 101))


async def test_acknowledged_rows_go_unless_something_changed_meanwhile(
    database: engine.Database, store: stores.Store, product: int
) -> None:
    await write(database, "UPDATE products SET name = 'x'")
    async with database.transaction() as tx:
        await outbox.mark(tx, store.id, "customer", [3])
        claimed = await outbox.claim(tx, store.id, ALL, limit=10, lease=LEASE)
    await write(database, "UPDATE products SET name = 'y'")
    async with database.transaction() as tx:
        assert await outbox.acknowledge(tx, claimed) == 1
        assert await outbox.acknowledge(tx, []) == 0
    assert await marks(database) == [(store.id, "product", product, 2)]
    async with database.transaction() as tx:
        [again] = await outbox.claim(tx, store.id, ALL, limit=10, lease=LEASE)
        assert (again.generation, again.attempts) == (2, 1)
        assert await outbox.acknowledge(tx, [again]) == 0
    assert await marks(database) == []


async def test_released_rows_wait_but_a_new_change_makes_them_available(
    database: engine.Database, store: stores.Store, product: int
) -> None:
    await write(database, "UPDATE products SET name = 'x'")
    async with database.transaction() as tx:
        claimed = await outbox.claim(tx, store.id, ALL, limit=10, lease=LEASE)
        await outbox.release(tx, claimed, delay=LEASE, error="the store is down")
        assert await rows.value(tx, "SELECT last_error FROM outbox") == "the store is down"
        assert await outbox.claim(tx, store.id, ALL, limit=10, lease=LEASE) == []
        waiting = await outbox.load_waiting(tx, store.id)
        assert waiting["product"].count == 1
        assert waiting["product"].next_at > waiting["product"].since
    await write(database, "UPDATE products SET name = 'y'")
    async with database.transaction() as tx:
        assert len(await outbox.claim(tx, store.id, ALL, limit=10, lease=LEASE)) == 1


async def test_a_change_wakes_who_listens_once_a_transaction(
    database: engine.Database, store: stores.Store, product: int
) -> None:
    async with await psycopg.AsyncConnection.connect(database.url, autocommit=True) as listener:
        await listener.execute(f"LISTEN {outbox.CHANNEL}")
        await write(database, *(f"UPDATE products SET name = '{n}'" for n in range(3)))
        await as_sync(database, "UPDATE products SET name = 'quiet'")
        await write(database, f"NOTIFY {outbox.CHANNEL}, 'end'")
        payloads = [note.payload async for note in listener.notifies(timeout=5, stop_after=2)]
    assert payloads == [f"outbox:{store.id}", "end"]
