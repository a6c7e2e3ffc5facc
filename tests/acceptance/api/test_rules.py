"""Rules of a store, plans of pushes, and refunds over HTTP."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from acceptance.api.calling import Api
from woosync.entrypoints import worker

QUIET = worker.Options(scheduled=False, reacting=False, stalled_after=3)
RULE = {"entity": "product", "source": "metadata.code", "target": "meta_data._code"}


@pytest.fixture
async def pulled(api: Api) -> AsyncIterator[Api]:
    """Give an API whose store has been pulled; nobody pushes by himself."""
    async with worker.working(api.opened, QUIET):
        full = {"direction": "pull"}
        assert (await api.post("/sync/full?wait=60", json=full)).good()["state"] == "completed"
        yield api


async def test_rules_are_shown_and_replaced_part_by_part(api: Api) -> None:
    await api.get("/connection/test")
    empty = {"store": "default", "push": {}, "mapping": [], "stock": {}}
    assert (await api.get("/rules", role="viewer")).good() == empty
    push = {"create": ["products"], "never": ["product.description"]}
    said = await api.call("PUT", "/rules", json={"push": push})
    assert said.good() == empty | {"push": push}
    said = await api.call("PUT", "/rules", json={"mapping": [RULE], "stock": {"buffer": 2}})
    assert said.good() == empty | {"push": push, "mapping": [RULE], "stock": {"buffer": 2}}
    assert (await api.get("/stores/default/rules")).good() == said.json


async def test_rules_that_are_none_are_refused_and_nothing_is_saved(api: Api) -> None:
    await api.get("/connection/test")
    for body in (
        {"push": {"create": ["orders"]}},
        {"push": {"never": ["nothing.name"]}},
        {"push": {"flips": 0}},
        {"mapping": [RULE, RULE | {"source": "code"}]},
        {"stock": {"buffer": -1}},
        {"stock": {"nothing": 1}},
        {"push": {"create": ["products"]}, "mapping": [{}]},
        {"policies": {"default": "manual"}},
    ):
        (await api.call("PUT", "/rules", json=body)).problem(422)
    good = {"push": {"create": ["products"]}}
    for role in ("viewer", "operator"):
        (await api.call("PUT", "/rules", json=good, role=role)).problem(403)
    assert (await api.get("/rules")).good()["push"] == {}
    (await api.get("/rules?store=nowhere")).problem(404)


async def some_product(api: Api) -> tuple[int, int]:
    ((local, woo),) = await api.rows(
        "SELECT p.id, l.woo_id FROM products p JOIN links l ON l.local_id = p.id"
        " AND l.entity = 'product' WHERE p.kind = 'simple' ORDER BY 1 LIMIT 1"
    )
    return local, woo


async def test_a_mapping_is_tried_on_real_records(pulled: Api) -> None:
    local, woo = await some_product(pulled)
    await pulled.rows(
        """UPDATE products SET metadata = metadata || '{"code": "ab"}' WHERE id = %s
        RETURNING 1""",
        local,
    )
    body = {"rules": [RULE | {"transform": "upper"}], "limit": 100}
    said = await pulled.post("/mapping/preview", json=body, role="operator")
    (line,) = [one for one in said.good()["lines"] if one["localId"] == local]
    assert (line["wooId"], line["here"], line["store"], line["sends"]) == (woo, "ab", None, "AB")
    assert (await pulled.post("/mapping/preview", json={})).good() == {"lines": []}
    (await pulled.post("/mapping/preview", json={"rules": [{}]})).problem(422, "bad-mapping")
    (await pulled.post("/mapping/preview", json=body, role="viewer")).problem(403)


async def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(pulled: Api) -> None:
    local, woo = await some_product(pulled)
    old = there(pulled, "product", woo)["name"]
    await pulled.rows("UPDATE products SET name = 'New' WHERE id = %s RETURNING 1", local)
    await pulled.run("UPDATE customers SET first_name = 'Ada'")
    before = await pulled.rows("SELECT count(*) FROM sync_runs")
    for path, body, total in (
        ("products", {"dryRun": True}, 1),
        ("products", {"dryRun": True, "productIds": [local]}, 1),
        ("products", {"dryRun": True, "syncAll": True}, 1),
        ("orders", {"dryRun": True}, 0),
    ):
        plan = (await pulled.post(f"/sync/{path}/push", json=body, role="operator")).good()
        assert (plan["dryRun"], plan["total"]) == (True, total), (path, body)
    plan = (await pulled.post("/sync/products/push", json={"dryRun": True})).good()
    (step,) = plan["plan"]
    assert (step["action"], step["fields"]) == (
        "update",
        {"name": {"store": old, "becomes": "New"}},
    )
    plan = (await pulled.post("/sync/customers/push", json={"dryRun": True})).good()
    assert plan["total"] == len(plan["plan"]) > 10
    assert there(pulled, "product", woo)["name"] == old
    assert await pulled.rows("SELECT count(*) FROM sync_runs") == before
    (await pulled.post("/sync/products/push", json={"dryRun": True}, role="viewer")).problem(403)


def there(api: Api, kind: str, woo_id: int) -> dict[str, Any]:
    record = api.shop.shop.read(kind, woo_id)
    assert record
    return dict(record)


async def test_a_refund_is_made_once_and_comes_here(pulled: Api) -> None:
    ((woo_id,),) = await pulled.rows(
        "SELECT l.woo_id FROM links l JOIN purchase_orders o ON o.id = l.local_id"
        " AND l.entity = 'order' WHERE o.status = 'completed' AND o.total > 5 AND NOT EXISTS"
        " (SELECT FROM purchase_order_refunds r WHERE r.purchase_order_id = o.id) LIMIT 1"
    )
    body = {"amount": "1.50", "reason": "Return 7", "restock": False}
    path = f"/orders/{woo_id}/refund"
    (await pulled.post(path, json=body, role="viewer")).problem(403)
    made = (await pulled.post(path, json=body, role="operator")).good(201)
    assert (await pulled.post(path, json=body)).good(201)["refundId"] == made["refundId"]
    assert [one["id"] for one in there(pulled, "order", woo_id)["refunds"]] == [made["refundId"]]
    refund = there(pulled, "refund", made["refundId"])
    assert (refund["amount"], refund["refunded_payment"]) == ("1.50", False)
    await pulled.post(f"/sync/orders/{woo_id}")
    amounts = "SELECT amount FROM purchase_order_refunds WHERE reason = 'Return 7'"
    assert await pulled.rows(amounts) == [(Decimal("1.50"),)]
    for wrong in (
        {"amount": "1.50", "reason": "Return 8"},
        body | {"amount": 1.5},
        body | {"amount": "-1"},
        body | {"reason": " "},
        body | {"lines": [{"lineId": 1, "total": "x"}]},
    ):
        (await pulled.post(path, json=wrong)).problem(422)
    (await pulled.post(path, json=body | {"amount": "99999"})).problem(409, "refund-refused")
    (await pulled.post("/orders/987654/refund", json=body)).problem(404, "unknown-order")
