"""How webhooks are registered, pinged, signed, counted and disabled, and what goes wrong."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

import woosim
from simulated.listening import Listener, drain, listen, subscribe
from woosim import hooks
from woosim.admin import actions

WEBHOOKS = "/wp-json/wc/v3/webhooks"
PRODUCT = "/wp-json/wc/v3/products/10"
UPDATED = "product.updated"


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listen() as listening:
        yield listening


@pytest.fixture
def queue(store: woosim.Running) -> hooks.Queue:
    return store.front.hooks


async def call(client: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> Any:
    async with client.request(method, path, json=body) as answer:
        return await answer.json()


async def touch(store: woosim.Running, client: aiohttp.ClientSession, *ids: int) -> None:
    for product_id in ids or (10,):
        await call(client, "PUT", f"/wp-json/wc/v3/products/{product_id}", {})
    await drain(store)


def hidden(store: woosim.Running, webhook_id: int) -> tuple[str, int, bool]:
    record = store.shop.read("webhook", webhook_id)
    assert record is not None
    return record["status"], record["_failure_count"], record["_pending"]


@pytest.mark.parametrize("secret", ["hush", "a&b<c>\"d' é"])
async def test_a_delivery_is_signed_over_its_raw_body(
    store: woosim.Running, client: aiohttp.ClientSession, listener: Listener, secret: str
) -> None:
    (webhook_id,) = await subscribe(client, listener, UPDATED, secret=secret)
    await touch(store, client)

    ((headers, body),) = listener.deliveries
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    assert headers["X-WC-Webhook-Signature"] == base64.b64encode(digest).decode()
    assert headers["X-WC-Webhook-Source"] == f"{store.shop.home}/"
    assert headers["X-WC-Webhook-Resource"] == "product"
    assert headers["X-WC-Webhook-Event"] == "updated"
    assert headers["X-WC-Webhook-ID"] == str(webhook_id)
    assert headers["User-Agent"] == "WooCommerce/11.0.1 Hookshot (WordPress/7.1)"
    assert headers["Content-Type"] == "application/json"
    assert headers["Connection"] == "close"
    shown = await call(client, "GET", PRODUCT)
    sent = json.loads(body)
    assert {**sent, "related_ids": []} == {**shown, "related_ids": []}


async def test_a_new_webhook_is_pinged_inside_the_request_without_signature(
    client: aiohttp.ClientSession, listener: Listener
) -> None:
    (webhook_id,) = await subscribe(client, listener, UPDATED)

    ((headers, body),) = listener.pings
    assert body == f"webhook_id={webhook_id}".encode()
    assert not any(name.startswith("X-WC") for name in headers)


async def test_a_moved_webhook_is_pinged_again_and_a_renamed_one_is_not(
    client: aiohttp.ClientSession, listener: Listener
) -> None:
    (webhook_id,) = await subscribe(client, listener, UPDATED)
    await call(client, "PUT", f"{WEBHOOKS}/{webhook_id}", {"name": "other"})
    assert len(listener.pings) == 1

    await call(client, "PUT", f"{WEBHOOKS}/{webhook_id}", {"delivery_url": f"{listener.url}/b"})
    assert len(listener.pings) == 2


async def test_no_secret_is_ever_shown_and_a_missing_one_is_made_up(
    store: woosim.Running, client: aiohttp.ClientSession, listener: Listener
) -> None:
    body = {"topic": UPDATED, "delivery_url": listener.url}
    made = await call(client, "POST", WEBHOOKS, body)

    assert not any("secret" in key for key in made)
    assert made["name"].startswith("Webhook created on ")
    record = store.shop.read("webhook", made["id"])
    assert record is not None
    assert len(record["_secret"]) == 50


async def test_the_seventh_failure_in_a_row_disables_and_nothing_is_retried(
    store: woosim.Running, client: aiohttp.ClientSession, listener: Listener
) -> None:
    listener.status = 500
    (webhook_id,) = await subscribe(client, listener, UPDATED)
    assert hidden(store, webhook_id) == ("active", 0, True)

    seen = []
    for _ in range(9):
        listener.deliveries.clear()
        listener.pings.clear()
        await touch(store, client)
        counts = (len(listener.deliveries), len(listener.pings))
        seen.append((*counts, *hidden(store, webhook_id)[:2]))

    # a webhook whose ping was never answered is pinged again after every delivery
    assert seen[:6] == [(1, 1, "active", n) for n in range(1, 7)]
    assert seen[6:] == [(1, 0, "disabled", 6), (0, 0, "disabled", 6), (0, 0, "disabled", 6)]


async def test_reactivation_keeps_the_count_and_one_success_clears_it(
    store: woosim.Running, client: aiohttp.ClientSession, listener: Listener
) -> None:
    (webhook_id,) = await subscribe(client, listener, UPDATED)
    listener.status = 404
    for _ in range(7):
        await touch(store, client)
    assert hidden(store, webhook_id) == ("disabled", 6, False)

    await call(client, "PUT", f"{WEBHOOKS}/{webhook_id}", {"status": "active"})
    assert hidden(store, webhook_id) == ("active", 6, False)
    await touch(store, client)
    assert hidden(store, webhook_id) == ("disabled", 6, False)

    listener.status = 200
    await call(client, "PUT", f"{WEBHOOKS}/{webhook_id}", {"status": "active"})
    await touch(store, client)
    assert hidden(store, webhook_id) == ("active", 0, False)


@pytest.mark.parametrize(
    ("status", "failures"),
    [(200, 0), (201, 0), (204, 0), (301, 0), (302, 0), (303, 1), (400, 1), (410, 1), (503, 1)],
)
async def test_only_2xx_and_two_redirects_count_as_success_and_none_is_followed(
    store: woosim.Running,
    client: aiohttp.ClientSession,
    listener: Listener,
    status: int,
    failures: int,
) -> None:
    (webhook_id,) = await subscribe(client, listener, UPDATED)
    listener.status = status

    await touch(store, client)

    assert hidden(store, webhook_id)[1] == failures
    assert len(listener.deliveries) == 1


async def test_a_listener_that_is_not_there_counts_as_failure(
    store: woosim.Running, client: aiohttp.ClientSession, listener: Listener
) -> None:
    (webhook_id,) = await subscribe(client, listener, UPDATED)
    record = store.shop.edit("webhook", webhook_id)
    assert record is not None
    store.shop.save("webhook", record | {"delivery_url": "http://127.0.0.1:9"}, bump=False)

    await touch(store, client)

    assert hidden(store, webhook_id)[1] == 1


async def test_pending_deliveries_of_one_object_are_merged_and_carry_the_latest_state(
    store: woosim.Running, client: aiohttp.ClientSession, listener: Listener, queue: hooks.Queue
) -> None:
    queue.latency = 30
    await subscribe(client, listener, UPDATED)
    for name in ("one", "two", "three"):
        await call(client, "PUT", PRODUCT, {"name": name})
    await drain(store)

    assert [body["name"] for _, body in listener.take()] == ["three"]


async def test_an_object_that_is_gone_is_delivered_as_a_signed_error(
    store: woosim.Running, client: aiohttp.ClientSession, listener: Listener, queue: hooks.Queue
) -> None:
    queue.latency = 30
    await subscribe(client, listener, UPDATED)
    await call(client, "PUT", PRODUCT, {})
    await call(client, "DELETE", f"{PRODUCT}?force=true")
    await drain(store)

    ((topic, body),) = listener.take()
    assert topic == UPDATED
    assert body["code"] == "woocommerce_rest_product_invalid_id"
    assert "id" not in body


async def test_deliveries_of_one_second_share_their_delivery_id(
    store: woosim.Running, client: aiohttp.ClientSession, listener: Listener
) -> None:
    store.front.clock.freeze()
    await subscribe(client, listener, UPDATED)
    await touch(store, client, 10, 11, 12)
    store.front.clock.advance(1)
    await touch(store, client, 10)

    ids = [headers["X-WC-Webhook-Delivery-ID"] for headers, _ in listener.deliveries]
    assert len(ids[0]) == 32
    assert [ids.index(delivery_id) for delivery_id in ids] == [0, 0, 0, 3]


async def test_a_paused_webhook_gets_nothing(
    store: woosim.Running, client: aiohttp.ClientSession, listener: Listener
) -> None:
    (webhook_id,) = await subscribe(client, listener, UPDATED)
    await call(client, "PUT", f"{WEBHOOKS}/{webhook_id}", {"status": "paused"})
    await touch(store, client)

    assert listener.deliveries == []


async def test_deliveries_go_one_after_another(
    store: woosim.Running, client: aiohttp.ClientSession, listener: Listener, queue: hooks.Queue
) -> None:
    queue.latency = 30
    listener.delay = 0.1
    await subscribe(client, listener, UPDATED)
    items = [{"id": number} for number in (12, 10, 11)]
    await call(client, "POST", "/wp-json/wc/v3/products/batch", {"update": items})
    queue.hurry()
    assert not await queue.drain(0.15)
    assert await queue.drain()

    assert [body["id"] for _, body in listener.take()] == [12, 10, 11]


async def test_deliveries_are_lost_doubled_and_reordered_on_demand(
    store: woosim.Running, client: aiohttp.ClientSession, listener: Listener, queue: hooks.Queue
) -> None:
    await subscribe(client, listener, UPDATED)
    chaos = {"chaos": {"drop": 1, "duplicate": 1}}
    assert (await call(client, "POST", "/_sim/hooks", chaos))["chaos"]["drop"] == 1
    await touch(store, client, 10, 11, 12)
    assert [body["id"] for _, body in listener.take()] == [11, 11, 12]

    queue.chaos = hooks.Chaos(reorder=True, seed=1)
    queue.latency = 30
    items = [{"id": number} for number in range(10, 20)]
    await call(client, "POST", "/wp-json/wc/v3/products/batch", {"update": items})
    await drain(store)
    order = [body["id"] for _, body in listener.take()]
    assert sorted(order) == list(range(10, 20))
    assert order != sorted(order)


async def test_latency_holds_deliveries_back(
    store: woosim.Running, client: aiohttp.ClientSession, listener: Listener, queue: hooks.Queue
) -> None:
    await subscribe(client, listener, UPDATED)
    await call(client, "POST", "/_sim/hooks", {"latency": 0.3})
    await call(client, "PUT", PRODUCT, {})
    assert listener.deliveries == []
    assert await queue.drain()

    assert len(listener.deliveries) == 1


async def test_a_paused_queue_goes_on_when_told(
    store: woosim.Running, client: aiohttp.ClientSession, listener: Listener, queue: hooks.Queue
) -> None:
    await subscribe(client, listener, UPDATED)
    await call(client, "POST", "/_sim/hooks", {"paused": True})
    await call(client, "PUT", PRODUCT, {})
    state = await call(client, "GET", "/_sim/hooks")
    assert [(item["topic"], item["arg"]) for item in state["pending"]] == [(UPDATED, 10)]
    assert not await queue.drain(0.1)

    await call(client, "POST", "/_sim/hooks", {"paused": False})
    assert await queue.drain()
    assert [(sent.arg, sent.status) for sent in queue.sent] == [(10, 200)]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"topic": "stock.updated"}, "woocommerce_rest_shop_webhook_invalid_topic"),
        ({"delivery_url": "ftp://x"}, "woocommerce_rest_shop_webhook_invalid_delivery_url"),
        ({"status": "foo"}, "rest_invalid_param"),
        ({"delivery_url": None}, "rest_missing_callback_param"),
    ],
)
async def test_a_webhook_that_cannot_be_is_refused(
    client: aiohttp.ClientSession, listener: Listener, body: dict[str, Any], code: str
) -> None:
    good: dict[str, Any] = {"topic": UPDATED, "delivery_url": listener.url}
    answer = await call(client, "POST", WEBHOOKS, good | body)

    assert answer["code"] == code


@pytest.mark.parametrize(
    ("hpos", "topics"),
    [(True, ["order.deleted"]), (False, ["order.deleted", "coupon.deleted", "product.deleted"])],
)
async def test_a_trashed_order_is_a_post_only_in_legacy_storage(
    listener: Listener, *, hpos: bool, topics: list[str]
) -> None:
    chosen = woosim.Options(products=5, variable=0, customers=2, orders=3, hpos=hpos)
    async with woosim.serve(woosim.Shop(chosen)) as store:
        for topic in ("product.deleted", "coupon.deleted", "order.deleted"):
            webhook = {"topic": topic, "resource": "", "event": "", "status": "active"}
            url = {"delivery_url": listener.url, "date_modified": None}
            store.shop.create("webhook", webhook | url)
        actions.delete(store.shop, "order", store.shop.base.orders.id_of(0))
        await drain(store)

    assert [topic for topic, _ in listener.take()] == topics


async def test_an_older_store_has_no_product_published(listener: Listener) -> None:
    chosen = woosim.Options(products=5, variable=0, customers=2, orders=3, version="10.5")
    keys = {"consumer_key": woosim.running.KEY, "consumer_secret": woosim.running.SECRET}
    webhook = {"topic": "product.published", "delivery_url": listener.url}
    async with (
        woosim.serve(woosim.Shop(chosen), tls=True) as store,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as client,
        client.post(store.url + WEBHOOKS, params=keys, json=webhook) as answer,
    ):
        assert answer.status == 400


async def test_pending_deliveries_outlive_a_restart_of_the_shop(listener: Listener) -> None:
    shop = woosim.Shop(woosim.Options(products=5, variable=0, customers=2, orders=3))
    webhook = {"topic": UPDATED, "resource": "", "event": "", "status": "active"}
    async with woosim.serve(shop) as store:
        store.front.hooks.latency = 60
        shop.create("webhook", webhook | {"delivery_url": listener.url, "date_modified": None})
        actions.edit(shop, "product", 10, {"name": "Before"})
    actions.edit(shop, "product", 10, {"name": "Meanwhile"})
    async with woosim.serve(shop) as store:
        await drain(store)

    assert [body["name"] for _, body in listener.take()] == ["Meanwhile"]
