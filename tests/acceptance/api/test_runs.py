"""Work asked for over HTTP: 202 and a run, joined by who asks again, done by any worker."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from acceptance.api.calling import BASE, Api
from woosync.entrypoints import worker

QUICK = worker.Options(scheduled=False, stalled_after=3)


@pytest.fixture
async def working(api: Api) -> AsyncIterator[Api]:
    async with worker.working(api.opened, QUICK):
        yield api


async def test_a_pull_is_asked_for_and_done_by_the_worker(working: Api) -> None:
    said = await working.post("/sync/customers/pull", json={"limit": 5}, role="operator")
    asked = said.good(202)
    assert said.headers["Location"] == f"{BASE}/runs/{asked['runId']}"
    assert asked["state"] in {"queued", "running"}
    same = await working.post("/sync/customers/pull?wait=60", json={"limit": 5})
    ended = same.good()
    assert ended["runId"] == asked["runId"]
    assert ended["state"] == "completed"
    run = (await working.get(said.headers["Location"], role="viewer")).good()
    assert run["counts"]["customers"]["created"] == 5
    assert (run["direction"], run["mode"], run["actor"]) == ("pull", "part", "the operator")


async def woo_ids(api: Api, entity: str) -> list[int]:
    found = await api.rows("SELECT woo_id FROM links WHERE entity = %s ORDER BY 1 DESC", entity)
    return [row[0] for row in found]


async def test_limit_and_page_say_which_records_a_call_pulls(working: Api) -> None:
    for page in (1, 2):
        body = {"limit": 6, "page": page}
        (await working.post("/sync/customers/pull?wait=60", json=body)).good()
    newest = await woo_ids(working, "customer")
    assert len(newest) == 12
    rest = {"limit": 12, "page": 2}
    (await working.post("/sync/customers/pull?wait=60", json=rest)).good()
    everyone = await woo_ids(working, "customer")
    assert len(everyone) == 18  # staff included
    assert everyone[:12] == newest


async def test_products_come_with_their_variations_and_of_the_status_asked_for(
    working: Api,
) -> None:
    ended = (await working.post("/sync/products/pull?wait=60", json={"limit": 60})).good()
    counts = ended["runs"][0]["counts"]
    published = [
        product for product in everything(working, "product") if product["status"] == "publish"
    ]
    assert counts["products"]["created"] == len(published) < 40
    of_them = sum(len(product["variations"]) for product in published)
    assert counts["variations"]["created"] == of_them > 0
    drafts = {"status": "draft", "limit": 60}
    more = (await working.post("/sync/products/pull?wait=60", json=drafts)).good()
    assert more["runs"][0]["counts"]["products"]["created"] > 0


async def test_orders_come_with_customers_and_refunds_made_after_a_time(working: Api) -> None:
    orders = sorted(everything(working, "order"), key=lambda order: order["date_created_gmt"])
    middle = orders[len(orders) // 2]["date_created_gmt"]
    later = [order for order in orders if order["date_created_gmt"] > middle]
    body = {"after": f"{middle}Z", "limit": 50}
    ended = (await working.post("/sync/orders/pull?wait=60", json=body)).good()
    assert ended["state"] == "completed", ended
    assert await woo_ids(working, "order") == sorted((o["id"] for o in later), reverse=True)
    accounts = {order["customer_id"] for order in later} - {0}
    assert set(await woo_ids(working, "customer")) == accounts
    refunds = {refund["id"] for order in later for refund in order["refunds"]}
    assert set(await woo_ids(working, "refund")) == refunds


async def test_one_product_and_one_order_are_pulled_by_their_id(working: Api) -> None:
    product = next(one for one in everything(working, "product") if one["variations"])
    said = (await working.post(f"/sync/products/{product['id']}", json={})).good()
    assert said["success"]
    assert await woo_ids(working, "product") == [product["id"]]
    assert set(await woo_ids(working, "variation")) == set(product["variations"])
    order = everything(working, "order")[0]
    (await working.post(f"/sync/orders/{order['id']}")).good()
    assert await woo_ids(working, "order") == [order["id"]]
    missing = (await working.post("/sync/products/987654")).good()
    assert (missing["success"], missing["state"]) == (False, "failed")
    assert missing["runs"][0]["error"] == "The store has no product 987654."


async def test_force_takes_the_values_of_the_store(working: Api) -> None:
    order = everything(working, "order")[0]
    (await working.post(f"/sync/orders/{order['id']}")).good()
    await working.run("UPDATE purchase_orders SET customer_note = 'ours'")
    (await working.post(f"/sync/orders/{order['id']}", json={"force": True})).good()
    ((note,),) = await working.rows("SELECT customer_note FROM purchase_orders")
    assert note == order["customer_note"]


async def test_part_pulls_leave_the_position_of_ordinary_ones_alone(working: Api) -> None:
    (await working.post("/sync/customers/pull?wait=60", json={"limit": 3})).good()
    full = {"direction": "pull", "batchSize": 20}
    ended = (await working.post("/sync/full?wait=60", json=full)).good()
    assert ended["runs"][0]["counts"]["customers"]["seen"] == 18
    audited = (await working.post("/sync/audit?wait=60")).good()
    assert audited["state"] == "completed"
    assert audited["runs"][0]["counts"]["products"]["different"] == 0


def everything(api: Api, kind: str) -> list[Any]:
    """Return all records of the store that its lists show."""
    shop = api.shop.shop
    found = (shop.read(kind, number) for number in range(1, 400))
    return [one for one in found if one and one.get("status") != "trash"]
