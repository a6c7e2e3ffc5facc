"""Whatever the order, the copies and the delay of deliveries: the same rows as a fresh pull."""

import contextlib
import random
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

import woosim
from conftest import Server
from flows.hooking import Hooked, Tell
from flows.pulling import OpenPuller, OpenShop, Puller
from simulated import listening
from woosim.admin import actions
from woosync.domain import conflict_policy
from woosync.postgres import engine, stores

Arrange = Callable[[list[Tell]], list[Tell]]
VARIABLE = {
    "name": "Jacket",
    "type": "variable",
    "attributes": [{"name": "Size", "variation": True, "options": ["S", "L"]}],
}


def happen(shop: woosim.Shop) -> Iterator[None]:
    """Let one of everything happen that a webhook tells of; deliveries go out at each pause."""
    goods = {"name": "Lamp", "sku": "LAMP", "regular_price": "9", "manage_stock": True}
    lamp = actions.create(shop, "product", goods | {"stock_quantity": 20})["id"]
    yield
    actions.edit(shop, "product", lamp, {"name": "Lamp, large"})
    jacket = actions.create(shop, "product", VARIABLE)["id"]
    option = {"attributes": [{"name": "Size", "option": "L"}], "regular_price": "5"}
    stocked = {"manage_stock": True, "stock_quantity": 8}
    large = actions.create(shop, "variation", {"parent_id": jacket, **option, **stocked})["id"]
    yield
    actions.sell(shop, [{"product_id": lamp, "quantity": 2}])  # a guest's
    ann = actions.create(shop, "customer", {"email": "ann@x.test", "first_name": "Ann"})["id"]
    both = [{"variation_id": large, "quantity": 1}, {"product_id": lamp, "quantity": 1}]
    sale = actions.sell(shop, both, customer_id=ann)
    yield
    actions.refund(shop, sale["id"], amount="1.00")
    actions.edit(shop, "customer", ann, {"first_name": "Anne"})
    gone = actions.create(shop, "product", {"name": "Gone", "sku": "GONE"})["id"]
    back = actions.create(shop, "product", {"name": "Back", "sku": "BACK"})["id"]
    cancelled = actions.sell(shop, [{"product_id": lamp, "quantity": 3}])["id"]
    binned = actions.sell(shop, [{"product_id": lamp, "quantity": 1}])["id"]
    yield
    for product in (gone, back):
        actions.delete(shop, "product", product)
    actions.set_status(shop, cancelled, "cancelled")
    actions.delete(shop, "order", binned)
    yield
    actions.restore(shop, "product", back)
    actions.trash_page(shop)
    actions.delete(shop, "customer", 3, force=True)
    yield


async def recorded(shop: woosim.Running) -> list[Tell]:
    """Let it happen and return the deliveries that the shop sent."""
    async with listening.listen() as listener:
        shop.front.hooks.latency = 0
        for topic in listening.TOPICS:
            webhook: dict[str, Any] = {"topic": topic, "delivery_url": listener.url}
            resource, _, event = topic.partition(".")
            webhook |= {"resource": resource, "event": event, "status": "active", "_secret": "s"}
            shop.shop.create("webhook", webhook | {"date_modified": None})
        for _ in happen(shop.shop):
            assert await shop.front.hooks.drain()
        return [(h["X-WC-Webhook-Topic"], body) for h, body in listener.deliveries]


@contextlib.asynccontextmanager
async def other_database(postgres: Server, puller: Puller) -> AsyncIterator[Puller]:
    """Open a database of its own for the same store."""
    name = postgres.clone()
    database = engine.Database(postgres.address(name))
    try:
        async with database.transaction() as tx:
            store = await stores.save_new(tx, "default", {"url": puller.running.url})
        yield Puller(database, puller.running, puller.client, store, puller.found)
    finally:
        await database.close()
        postgres.drop(name)


def shuffled(seed: int) -> Arrange:
    def arrange(told: list[Tell]) -> list[Tell]:
        mixed = told * 2
        random.Random(seed).shuffle(mixed)  # noqa: S311 - a seeded order, no secret
        return mixed

    return arrange


ARRANGED: dict[str, Arrange] = {
    "in order": lambda told: told,
    "reversed": lambda told: told[::-1],
    "ten copies": lambda told: [one for one in told for _ in range(10)],
    "orders first": lambda told: sorted(told, key=lambda one: not one[0].startswith("order")),
    "updates before creations": lambda told: sorted(told, key=lambda one: "updated" not in one[0]),
    "deletions first": lambda told: sorted(told, key=lambda one: "deleted" not in one[0]),
    "shuffled copies 1": shuffled(1),
    "shuffled copies 2": shuffled(2),
}


#: How deliveries are arranged, how many are applied at a time, the version of the store.
CASES = [
    *((arranged, 1000, "11.0") for arranged in ARRANGED),
    *((arranged, 1, "11.0") for arranged in ("in order", "reversed")),
    ("shuffled copies 1", 5, "11.0"),
    *((arranged, 1000, "10.2") for arranged in ("reversed", "shuffled copies 2")),
]


@pytest.mark.parametrize(("arranged", "step", "version"), CASES)
async def test_any_arrangement_of_deliveries_leads_to_the_same_rows(
    open_shop: OpenShop,
    open_puller: OpenPuller,
    postgres: Server,
    arranged: str,
    step: int,
    version: str,
) -> None:
    running = await open_shop(products=30, variable=5, customers=8, orders=10, version=version)
    puller = await open_puller(running)
    await puller.set_policy(conflict_policy.Policy.NEWEST)
    await puller()
    hooked = Hooked(puller)
    told = await recorded(running)
    assert len(told) > 35
    told = ARRANGED[arranged](told)
    hooked.clock.advance(timedelta(days=1).total_seconds())
    for start in range(0, len(told), step):
        for topic, body in told[start : start + step]:
            await hooked.tell(topic, body)
        await hooked.apply()

    async with other_database(postgres, puller) as fresh:
        await fresh.set_policy(conflict_policy.Policy.NEWEST)
        await fresh()
        wanted = await Hooked(fresh).dump()
    found = await hooked.dump()
    for name, rows in wanted.items():
        differing = [pair for pair in zip(found[name], rows, strict=False) if pair[0] != pair[1]]
        assert (len(found[name]), differing[:1]) == (len(rows), []), name
    waiting = await puller.value("SELECT count(*) FROM webhook_deliveries WHERE state = 'waiting'")
    assert waiting == 0
    parked = await puller.rows("SELECT topic, cause FROM webhook_deliveries WHERE state = 'parked'")
    assert parked == []
