"""Pushes that die at every commit and every request; the next one ends as if nothing had been.

A death is an exception that nothing catches, after which neither database nor store answers the
process any more, so that no handler can tidy up. Points are those of `flows.crashing`, and both
sides of every write to the store.
"""

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from flows.crashing import has_written
from flows.pulling import OpenPuller, OpenShop, Puller
from flows.pushing import Pusher
from woosync.postgres import engine
from woosync.woo.client import StoreClient

SHARDS = 2


class Killed(BaseException):
    """The process is dead."""


@dataclass
class Bomb:
    """Goes off at the point that it is set to, and at every one after."""

    left: int
    passed: int = 0

    def tick(self) -> None:
        self.passed += 1
        if self.left and self.passed >= self.left:
            raise Killed


class MortalDatabase(engine.Database):
    """Ticks before and after every commit of something written."""

    bomb: Bomb

    @contextlib.asynccontextmanager
    async def transaction(self, *, relaxed: bool = False) -> AsyncIterator[engine.Transaction]:
        async with super().transaction(relaxed=relaxed) as connection:
            yield connection
            wrote = await has_written(connection)
            if wrote:
                self.bomb.tick()
        if wrote:
            self.bomb.tick()


class MortalClient(StoreClient):
    """Ticks after every answer to a question, and before and after every write."""

    bomb: Bomb

    async def fetch_as(self, *arguments: Any, **named: Any) -> Any:
        answer = await super().fetch_as(*arguments, **named)
        self.bomb.tick()
        return answer

    async def send(self, *arguments: Any, **named: Any) -> Any:
        self.bomb.tick()
        answer = await super().send(*arguments, **named)
        self.bomb.tick()
        return answer


async def change(pusher: Pusher, round_: int) -> dict[str, Any]:
    """Change and add records here; return what the store is to hold, by a query's name."""
    await pusher.puller.run(
        f"UPDATE products SET name = 'Name {round_}' WHERE id IN"
        " (SELECT id FROM products WHERE kind = 'simple' ORDER BY id LIMIT 2)"
    )
    await pusher.puller.run(
        "INSERT INTO products (kind, name, sku, regular_price)"
        f" VALUES ('simple', 'Made {round_}', 'MADE-{round_}', 4), ('simple', 'Bare {round_}',"
        " NULL, 5)"
    )
    await pusher.puller.run(
        "INSERT INTO customers (email, first_name, role, billing, shipping) VALUES"
        f" ('made-{round_}@example.com', 'M', 'customer', '{{}}', '{{}}')"
    )
    notes = f'[{{"text": "Note {round_}"}}]'
    await pusher.puller.run(
        f"UPDATE purchase_orders SET customer_note = 'Said {round_}',"
        f""" metadata = metadata || '{{"notes": {notes}}}' WHERE id =
        (SELECT min(id) FROM purchase_orders)"""
    )
    return {"name": f"Name {round_}", "made": f"Made {round_}", "bare": f"Bare {round_}"}


async def count(puller: Puller, route: str, **query: str | int) -> int:
    answer = await puller.client.fetch(route, {"per_page": 100, **query})
    return len(json.loads(answer.body))


async def check(pusher: Pusher, round_: int) -> None:
    """The store has everything once, and nothing waits or is half done."""
    puller = pusher.puller
    products = json.loads((await puller.client.fetch("products", {"per_page": 100})).body)
    names = [one["name"] for one in products]
    assert names.count(f"Made {round_}") == names.count(f"Bare {round_}") == 1
    assert names.count(f"Name {round_}") == 2
    assert await count(puller, "customers", email=f"made-{round_}@example.com") == 1
    order_id = await puller.value(
        "SELECT woo_id FROM links WHERE entity = 'order' AND local_id ="
        " (SELECT min(id) FROM purchase_orders)"
    )
    assert isinstance(order_id, int)
    notes = json.loads((await puller.client.fetch(f"orders/{order_id}/notes")).body)
    assert [one["note"] for one in notes].count(f"Note {round_}") == 1
    assert await pusher.waiting() == 0
    assert await puller.value("SELECT count(*) FROM creations") == 0
    assert await puller.value("SELECT count(*) FROM conflicts WHERE state = 'open'") == 0
    twice = "SELECT count(*) FROM (SELECT 1 FROM links GROUP BY entity, woo_id HAVING count(*) > 1)"
    assert await puller.value(f"{twice} AS twice") == 0


async def attempt(pusher: Pusher, point: int) -> tuple[bool, int]:
    """Push, dying at the point; return whether it died and the points it passed."""
    bomb = Bomb(point)
    database = MortalDatabase(pusher.puller.database.url)
    database.bomb = bomb
    died = False
    async with MortalClient(pusher.puller.client.options) as client:
        client.bomb = bomb
        mortal = Pusher(pusher.puller, database=database, client=client)
        try:
            await mortal()
        except Killed:
            died = True
        except BaseExceptionGroup as group:
            died = group.subgroup(Killed) is not None
    await database.close()
    return died, bomb.passed


@pytest.mark.parametrize("shard", range(SHARDS))
async def test_a_push_that_dies_anywhere_is_finished_by_the_next(
    open_shop: OpenShop, open_puller: OpenPuller, shard: int
) -> None:
    running = await open_shop(products=12, variable=1, customers=4, orders=12, seed=7)
    puller = await open_puller(running)
    await puller()
    pusher = Pusher(puller)
    await pusher.setting(create=["products", "customers"])
    await change(pusher, 0)
    died, points = await attempt(pusher, 0)
    assert not died
    await check(pusher, 0)
    assert points > 40
    for point in range(1 + shard, points + 1, SHARDS):
        await change(pusher, point)
        died, _ = await attempt(pusher, point)
        assert died
        for _ in range(3):
            await pusher.ready()
            await pusher()
        await check(pusher, point)
