"""Sending over HTTP: what changed here arrives in the store, customers and stock levels alike."""

from collections.abc import AsyncIterator

import pytest

from acceptance.api.calling import Api
from woosync.entrypoints import worker


@pytest.fixture
async def pulled(api: Api) -> AsyncIterator[Api]:
    """Give an API whose store has been pulled, without anybody who reacts to changes by himself."""
    quiet = worker.Options(scheduled=False, reacting=False, stalled_after=3)
    async with worker.working(api.opened, quiet):
        full = {"direction": "pull"}
        assert (await api.post("/sync/full?wait=60", json=full)).good()["state"] == "completed"
        yield api


async def test_a_changed_customer_is_pushed(pulled: Api) -> None:
    ((local, woo),) = await pulled.rows(
        "SELECT local_id, woo_id FROM links WHERE entity = 'customer' ORDER BY woo_id LIMIT 1"
    )
    said = await pulled.get(f"/api/customers/{local}")
    headers = {"If-Match": said.headers["ETag"]}
    change = {"firstName": "Adelheid"}
    (await pulled.call("PATCH", f"/api/customers/{local}", json=change, headers=headers)).good()
    body = {"customerIds": [local]}
    ended = (await pulled.post("/sync/customers/push?wait=60", json=body)).good()
    assert ended["state"] == "completed"
    assert ended["runs"][0]["direction"] == "push"
    assert pulled.shop.shop.read("customer", woo)["first_name"] == "Adelheid"


async def test_a_level_that_moved_is_pushed(pulled: Api) -> None:
    ((product, woo, shown),) = await pulled.rows(
        "SELECT link.product_id, l.woo_id, link.expected FROM stock_links AS link JOIN links AS l"
        " ON l.local_id = link.product_id AND l.entity = 'product' AND l.store_id = link.store_id"
        " WHERE link.expected > 5 ORDER BY 1 LIMIT 1"
    )
    move = {"productId": product, "qty": 3}
    (await pulled.post("/api/inventory/adjust", json=move)).good()
    ended = (await pulled.post(f"/sync/inventory/push/{product}", json={})).good()
    assert ended["state"] == "completed", ended
    assert pulled.shop.shop.read("product", woo)["stock_quantity"] == shown + 3


async def test_a_batch_pulls_and_pushes_what_was_chosen(pulled: Api) -> None:
    chosen = {"customers": False, "orders": False, "limit": 5}
    ended = (await pulled.post("/sync/batch?wait=60", json=chosen)).good()
    assert [(run["direction"], run["state"]) for run in ended["runs"]] == [
        ("pull", "completed"),
        ("stock", "completed"),
    ]
    assert ended["runs"][0]["counts"]["products"]["seen"] == 5
    nothing = dict.fromkeys(("customers", "products", "orders", "inventory"), False)
    (await pulled.post("/sync/batch", json=nothing)).problem(422)


async def test_both_directions_are_runs_one_after_the_other(pulled: Api) -> None:
    ended = (await pulled.post("/sync/full?wait=60", json={"direction": "both"})).good()
    assert [run["direction"] for run in ended["runs"]] == ["pull", "push", "stock"]
    assert {run["state"] for run in ended["runs"]} == {"completed"}
    assert ended["runId"] == ended["runs"][-1]["runId"]
