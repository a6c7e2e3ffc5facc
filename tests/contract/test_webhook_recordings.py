"""Deliveries of a real store, beside those that the same events bring in the simulated one."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

import woosim
from contract import exchanges, shapes
from simulated.listening import listen
from woosim.admin import actions

FOLDER = Path(__file__).parent / "recordings" / "webhooks"
FILES = sorted(path for path in FOLDER.glob("*.json") if "ping" not in path.name)
SIZE = woosim.Options(products=30, variable=4, customers=6, orders=8)
_VARIES = {"host", "content-length"}


VARIABLE = {
    "name": "V",
    "type": "variable",
    "attributes": [{"name": "Size", "variation": True, "options": ["S", "L"]}],
}


def recorded(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def deliveries_of(data: dict[str, Any]) -> dict[str, str]:
    return {name.lower(): value for name, value in data["header_list"]}


def happen(shop: woosim.Shop) -> None:
    """Do something that fires every topic."""
    product = actions.create(shop, "product", {"name": "W", "regular_price": "5"})["id"]
    actions.edit(shop, "product", product, {"name": "X"})
    actions.delete(shop, "product", product)
    actions.restore(shop, "product", product)
    parent = actions.create(shop, "product", VARIABLE)["id"]
    option = {"attributes": [{"name": "Size", "option": "L"}], "regular_price": "5"}
    actions.create(shop, "variation", {"parent_id": parent, **option})
    ny = {"billing": {"country": "US", "state": "NY"}}
    order = actions.sell(shop, [{"product_id": product}], extra=ny)["id"]
    actions.delete(shop, "order", order)
    actions.restore(shop, "order", order)
    customer = actions.create(shop, "customer", {"email": "w@x.test"})["id"]
    actions.edit(shop, "customer", customer, {"first_name": "W"})
    actions.delete(shop, "customer", 3)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_recorded_signature_is_that_of_the_raw_body(path: Path) -> None:
    data = recorded(path)
    digest = hmac.new(data["secret"].encode(), data["raw_body"].encode(), hashlib.sha256).digest()

    assert deliveries_of(data)["x-wc-webhook-signature"] == base64.b64encode(digest).decode()


async def test_every_topic_is_delivered_in_the_recorded_shape() -> None:
    async with listen() as listener, woosim.serve(woosim.Shop(SIZE)) as store:
        queue = store.front.hooks
        queue.latency = 0
        wanted = {path.stem: recorded(path) for path in FILES if "_" not in path.stem}
        for topic in wanted:
            webhook: dict[str, Any] = {"topic": topic, "delivery_url": listener.url}
            resource, _, event = topic.partition(".")
            webhook |= {"resource": resource, "event": event, "status": "active", "_secret": "s"}
            store.shop.create("webhook", webhook | {"date_modified": None})
        happen(store.shop)
        assert await queue.drain()

    assert {headers["X-WC-Webhook-Topic"] for headers, _ in listener.deliveries} == set(wanted)
    wrong, compared = [], set()
    for headers, body in listener.deliveries:
        topic = headers["X-WC-Webhook-Topic"]
        theirs = deliveries_of(wanted[topic])
        if {name.lower() for name in headers} - _VARIES != set(theirs) - _VARIES:
            wrong.append(f"{topic}: headers {sorted(headers)}")
        types = exchanges.known_types(topic.partition(".")[0])
        ours, known = json.loads(body), json.loads(wanted[topic]["raw_body"])
        if ours.get("type") != known.get("type"):
            continue  # a variation where the recording has a product, or the other way round
        compared.add(topic)
        wrong += [f"{topic}: {d}" for d in shapes.differences(ours, known, types, trimmed=False)]
    assert wrong == []
    assert compared == set(wanted)
