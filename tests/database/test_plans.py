"""The hot statements use the index they are meant to use, whether the planner knows it or not.

Measured by PostgreSQL's own counters while the real functions run on 50,000 links, once without
any statistics (as in a first import) and once after ANALYZE: which index was scanned, which table
was read whole, how many rows were touched.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from database import rows, scans
from woosync.domain import customer, ids, order, product
from woosync.postgres import (
    conflicts,
    customers,
    engine,
    exports,
    links,
    log,
    orders,
    products,
    runs,
    stock,
    stock_links,
)
from woosync.postgres.records import Row

PRODUCT, CUSTOMER, ORDER = ids.Entity.PRODUCT, ids.Entity.CUSTOMER, ids.Entity.ORDER
#: Store ids are local ids plus this.
APART = 1_000_000
SOME = range(2_000, 2_200)
THERE = [n + APART for n in SOME]
ROOM = 8 * len(SOME)

FILL = """
INSERT INTO warehouses (code, is_default) VALUES ('MAIN', true);
INSERT INTO stores (key, url, warehouse_id) SELECT 'store' || n, 'https://x', 1
  FROM generate_series(1, 3) n;
INSERT INTO sync_runs (store_id, state) SELECT 1 + n % 3, 'completed'
  FROM generate_series(1, 2000) n;
INSERT INTO products (name, sku, parent_id, kind, details, metadata)
  SELECT 'Product ' || n, 'SKU-' || n, CASE WHEN n > 20000 AND n % 100 > 0 THEN n - 20000 END,
    CASE WHEN n > 20000 THEN 'variation' WHEN n % 40 = 0 THEN 'variable' ELSE 'simple' END,
    '{"slug": "x"}', jsonb_build_object('woocommerce', jsonb_build_object('store1',
    jsonb_build_object('id', n, 'text', repeat('x', 300)))) FROM generate_series(1, 30000) n;
INSERT INTO customers (email, role) SELECT 'c' || n || '@example.com',
  CASE WHEN n % 10 = 0 THEN 'guest' ELSE 'customer' END FROM generate_series(1, 10000) n;
INSERT INTO purchase_orders (number, customer_id, details)
  SELECT n, CASE WHEN n % 400 = 0 THEN NULL ELSE n END, jsonb_build_object('customer', n,
    'refunds', CASE WHEN n % 50 = 0 THEN jsonb_build_array(jsonb_build_object('id', n)) ELSE '[]'
    END) FROM generate_series(1, 10000) n;
INSERT INTO purchase_order_items (purchase_order_id, product_id, line_id, woo_product_id)
  SELECT 1 + n % 10000, CASE WHEN n % 1000 = 0 THEN NULL ELSE n END, n, n + 1000000
  FROM generate_series(1, 30000) n;
INSERT INTO purchase_orders (number, details)
  SELECT n, jsonb_build_object('customer', n + 9000000) FROM generate_series(1, 10000) n;
INSERT INTO purchase_order_items (purchase_order_id, line_id, woo_product_id)
  SELECT 10000 + n, n, n + 9000000 FROM generate_series(1, 10000) n;
INSERT INTO purchase_order_refunds (purchase_order_id, amount)
  SELECT n * 50, 1 FROM generate_series(1, 150) n;
INSERT INTO links (store_id, entity, woo_id, local_id, woo_parent_id, wire_hash, base)
  SELECT 1, CASE WHEN n > 20000 THEN 'variation' ELSE 'product' END, n + 1000000, n,
    CASE WHEN n > 20000 THEN 1000000 + (n - 20000) * 2 END, 'hash'::bytea, '{}'::jsonb
  FROM generate_series(1, 30000) n
  UNION ALL SELECT 1, entity, n + 1000000, n, NULL, 'hash'::bytea, '{}'::jsonb
  FROM generate_series(1, 10000) n, (VALUES ('customer'), ('order')) kinds (entity)
  UNION ALL SELECT 1, 'refund', n * 50, n, NULL, 'hash'::bytea, '{}'::jsonb
  FROM generate_series(1, 150) n;
INSERT INTO inventory_movements (product_id, warehouse_id, qty, source_ref)
  SELECT n, 1, 5, 'opening ' || n FROM generate_series(1, 30000) n;
INSERT INTO stock_links (store_id, product_id, woo_id, expected)
  SELECT 1, n, n + 1000000, 5 FROM generate_series(1, 30000) n;
INSERT INTO order_line_effects (store_id, order_id, line_id, woo_product_id, reduced_qty)
  SELECT 1, 1 + n % 10000, n, n, 1 FROM generate_series(1, 30000) n;
INSERT INTO woocommerce_sync_log (store_id, entity, event, woo_id, run_id, at)
  SELECT 1 + n % 3, 'product', 'updated', n, n % 2000, now() - n * interval '1 second'
  FROM generate_series(1, 50000) n;
INSERT INTO conflicts (store_id, entity, local_id, field, state, created_at)
  SELECT 1 + n % 3, 'product', n, 'name', CASE WHEN n % 100 = 0 THEN 'open' ELSE 'decided' END,
    now() - n * interval '1 minute' FROM generate_series(1, 20000) n;
"""

Query = Callable[[engine.Transaction], Awaitable[object]]


def execute(url: str, statements: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(statements)


@pytest.fixture(scope="module")
def filled(postgres: Any) -> Iterator[str]:
    """Fill a database once; autovacuum would give it statistics of its own."""
    postgres.run("ALTER SYSTEM SET autovacuum = off")
    postgres.run("SELECT pg_reload_conf()")
    name = postgres.clone()
    execute(postgres.address(name), FILL)
    yield name
    postgres.drop(name)
    postgres.run("ALTER SYSTEM RESET autovacuum")
    postgres.run("SELECT pg_reload_conf()")


@pytest.fixture(scope="module", params=[False, True], ids=["no statistics", "analysed"])
def big_url(request: pytest.FixtureRequest, postgres: Any, filled: str) -> Iterator[str]:
    """Copy the filled database, and let one of two be analysed."""
    name = postgres.clone(filled)
    if request.param:
        execute(postgres.address(name), "VACUUM ANALYZE")
    yield postgres.address(name)
    postgres.drop(name)


@pytest.fixture
async def big(big_url: str) -> AsyncIterator[engine.Transaction]:
    """Open a transaction that is rolled back."""
    database = engine.Database(big_url)
    async with database.session() as connection, connection.transaction(force_rollback=True):
        await connection.execute("SET LOCAL statement_timeout = '10s'")
        yield connection


async def measure(tx: engine.Transaction, query: Query) -> scans.Work:
    before = await scans.count(tx)
    await query(tx)
    return scans.Work(before, await scans.count(tx))


def thing(n: int) -> Row[product.Product]:
    return Row(n, product.Product(name="new"), b"{}", (None,))


def sale(n: int) -> Row[order.Order]:
    line = order.Line(id=ids.LineId(n))
    return Row(n, order.Order(number="new", lines=(line,)), b"{}", (None,))


def person(n: int) -> Row[customer.Customer]:
    return Row(n, customer.Customer(email=f"new{n}@example.com"), b"{}")


def stock_link(n: int) -> stock_links.StockLink:
    return stock_links.StockLink(
        store_id=1, product_id=n, woo_id=n + APART, expected=Decimal(7), seq=1
    )


def movement(n: int) -> stock.Movement:
    return stock.Movement(
        product_id=n, warehouse_id=1, qty=1, kind="receipt", source_ref=f"new {n}"
    )


def effect(n: int) -> stock.Effect:
    return stock.Effect(order_id=1 + n % 10000, line_id=n, woo_product_id=n, reduced_qty=2)


EMAILS = [f"c{n}@example.com" for n in SOME]
ITEMS_OF_ORDER = "uq_purchase_order_items_purchase_order_id_line_id"
#: What imports and incremental pulls ask all the time: at any moment by the index.
ALWAYS: dict[str, tuple[Query, set[str]]] = {
    "links.load": (lambda tx: links.load(tx, 1, PRODUCT, THERE), {"pk_links"}),
    "links.load_bases": (lambda tx: links.load_bases(tx, 1, PRODUCT, THERE), {"pk_links"}),
    "links.load_live_ids": (
        lambda tx: links.load_live_ids(tx, 1, PRODUCT, after=THERE[0], limit=len(SOME)),
        {"pk_links"},
    ),
    "links.save_tombstones": (
        lambda tx: links.save_tombstones(tx, 1, PRODUCT, THERE, reason="x", now=rows.NOW),
        {"pk_links"},
    ),
    "products.load": (lambda tx: products.SHELF.load(tx, SOME), {"pk_products"}),
    "products.save_changed": (
        lambda tx: products.SHELF.save_changed(tx, [thing(n) for n in SOME]),
        {"pk_products"},
    ),
    "products.load_by_sku": (
        lambda tx: products.load_by_sku(tx, 1, [f"sku-{n}" for n in SOME]),
        {"ix_products_sku_lower", "uq_links_local"},
    ),
    "products.load_variable": (
        lambda tx: products.load_variable(tx, 1, among=THERE),
        {"pk_links", "pk_products"},
    ),
    "products.save_parents": (
        lambda tx: products.save_parents(tx, 1),
        {"ix_products_orphans", "uq_links_local", "pk_links"},
    ),
    "customers.load_by_email": (
        lambda tx: customers.load_by_email(tx, 1, EMAILS),
        {"ix_customers_email_lower", "uq_links_local"},
    ),
    "customers.load_known": (
        lambda tx: customers.load_known(tx, EMAILS),
        {"ix_customers_email_lower"},
    ),
    "orders.save_items": (
        lambda tx: orders.save_items(tx, [sale(n) for n in SOME], {}, replace=True),
        {ITEMS_OF_ORDER},
    ),
    "orders.load_customer_ids": (
        lambda tx: orders.load_customer_ids(tx, 1, THERE),
        {"pk_links", "pk_purchase_orders"},
    ),
    "orders.save_belongings": (
        lambda tx: orders.save_belongings(tx, 1, dict.fromkeys(ids.Entity, THERE[:100])),
        {"pk_purchase_orders", "ix_purchase_orders_unowned", "pk_links", ITEMS_OF_ORDER},
    ),
    "conflicts.load_open": (
        lambda tx: conflicts.load_open(tx, 1, PRODUCT, SOME),
        {"uq_conflicts_open"},
    ),
    "conflicts.load_edited": (
        lambda tx: conflicts.load_edited(tx, 1, PRODUCT),
        {"uq_conflicts_open"},
    ),
    "links.load_left": (
        lambda tx: links.load_left(tx, 1, PRODUCT, dict(zip(THERE, SOME, strict=True))),
        {"uq_links_local"},
    ),
    # Two indexes do the same work here, so either will do.
    "stock_links.load": (lambda tx: stock_links.load(tx, 1, SOME), set()),
    "stock_links.load_shared": (
        lambda tx: stock_links.load_shared(tx, SOME),
        {"uq_links_local"},
    ),
    "stock_links.load_by_woo": (
        lambda tx: stock_links.load_by_woo(tx, 1, THERE),
        {"uq_stock_links_woo_id"},
    ),
    "stock.load_on_hand": (lambda tx: stock.load_on_hand(tx, [1], SOME), set()),
    "stock.load_by_warehouse": (lambda tx: stock.load_by_warehouse(tx, SOME), {"pk_inventory"}),
    "stock.load_effects": (
        lambda tx: stock.load_effects(tx, 1, SOME),
        {"pk_order_line_effects"},
    ),
    "stock.save_movements": (
        lambda tx: stock.save_movements(tx, map(movement, SOME), actor="x", now=rows.NOW),
        {"pk_inventory"},
    ),
    "stock.save_effects": (
        lambda tx: stock.save_effects(tx, 1, [effect(n) for n in SOME]),
        {"pk_order_line_effects"},
    ),
    "log.load of a run": (
        lambda tx: log.load(tx, None, run_id=77, limit=len(SOME)),
        {"ix_woocommerce_sync_log_run_id"},
    ),
    "log.load of all stores": (
        lambda tx: log.load(tx, None, limit=len(SOME)),
        {"pk_woocommerce_sync_log"},
    ),
    "runs.load": (lambda tx: runs.load(tx, limit=20), {"pk_sync_runs"}),
    "runs.load of a store": (lambda tx: runs.load(tx, store_id=1, limit=20), set()),
}
#: Where PostgreSQL rightly reads a table of a few pages whole, and a larger one by the index.
LARGE_ONLY: dict[str, Query] = {
    "links.save_changed": lambda tx: links.save_changed(
        tx, 1, PRODUCT, [rows.state(n + APART, n) for n in SOME], now=rows.NOW
    ),
    "products.save_deleted": lambda tx: products.SHELF.save_deleted(tx, SOME, now=rows.NOW),
    "customers.load": lambda tx: customers.SHELF.load(tx, SOME),
    "customers.save_changed": lambda tx: customers.SHELF.save_changed(
        tx, [person(n) for n in SOME]
    ),
    "orders.load": lambda tx: orders.load(tx, SOME),
    "orders.save_changed": lambda tx: orders.SHELF.save_changed(tx, [sale(n) for n in SOME]),
    "orders.load_missing_refunds": lambda tx: orders.load_missing_refunds(tx, 1),
    "stock_links.save": lambda tx: stock_links.save(tx, map(stock_link, SOME)),
}
#: What a person asks of a database that has been in use, so that it has statistics.
WITH_STATISTICS: dict[str, tuple[Query, set[str]]] = {
    "log.load": (lambda tx: log.load(tx, 1, limit=len(SOME)), {"ix_woocommerce_sync_log_at"}),
    "conflicts.load": (
        lambda tx: conflicts.load(tx, 1, limit=len(SOME)),
        {"ix_conflicts_created_at"},
    ),
    "orders.load_missing_refunds": (
        lambda tx: orders.load_missing_refunds(tx, 1),
        {"ix_purchase_orders_refunded", "uq_links_local"},
    ),
}
#: Tables of a few rows may be read whole.
SMALL = {"stores", "warehouses", "suppliers"}
FEW_PAGES = 1_000


@pytest.mark.parametrize("name", ALWAYS)
async def test_a_hot_statement_reads_by_its_index(name: str, big: engine.Transaction) -> None:
    query, intended = ALWAYS[name]
    work = await measure(big, query)
    assert set(work.read_whole) <= SMALL, work
    assert intended <= {*work.indexes}, work
    assert sum(work.indexes.values()) <= ROOM, work


@pytest.mark.parametrize("name", LARGE_ONLY)
async def test_other_statements_read_no_large_table_whole(
    name: str, big: engine.Transaction
) -> None:
    work = await measure(big, LARGE_ONLY[name])
    assert [t for t in work.read_whole if work.pages[t] > FEW_PAGES] == [], work
    assert sum(work.indexes.values()) <= ROOM, work


@pytest.mark.parametrize("big_url", [True], ids=["analysed"], indirect=True)
@pytest.mark.parametrize("name", WITH_STATISTICS)
async def test_history_is_read_from_its_newest_end(name: str, big: engine.Transaction) -> None:
    query, intended = WITH_STATISTICS[name]
    work = await measure(big, query)
    assert work.read_whole == {}, work
    assert intended <= {*work.indexes}, work
    assert sum(work.indexes.values()) <= ROOM, work


async def test_an_export_begins_at_once_and_reads_on_by_chunks(big: engine.Transaction) -> None:
    before = await scans.count(big)
    async with exports.open_rows(big, "products", None, linked_only=False) as opened:
        first = await anext(opened.chunks)
    work = scans.Work(before, await scans.count(big))
    assert len(first) == exports.ROWS
    assert work.indexes.get("pk_products", 0) <= 3 * exports.ROWS, work


FIRST_IMPORT = """
INSERT INTO products (name, kind)
  SELECT 'x', CASE WHEN n > 2000 THEN 'variation' ELSE 'variable' END
  FROM generate_series(1, 12000) n;
INSERT INTO links (store_id, entity, woo_id, local_id, woo_parent_id)
  SELECT 1, CASE WHEN n > 2000 THEN 'variation' ELSE 'product' END, n, n,
    CASE WHEN n > 2000 THEN 1 + n % 2000 END
  FROM generate_series(1, 12000) n;
"""


async def test_parents_of_a_first_import_are_found_at_once(tx: engine.Transaction) -> None:
    """Where each variation was compared with each product, this took 15 s."""
    await rows.run(tx, FIRST_IMPORT)
    await rows.run(tx, "SET LOCAL statement_timeout = '3s'")
    assert await products.save_parents(tx, 1) == 10_000
