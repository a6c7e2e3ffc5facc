"""The whole way, as entry points go it: two shops that share products, and webhooks of one's own.

What has to end ends: after everything is told, further rounds write nothing on any side.
"""

import base64
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import woosim
from conftest import OpenShop
from simulated.listening import Listener, drain, listen
from woosim.admin import actions
from woosync import bootstrap, settings
from woosync.domain import topic as topics
from woosync.flows import pull, push, receive, stock
from woosync.postgres import deliveries, stores

KEY = base64.b64decode("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
TABLES = (
    *("customers", "products", "purchase_orders", "purchase_order_items", "inventory"),
    *("purchase_order_refunds", "inventory_movements", "links", "conflicts", "outbox"),
    *("order_line_effects", "stock_ops", "woocommerce_sync_log"),
)
QUICK = {"stock": {"pause": 0}}


@dataclass
class Shops:
    """The application, and the shops by the keys of their stores."""

    opened: bootstrap.Application
    shops: dict[str, woosim.Running]

    async def pull(self) -> list[pull.Report]:
        return [
            await self.opened.pull(
                key,
                pull.Options(),
                actor="test",
                on_progress=lambda _: None,
                on_plan=lambda _: None,
            )
            for key in self.shops
        ]

    async def push(self) -> None:
        for key in self.shops:
            await self.opened.push_stock(key, stock.Options(yes=True), actor="test")
            await self.opened.push(key, push.Options(), actor="test", on_plan=lambda _: None)

    async def settle(self) -> None:
        for _ in range(3):
            await self.pull()
            await self.push()

    async def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        async with self.opened.database.transaction() as tx:
            return [tuple(row) for row in await (await tx.execute(statement, values)).fetchall()]

    async def run(self, statement: str, *values: object) -> None:
        async with self.opened.database.transaction() as tx:
            await tx.execute(statement, values)

    async def versions(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return which row was written by which transaction, of everything that syncing writes."""
        return {
            table: await self.rows(f"SELECT xmin::text, ctid::text FROM {table} ORDER BY 2")
            for table in TABLES
        }

    def writes(self) -> int:
        """Count the requests that may have changed a shop."""
        return sum(
            count
            for running in self.shops.values()
            for (method, _), count in running.front.requests.items()
            if method not in {"GET", "HEAD"}
        )

    def there(self, key: str, kind: str, woo_id: int) -> dict[str, Any]:
        record = self.shops[key].shop.read(kind, woo_id)
        assert record is not None
        return dict(record)


@contextlib.asynccontextmanager
async def opened_for(
    url: str, folder: Path, first: woosim.Running, public_url: str = ""
) -> AsyncIterator[Shops]:
    chosen = settings.Settings(
        site_url=first.url,
        consumer_key=first.key,
        consumer_secret=first.secret,
        allow_private_stores=True,
        data=folder,
        database_url=url.replace("+psycopg", ""),
        secret_keys=(KEY,),
        backoff=0.01,
        public_url=public_url,
    )
    async with bootstrap.application(chosen) as opened:
        store = await opened.load_store()
        async with opened.database.transaction() as tx:
            await stores.save(tx, store.id, {"settings": QUICK})
        yield Shops(opened, {"default": first})


@pytest.fixture
async def both(database_url: str, open_shop: OpenShop, tmp_path: Path) -> AsyncIterator[Shops]:
    """Give two shops of the same goods, pulled, their levels agreed on."""
    first = await open_shop(products=30, variable=3, customers=5, orders=5, seed=7)
    second = await open_shop(products=30, variable=3, customers=2, orders=0, seed=7)
    async with opened_for(database_url, tmp_path, first) as shops:
        keys = {"consumer_key": second.key, "consumer_secret": second.secret}
        new = {"url": second.url, "allow_private": True, "settings": QUICK}
        async with shops.opened.database.transaction() as tx:
            await stores.save_new(tx, "second", new | shops.opened.sealed("second", keys))
        shops.shops["second"] = second
        await shops.settle()
        yield shops


async def shared(shops: Shops) -> list[tuple[int, int, int]]:
    """Return (id here, in the first shop, in the second) of products that both sell and count."""
    found = await shops.rows(
        "SELECT a.product_id, a.woo_id, b.woo_id FROM stock_links a JOIN stock_links b"
        " ON b.product_id = a.product_id AND b.store_id > a.store_id JOIN products p"
        " ON p.id = a.product_id WHERE p.kind = 'simple' AND a.allocation > 2"
        " AND b.allocation > 2 AND p.status = 'publish' ORDER BY 1"
    )
    return [(row[0], row[1], row[2]) for row in found]


async def assert_nothing_is_promised_twice(shops: Shops, *, buffer: int = 0) -> None:
    """What the shops show of shared goods, and what is kept back, is on the shelf."""
    for local, one, two in await shared(shops):
        ((on_hand,),) = await shops.rows(
            "SELECT sum(on_hand - reserved) FROM inventory WHERE product_id = %s", local
        )
        shown = [
            shops.there(key, "product", number)["stock_quantity"]
            for key, number in (("default", one), ("second", two))
        ]
        assert sum(shown) + buffer <= on_hand, (local, shown, on_hand)


async def assert_it_ends(shops: Shops) -> None:
    """Two more rounds write nothing, there or here."""
    writes, conflicts = shops.writes(), await shops.rows("SELECT count(*) FROM conflicts")
    events = await shops.rows("SELECT count(*) FROM woocommerce_sync_log WHERE entity <> 'run'")
    for _ in range(2):
        await shops.pull()
        await shops.push()
    assert shops.writes() == writes
    assert await shops.rows("SELECT count(*) FROM conflicts") == conflicts
    assert (
        await shops.rows("SELECT count(*) FROM woocommerce_sync_log WHERE entity <> 'run'")
        == events
    )
    assert await shops.rows("SELECT entity, local_id FROM outbox") == []


async def test_one_edit_reaches_both_shops_and_nothing_goes_round(both: Shops) -> None:
    found = await shared(both)
    assert len(found) > 5
    await assert_it_ends(both)
    (local, one, two), (_, other, same), *_ = found
    await both.run("UPDATE products SET name = 'Edited here' WHERE id = %s", local)
    both.shops["second"].shop.save(
        "product", both.there("second", "product", same) | {"name": "Edited there"}
    )
    await both.settle()
    assert both.there("default", "product", one)["name"] == "Edited here"
    assert both.there("second", "product", two)["name"] == "Edited here"
    assert both.there("default", "product", other)["name"] == "Edited there"
    assert await both.rows("SELECT field FROM conflicts WHERE state = 'open'") == []
    await assert_it_ends(both)


async def test_both_shops_edit_the_same_field_and_agree_in_the_end(both: Shops) -> None:
    (local, one, two), *_ = await shared(both)
    for key, number in (("default", one), ("second", two)):
        record = both.there(key, "product", number) | {"name": f"Edited in {key}"}
        both.shops[key].shop.save("product", record)
    await both.settle()
    ((name,),) = await both.rows("SELECT name FROM products WHERE id = %s", local)
    assert both.there("default", "product", one)["name"] == name
    assert both.there("second", "product", two)["name"] == name
    await assert_it_ends(both)


async def test_what_only_shops_write_of_a_customer_of_both_is_no_difference(both: Shops) -> None:
    (_, one, two), *_ = await both.rows(
        "SELECT first.local_id, first.woo_id, second.woo_id FROM links AS first"
        " JOIN links AS second USING (entity, local_id) WHERE entity = 'customer'"
        " AND first.store_id = 1 AND second.store_id = 2"
    )
    there = both.there("second", "customer", two)
    both.shops["second"].shop.save("customer", there | {"is_paying_customer": True})
    there = both.there("default", "customer", one)
    both.shops["default"].shop.save("customer", there | {"is_paying_customer": False})
    await both.settle()
    for key in both.shops:
        (found,) = [one for one in await both.opened.audit(key) if one.entity == "customer"]
        assert found.agreed, found.examples
    both.shops["default"].shop.save("customer", there | {"is_paying_customer": True, "role": "x"})
    (found,) = [one for one in await both.opened.audit("default") if one.entity == "customer"]
    assert found.different == 1


async def test_levels_of_both_shops_stay_on_the_shelf(both: Shops) -> None:
    await assert_nothing_is_promised_twice(both)
    (local, one, two), (lost, _, _), *_ = await shared(both)
    actions.sell(both.shops["default"].shop, [{"product_id": one, "quantity": 2}])
    actions.sell(both.shops["second"].shop, [{"product_id": two, "quantity": 1}])
    ((before,),) = await both.rows(
        "SELECT sum(on_hand) FROM inventory WHERE product_id = %s", local
    )
    await both.run(
        "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref)"
        " SELECT product_id, warehouse_id, -on_hand / 2, 'loss', 'fire' FROM inventory"
        " WHERE product_id = %s",
        lost,
    )
    await both.settle()
    await assert_nothing_is_promised_twice(both)
    ((after,),) = await both.rows("SELECT sum(on_hand) FROM inventory WHERE product_id = %s", local)
    assert after == before - 3
    shown = "SELECT sum(expected), sum(observed) FROM stock_links WHERE product_id = %s"
    assert await both.rows(shown, local) == [(after, after)]
    await both.opened.change_settings("default", {"stock": {"pause": 0, "buffer": 3}})
    await both.opened.push_stock("default", stock.Options(sweep=True, yes=True), actor="test")
    await both.settle()
    await assert_nothing_is_promised_twice(both, buffer=3)
    await assert_it_ends(both)


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listen() as listening:
        yield listening


async def hear(shops: Shops, listener: Listener) -> int:
    """Apply what the shop has delivered, as if the API had taken it in; return how many."""
    await drain(shops.shops["default"])
    store = await shops.opened.load_store()
    told = listener.deliveries[:]
    listener.deliveries.clear()
    async with shops.opened.database.transaction() as tx:
        for headers, body in told:
            topic = topics.parse(headers["X-WC-Webhook-Topic"])
            assert topic is not None
            new = receive.unsigned(store.id, topic, body, source="test")
            await deliveries.save_one(tx, new)
    report = await shops.opened.apply(store.id)
    assert (report.parked, report.put_back) == (0, 0)
    return len(told)


async def edit_everything(shops: Shops) -> None:
    await shops.run("UPDATE products SET name = 'Ours', regular_price = 7 WHERE kind='simple'")
    await shops.run("UPDATE products SET regular_price = 8 WHERE kind = 'variation'")
    await shops.run("UPDATE customers SET first_name = 'Ours'")
    await shops.run("UPDATE purchase_orders SET status = 'completed' WHERE status = 'processing'")
    await shops.run(
        "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref)"
        " SELECT product_id, warehouse_id, 2, 'receipt', 'r' || product_id FROM inventory"
    )


async def test_deliveries_of_our_own_writes_write_nothing_here_or_there(
    database_url: str, open_shop: OpenShop, listener: Listener, tmp_path: Path
) -> None:
    shop = await open_shop(products=30, variable=3, customers=8, orders=8, seed=7)
    shop.front.hooks.latency = 0
    async with opened_for(database_url, tmp_path, shop, listener.url) as shops:
        await shops.opened.register_webhooks("default", actor="test")
        await shops.settle()
        await edit_everything(shops)
        await shops.push()
        await hear(shops, listener)  # what is the shop's own doing in it, such as times, settles
        await shops.settle()
        await hear(shops, listener)

        await shops.run("UPDATE products SET name = 'Again' WHERE kind = 'simple'")
        await shops.run("UPDATE customers SET first_name = 'Again'")
        await shops.push()
        writes, versions = shops.writes(), await shops.versions()
        assert await hear(shops, listener) > 20
        assert await shops.versions() == versions
        assert shops.writes() == writes
        await shops.push()
        assert await shops.versions() == versions
        assert shops.writes() == writes

        await shops.run(
            "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref)"
            " SELECT product_id, warehouse_id, 1, 'receipt', 's' || product_id FROM inventory"
        )
        await shops.push()
        writes, versions = shops.writes(), await shops.versions()
        assert await hear(shops, listener) > 5
        await shops.push()
        after = await shops.versions()
        # Only the copies of the shop's own JSON hold the new levels now.
        copies = {"products", "links", "woocommerce_sync_log"}
        assert {name for name in TABLES if after[name] != versions[name]} <= copies
        assert shops.writes() == writes
