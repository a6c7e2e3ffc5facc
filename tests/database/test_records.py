"""Back-office records: versions, times, deletion and coming back, and how they are recognised."""

from decimal import Decimal

import pytest

from database import rows
from woosync import errors
from woosync.domain import customer, ids, order, product
from woosync.postgres import customers, engine, orders, products, stores
from woosync.postgres.records import Row

NOTE = b'{"woocommerce":{"default":{"id":1}}}'


def thing(local_id: int, name: str = "a", *, store: str = "default") -> Row[product.Product]:
    note = f'{{"woocommerce":{{"{store}":{{"id":{local_id},"name":"{name}"}}}}}}'.encode()
    return Row(local_id, product.Product(name=name, sku=f"S{local_id}"), note, (None,))


def person(local_id: int, email: str, role: str = "customer") -> Row[customer.Customer]:
    return Row(local_id, customer.Customer(email=email, role=role), NOTE)


async def add_people(tx: engine.Transaction, *people: tuple[str, str]) -> list[int]:
    made = await customers.SHELF.next_ids(tx, len(people))
    await customers.SHELF.save_new(
        tx, [person(i, email, role) for i, (email, role) in zip(made, people, strict=True)]
    )
    return made


@pytest.mark.parametrize(
    "table", ["customers", "suppliers", "warehouses", "products", "purchase_orders"]
)
async def test_every_change_counts_the_version_and_moves_the_time(
    database: engine.Database, table: str
) -> None:
    async with database.transaction() as tx:
        await rows.run(tx, f"INSERT INTO {table} DEFAULT VALUES")
    look = f"SELECT version, updated_at > created_at FROM {table}"
    for version in (1, 2, 3):
        async with database.transaction() as tx:
            assert await rows.ask(tx, look) == [(version, version > 1)]
            await rows.run(tx, f"UPDATE {table} SET metadata = metadata, version = 77")


async def test_only_what_others_than_the_sync_write_is_an_edit(database: engine.Database) -> None:
    async with database.transaction(relaxed=True) as tx:
        [local_id] = await products.SHELF.next_ids(tx, 1)
        await products.SHELF.save_new(tx, [thing(local_id)])
        assert await rows.ask(tx, "SELECT edited_at FROM products") == [(None,)]
    async with database.transaction() as tx:
        await rows.run(tx, "UPDATE products SET name = 'by hand'")
        await rows.add_products(tx, "by hand")
        now = await rows.value(tx, "SELECT now()")
    async with database.transaction(relaxed=True) as tx:
        await products.SHELF.save_changed(tx, [thing(local_id)])
    async with database.transaction() as tx:
        assert await rows.ask(tx, "SELECT edited_at FROM products") == [(now,), (now,)]
        assert (await products.SHELF.load(tx, [local_id]))[local_id].edited_at == now


async def test_what_belongs_together_is_joined_without_an_edit(
    database: engine.Database, store: stores.Store
) -> None:
    async with database.transaction(relaxed=True) as tx:
        await add_sale(tx, store)
        parent, child = await rows.add_products(tx, "parent", "child")
        await rows.run(tx, "UPDATE products SET kind = 'variation' WHERE sku = 'child'")
        await rows.link(tx, store.id, ids.Entity.PRODUCT, [(10, parent)])
        await rows.link(tx, store.id, ids.Entity.VARIATION, [(11, child)])
        [owner] = await add_people(tx, ("a@example.com", "customer"))
        await rows.link(tx, store.id, ids.Entity.CUSTOMER, [(5, owner)])
        await rows.run(tx, "UPDATE links SET woo_parent_id = 10 WHERE woo_id = 11")
    for save in (products.save_parents, orders.save_belongings):
        async with database.transaction() as tx:
            assert await save(tx, store.id) > 0
    async with database.transaction() as tx:
        for table in ("products", "purchase_orders"):
            assert await rows.value(tx, f"SELECT count(edited_at) FROM {table}") == 0


async def test_records_come_back_as_they_were_saved(tx: engine.Transaction) -> None:
    [local_id] = await products.SHELF.next_ids(tx, 1)
    await products.SHELF.save_new(tx, [thing(local_id, "ü")])
    found = await products.SHELF.load(tx, [local_id, 999])
    assert {key: saved.record for key, saved in found.items()} == {
        local_id: thing(local_id, "ü").record
    }
    assert await products.SHELF.load(tx, []) == {}


async def test_metadata_of_other_stores_is_kept(tx: engine.Transaction) -> None:
    [local_id] = await products.SHELF.next_ids(tx, 1)
    await products.SHELF.save_new(tx, [thing(local_id, "a")])
    await rows.run(tx, "UPDATE products SET metadata = metadata || '{\"ours\": 1}'")
    await products.SHELF.save_changed(tx, [thing(local_id, "b", store="second")])
    await products.SHELF.save_changed(tx, [thing(local_id, "c")])
    found = await rows.value(tx, "SELECT metadata FROM products")
    assert found == {
        "ours": 1,
        "woocommerce": {
            "default": {"id": local_id, "name": "c"},
            "second": {"id": local_id, "name": "b"},
        },
    }


async def test_a_deleted_record_stays_deleted_until_it_is_restored(
    tx: engine.Transaction,
) -> None:
    first, second = await products.SHELF.next_ids(tx, 2)
    await products.SHELF.save_new(tx, [thing(first), thing(second)])
    await products.SHELF.save_deleted(tx, [first], now=rows.NOW)
    await products.SHELF.save_deleted(tx, [first], now=rows.NOW.replace(year=2030))
    look = "SELECT deleted_at FROM products ORDER BY id"
    assert await rows.ask(tx, look) == [(rows.NOW,), (None,)]
    await products.SHELF.save_changed(tx, [thing(first)])
    assert await rows.ask(tx, look) == [(rows.NOW,), (None,)]
    await products.SHELF.save_restored(tx, [first])
    assert await rows.ask(tx, look) == [(None,), (None,)]


async def test_one_live_guest_for_an_address_whatever_its_case(
    database: engine.Database,
) -> None:
    async with database.transaction() as tx:
        [guest] = await add_people(tx, ("ann@example.com", "guest"))
        await add_people(tx, ("ann@example.com", "customer"), ("ann@example.com", "customer"))
    with pytest.raises(errors.TemporaryError):
        async with database.transaction() as tx:
            await add_people(tx, ("Ann@Example.com", "guest"))
    async with database.transaction() as tx:
        await customers.SHELF.save_deleted(tx, [guest], now=rows.NOW)
        await add_people(tx, ("ANN@example.com", "guest"))


async def test_a_customer_is_recognised_by_address_unless_the_store_has_that_account(
    tx: engine.Transaction, store: stores.Store, other_store: stores.Store
) -> None:
    guest, known, foreign, plain = await add_people(
        tx,
        ("a@example.com", "guest"),
        ("b@example.com", "customer"),
        ("c@example.com", "customer"),
        ("A@example.com", "customer"),
    )
    await rows.link(tx, store.id, ids.Entity.CUSTOMER, [(1, known)])
    await rows.link(tx, other_store.id, ids.Entity.CUSTOMER, [(2, foreign)])
    wanted = [" A@Example.COM ", "b@example.com", "c@example.com", "", "nobody@example.com"]
    assert await customers.load_by_email(tx, store.id, wanted) == {
        "a@example.com": plain,
        "c@example.com": foreign,
    }
    assert guest
    assert await customers.load_by_email(tx, store.id, [""]) == {}


async def test_the_owner_of_a_guests_order_is_the_account_with_the_address(
    tx: engine.Transaction,
) -> None:
    guest, account, gone = await add_people(
        tx,
        ("a@example.com", "guest"),
        ("a@example.com", "customer"),
        ("b@example.com", "customer"),
    )
    await customers.SHELF.save_deleted(tx, [gone], now=rows.NOW)
    assert await customers.load_known(tx, ["A@example.com", "b@example.com"]) == {
        "a@example.com": account
    }
    await customers.SHELF.save_deleted(tx, [account], now=rows.NOW)
    assert await customers.load_known(tx, ["a@example.com"]) == {"a@example.com": guest}
    assert await customers.load_known(tx, [" "]) == {}


async def test_a_product_is_recognised_by_an_sku_that_only_it_has(
    tx: engine.Transaction, store: stores.Store, other_store: stores.Store
) -> None:
    lone, _, _, linked, gone = await rows.add_products(tx, "Lone", "two", "TWO", "linked", "gone")
    await rows.add_products(tx, None)
    await rows.link(tx, store.id, ids.Entity.VARIATION, [(1, linked)])
    await rows.link(tx, other_store.id, ids.Entity.PRODUCT, [(1, lone)])
    await products.SHELF.save_deleted(tx, [gone], now=rows.NOW)
    wanted = ["LONE", "two", "linked", "gone", "unknown"]
    assert await products.load_by_sku(tx, store.id, wanted) == {"lone": lone}
    assert await products.load_by_sku(tx, store.id, []) == {}


async def test_variable_products_are_listed_in_order(
    tx: engine.Transaction, store: stores.Store
) -> None:
    made = await rows.add_products(tx, "a", "b", "c", "d")
    await rows.run(tx, "UPDATE products SET kind = 'variable' WHERE sku <> 'a'")
    await rows.link(tx, store.id, ids.Entity.PRODUCT, [(40 - n, i) for n, i in enumerate(made)])
    assert await products.load_variable(tx, store.id) == [37, 38, 39]
    assert await products.load_variable(tx, store.id, after=37, limit=1) == [38]
    assert await products.load_variable(tx, store.id, among=[39, 40]) == [39]


async def test_variations_get_their_parent_when_it_has_arrived(
    tx: engine.Transaction, store: stores.Store
) -> None:
    parent, child, orphan = await rows.add_products(tx, "parent", "child", "orphan")
    await rows.link(tx, store.id, ids.Entity.PRODUCT, [(10, parent)])
    await rows.link(tx, store.id, ids.Entity.VARIATION, [(11, child), (12, orphan)])
    await rows.run(tx, "UPDATE products SET kind = 'variation' WHERE sku <> 'parent'")
    belongs = "UPDATE links SET woo_parent_id = {} WHERE woo_id = {}"
    await rows.run(tx, belongs.format(10, 11))
    await rows.run(tx, belongs.format(99, 12))
    assert await products.save_parents(tx, store.id) == 1
    assert await products.save_parents(tx, store.id) == 0
    found = "SELECT parent_id FROM products ORDER BY id"
    assert await rows.ask(tx, found) == [(None,), (parent,), (None,)]


async def test_a_variation_of_two_stores_keeps_the_parent_it_got_first(
    tx: engine.Transaction, store: stores.Store, other_store: stores.Store
) -> None:
    first, second, child = await rows.add_products(tx, "first", "second", "child")
    await rows.run(tx, "UPDATE products SET kind = 'variation' WHERE sku = 'child'")
    for shop, parent in ((store, first), (other_store, second)):
        await rows.link(tx, shop.id, ids.Entity.PRODUCT, [(10, parent)])
        await rows.link(tx, shop.id, ids.Entity.VARIATION, [(11, child)])
    await rows.run(tx, "UPDATE links SET woo_parent_id = 10 WHERE entity = 'variation'")
    made = [await products.save_parents(tx, shop.id) for shop in (store, other_store, store)]
    assert made == [1, 0, 0]
    assert await rows.value(tx, f"SELECT parent_id FROM products WHERE id = {child}") == first


SALE = order.Order(
    number="7",
    customer=ids.WooId(5),
    lines=(
        order.Line(id=ids.LineId(1), product=ids.WooId(10), quantity=Decimal(2)),
        order.Line(id=ids.LineId(2), product=ids.WooId(10), variation=ids.WooId(11)),
        order.Line(id=ids.LineId(3)),
    ),
    refunds=(order.RefundHead(id=ids.WooId(70)), order.RefundHead(id=ids.WooId(71))),
)


async def add_sale(tx: engine.Transaction, store: stores.Store) -> int:
    [local_id] = await orders.SHELF.next_ids(tx, 1)
    row = Row(local_id, SALE, NOTE, (None,))
    await orders.SHELF.save_new(tx, [row])
    await orders.save_items(tx, [row], {}, replace=False)
    await rows.link(tx, store.id, ids.Entity.ORDER, [(50, local_id)])
    return local_id


async def test_an_order_comes_back_with_its_lines_in_order(
    tx: engine.Transaction, store: stores.Store
) -> None:
    local_id = await add_sale(tx, store)
    found = await orders.load(tx, [local_id])
    assert found[local_id].record == SALE
    assert await orders.load(tx, []) == {}


async def test_replaced_items_leave_nothing_of_the_old_ones(
    tx: engine.Transaction, store: stores.Store
) -> None:
    local_id = await add_sale(tx, store)
    changed = order.Order(number="7", lines=SALE.lines[2:])
    await orders.save_items(tx, [Row(local_id, changed, NOTE, (None,))], {}, replace=True)
    assert await rows.ask(tx, "SELECT line_id, position FROM purchase_order_items") == [(3, 0)]


@pytest.mark.parametrize("order_came", [True, False])
async def test_only_what_came_is_looked_at_for_what_it_belongs_to(
    tx: engine.Transaction, store: stores.Store, *, order_came: bool
) -> None:
    """Either the order was saved in this run, or what its lines wait for."""
    await add_sale(tx, store)
    item, variant = await rows.add_products(tx, "a", "b")
    [owner] = await add_people(tx, ("a@example.com", "customer"))
    await rows.link(tx, store.id, ids.Entity.PRODUCT, [(10, item)])
    await rows.link(tx, store.id, ids.Entity.VARIATION, [(11, variant)])
    await rows.link(tx, store.id, ids.Entity.CUSTOMER, [(5, owner)])
    others = {ids.Entity.ORDER: {51}, ids.Entity.PRODUCT: {12}, ids.Entity.CUSTOMER: {6}}
    assert await orders.save_belongings(tx, store.id, others) == 0
    parts = {
        ids.Entity.PRODUCT: {10},
        ids.Entity.VARIATION: {11},
        ids.Entity.CUSTOMER: {5},
    }
    came = {ids.Entity.ORDER: {50}} if order_came else parts
    assert await orders.save_belongings(tx, store.id, came) == 3
    look = "SELECT product_id FROM purchase_order_items ORDER BY position"
    assert await rows.ask(tx, look) == [(item,), (variant,), (None,)]
    assert await rows.value(tx, "SELECT customer_id FROM purchase_orders") == owner


async def test_what_orders_belong_to_is_found_when_it_has_arrived(
    tx: engine.Transaction, store: stores.Store
) -> None:
    local_id = await add_sale(tx, store)
    assert await orders.save_belongings(tx, store.id) == 0
    item, variant = await rows.add_products(tx, "a", "b")
    [owner] = await add_people(tx, ("a@example.com", "customer"))
    await rows.link(tx, store.id, ids.Entity.PRODUCT, [(10, item)])
    await rows.link(tx, store.id, ids.Entity.VARIATION, [(11, variant)])
    await rows.link(tx, store.id, ids.Entity.CUSTOMER, [(5, owner)])
    assert await orders.save_belongings(tx, store.id) == 3
    assert await orders.save_belongings(tx, store.id) == 0
    found = "SELECT product_id FROM purchase_order_items ORDER BY position"
    assert await rows.ask(tx, found) == [(item,), (variant,), (None,)]
    assert await rows.ask(tx, "SELECT id, customer_id FROM purchase_orders") == [(local_id, owner)]
    assert await orders.load_customer_ids(tx, store.id, [50, 51]) == [5]
    assert await orders.load_customer_ids(tx, store.id, []) == []


async def test_refunds_that_orders_name_are_missed_until_they_are_here(
    tx: engine.Transaction, store: stores.Store, other_store: stores.Store
) -> None:
    local_id = await add_sale(tx, store)
    assert await orders.load_missing_refunds(tx, store.id) == [(70, 50), (71, 50)]
    assert await orders.load_missing_refunds(tx, other_store.id) == []
    await rows.link(tx, store.id, ids.Entity.REFUND, [(70, 1)])
    assert await orders.load_missing_refunds(tx, store.id) == [(71, 50)]
    await orders.SHELF.save_deleted(tx, [local_id], now=rows.NOW)
    assert await orders.load_missing_refunds(tx, store.id) == []
