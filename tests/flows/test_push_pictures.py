"""A variation without a picture of its own shows its product's, which is not sent as its own."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from conftest import OpenShop
from flows.test_two_shops import QUICK, Shops, opened_for
from woosync.flows import push
from woosync.postgres import stores

#: The first and the second picture of a product, by the shop's ids.
FIRST, SECOND = 71, 72


def picture(number: int) -> dict[str, Any]:
    src = f"https://first.example/wp-content/uploads/hat-{number}.jpg"
    return {"id": number, "src": src, "name": f"hat-{number}", "alt": ""}


@pytest.fixture
async def shops(database_url: str, open_shop: OpenShop, tmp_path: Path) -> AsyncIterator[Shops]:
    """Give a shop with goods that was pulled, and an empty one that is to have them."""
    first = await open_shop(products=2, variable=1, customers=0, orders=0, seed=7)
    second = await open_shop(products=0, variable=0, customers=0, orders=0)
    async with opened_for(database_url, tmp_path, first) as shops:
        keys = {"consumer_key": second.key, "consumer_secret": second.secret}
        settings = QUICK | {"push": {"create": ["products"]}}
        new = {"url": second.url, "allow_private": True, "settings": settings}
        async with shops.opened.database.transaction() as tx:
            await stores.save_new(tx, "second", new | shops.opened.sealed("second", keys))
        shops.shops["second"] = second
        yield shops


async def shown(shops: Shops, key: str) -> dict[str, dict[str, Any] | None]:
    """Return the pictures that a shop shows of variations, by SKU."""
    async with shops.opened.open_store(key) as (_, client):
        products = json.loads((await client.fetch("products", {"type": "variable"})).body)
        (product,) = products
        route = f"products/{product['id']}/variations"
        found = json.loads((await client.fetch(route, {"per_page": 100})).body)
    return {one["sku"]: one["image"] for one in found}


def product_of(shops: Shops, key: str) -> int:
    """Return a shop's variable product."""
    catalog = shops.shops[key].shop.catalogs["product"]
    numbers = [catalog.base.id_of(i) for i in range(catalog.base.size)] + list(catalog.touched)
    return next(i for i in numbers if (catalog.read(i) or {}).get("type") == "variable")


def own(shops: Shops, key: str) -> dict[str, bool]:
    """Tell which variations of a shop have a picture of their own, by SKU."""
    shop = shops.shops[key].shop
    found = [shop.read("variation", one) for one in shop.variation_ids(product_of(shops, key))]
    return {one["sku"]: bool(one["image"]) for one in found if one is not None}


async def push_all(shops: Shops) -> None:
    for key in shops.shops:
        await shops.run("UPDATE outbox SET available_at = now(), claimed_until = NULL")
        await shops.opened.push(key, push.Options(), actor="test", on_plan=lambda _: None)


async def test_a_new_variation_is_not_sent_its_products_picture(shops: Shops) -> None:
    shop, number = shops.shops["default"].shop, product_of(shops, "default")
    shop.save("product", shops.there("default", "product", number) | {"images": [picture(FIRST)]})
    first, *others = shop.variation_ids(number)
    shop.save("variation", shops.there("default", "variation", first) | {"image": picture(SECOND)})
    sku = shops.there("default", "variation", first)["sku"]
    assert others
    ids = {name: one and one["id"] for name, one in (await shown(shops, "default")).items()}
    assert ids == dict.fromkeys(ids, FIRST) | {sku: SECOND}
    await shops.pull()
    await shops.run("UPDATE products SET name = name")  # by a person: goes to all shops
    await push_all(shops)
    await push_all(shops)
    assert own(shops, "second") == own(shops, "default") == dict.fromkeys(ids, False) | {sku: True}
    there = await shown(shops, "second")
    files = {name: one and one["src"].rpartition("/")[2] for name, one in there.items()}
    assert files == dict.fromkeys(ids, "hat-71.jpg") | {sku: "hat-72.jpg"}
    await shops.pull()
    await push_all(shops)
    assert own(shops, "second") == own(shops, "default")
    assert await shops.rows("SELECT field FROM conflicts WHERE state = 'open'") == []
    assert await shops.rows("SELECT entity FROM outbox WHERE entity <> 'stock'") == []
