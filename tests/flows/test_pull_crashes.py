"""The crash matrix of pull: a real process, killed with SIGKILL at every point it has."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from psycopg import conninfo

import woosim
from flows.pulling import OpenPuller, OpenShop, Puller
from woosync.flows import audit
from woosync.postgres import engine

TESTS = Path(__file__).parents[1]
SHARDS = 2

INVARIANTS = {
    "on_hand is the sum of movements": "SELECT count(*) FROM inventory i WHERE on_hand <> (SELECT"
    " sum(qty) FROM inventory_movements m WHERE m.product_id = i.product_id)",
    "one opening per product": "SELECT count(*) FROM (SELECT product_id FROM inventory_movements"
    " WHERE kind = 'opening_balance' GROUP BY 1 HAVING count(*) > 1) twice",
    "one local record per link": "SELECT count(*) FROM (SELECT entity, local_id FROM links"
    " GROUP BY 1, 2 HAVING count(*) > 1) twice",
    "no product without a link": "SELECT count(*) FROM products p WHERE NOT EXISTS (SELECT 1 FROM"
    " links l WHERE l.local_id = p.id AND l.entity IN ('product', 'variation'))",
    "no order without a link": "SELECT count(*) FROM purchase_orders o WHERE NOT EXISTS (SELECT 1"
    " FROM links l WHERE l.local_id = o.id AND l.entity = 'order')",
    "each record created once": "SELECT count(*) FROM (SELECT entity, woo_id FROM"
    " woocommerce_sync_log WHERE event = 'created' GROUP BY 1, 2 HAVING count(*) > 1) twice",
    "one guest per address": "SELECT count(*) FROM (SELECT lower(email) FROM customers"
    " WHERE role = 'guest' GROUP BY 1 HAVING count(*) > 1) twice",
    "items belong": "SELECT count(*) FROM purchase_order_items i JOIN links l ON l.woo_id ="
    " i.woo_product_id AND l.entity IN ('product', 'variation') WHERE i.product_id IS NULL",
    "nothing is left to do": "SELECT count(*) FROM cursors WHERE (position->>'due')::boolean",
}


@dataclass
class Crasher:
    """Runs pulls in processes of their own."""

    process: asyncio.subprocess.Process

    async def __call__(self, puller: Puller, point: int, mode: str) -> tuple[int, int]:
        """Pull, die at the point; return the exit status and the points passed."""
        running, asked = puller.running, self.process.stdin
        answered = self.process.stdout
        assert asked
        assert answered
        words = [puller.database.url, running.url, running.key, running.secret, str(point), mode]
        asked.write((" ".join(words) + "\n").encode())
        status, passed = (await answered.readline()).split()
        return int(status), int(passed)


@pytest.fixture
async def crasher() -> AsyncIterator[Crasher]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "flows.crashing",
        cwd=TESTS,
        env={**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent / 'src'}"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    yield Crasher(process)
    assert process.stdin
    process.stdin.close()
    await process.wait()


async def assert_whole(puller: Puller) -> None:
    [counts] = await puller.rows(f"SELECT ({'), ('.join(INVARIANTS.values())})")
    assert dict(zip(INVARIANTS, counts, strict=True)) == dict.fromkeys(INVARIANTS, 0)
    job = audit.Audit(
        database=puller.database,
        client=puller.client,
        capabilities=puller.found,
        store_id=puller.store.id,
        warehouse_id=puller.store.warehouse_id,
    )
    for agreement in await audit.audit(job):
        assert agreement.agreed, agreement


def trade(shop: woosim.Shop) -> None:
    """Change some of everything, so that the next pull has much to do."""
    for kind in ("product", "variation", "customer", "order"):
        known = [i for i in range(1, 400) if shop.read(kind, i) is not None]
        for record_id in known[::3]:
            record = shop.edit(kind, record_id)
            assert record is not None
            if kind in {"product", "variation"} and record["manage_stock"] is True:
                record["stock_quantity"] += 5
            shop.save(kind, record)
        if kind != "order":
            shop.remove(kind, known[1])


@dataclass
class Copies:
    """Crashes pulls on copies of a database."""

    postgres: Any
    crasher: Crasher

    async def crash(self, puller: Puller, point: int, mode: str) -> tuple[int, int]:
        """Crash on a copy of the puller's database, pull again there, and check everything."""
        await puller.database.close()
        name = self.postgres.clone(conninfo.conninfo_to_dict(puller.database.url)["dbname"])
        copy = engine.Database(self.postgres.address(name))
        other = Puller(copy, puller.running, puller.client, puller.store, puller.found)
        try:
            ended = await self.crasher(other, point, mode)
            if point:
                await other(full=mode == "full", sweep=True, page_size=10)
            await assert_whole(other)
        finally:
            await copy.close()
            self.postgres.drop(name)
        return ended


@pytest.fixture
def copies(postgres: Any, crasher: Crasher) -> Copies:
    return Copies(postgres, crasher)


@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("mode", ["full", "changes"])
async def test_a_pull_killed_at_any_point_loses_and_doubles_nothing(
    mode: str,
    shard: int,
    open_shop: OpenShop,
    open_puller: OpenPuller,
    copies: Copies,
) -> None:
    running = await open_shop(products=14, variable=2, customers=8, orders=8, seed=3)
    puller = await open_puller(running)
    if mode == "changes":
        await puller(page_size=10)
        trade(running.shop)
    code, points = await copies.crash(puller, 0, mode)
    assert code == 0
    assert points > 30
    for point in range(1 + shard, points + 1, SHARDS):
        code, _ = await copies.crash(puller, point, mode)
        # The order of parallel streams varies, so the last points may not be reached.
        assert code == -signal.SIGKILL or point > points - 4, point
