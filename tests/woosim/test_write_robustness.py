"""Whatever is sent to the writing routes is answered in JSON, and lists stay readable."""

import random
from typing import Any

import aiohttp

import woosim

API = "/wp-json/wc/v3"
VALUES: list[Any] = [
    *(None, True, False, 0, -1, 3.7, 1e30, "", "abc", "12", "<x>", "9" * 400),
    *([], {}, [1], ["a"], [{}], [None], {"a": 1}, {"id": 1}, [{"id": 1}]),
    *([{"key": "k", "value": {}}], "2026-01-01T00:00:00"),
]
FIELDS = {
    "products": """name sku regular_price sale_price stock_quantity inventory_delta manage_stock id
        status meta_data attributes categories dimensions date_on_sale_from date_on_sale_to_gmt
        type low_stock_amount backorders images global_unique_id slug tags weight downloads""",
    "orders": """status line_items shipping_lines fee_lines coupon_lines billing shipping id
        customer_id meta_data set_paid currency payment_method customer_note""",
    "customers": "email first_name last_name username billing shipping meta_data password id",
    "webhooks": "name topic delivery_url status secret",
}
LINE = ("product_id", "variation_id", "quantity", "total", "subtotal", "name", "sku", "meta_data")


def a_request(store: woosim.Running, chance: random.Random) -> tuple[str, str, Any]:
    """Draw a method, a path and a body."""
    noun = chance.choice(list(FIELDS))
    size = chance.choice((1, 1, 2, 4))
    body = {chance.choice(FIELDS[noun].split()): chance.choice(VALUES) for _ in range(size)}
    if noun == "orders" and chance.random() < 0.4:
        line = {chance.choice(LINE): chance.choice(VALUES) for _ in range(3)}
        body["line_items"] = [line | ({"product_id": 12} if chance.random() < 0.5 else {})]
    kind = noun.removesuffix("s")
    base = store.shop.catalogs[kind].base
    own_id = base.id_of(chance.randrange(base.size)) if base.size else chance.randrange(1, 5)
    shape = chance.randrange(5)
    if shape == 0:
        return "POST", noun, body
    if shape == 1:
        update = [{**body, "id": own_id}, chance.choice(VALUES)]
        return "POST", f"{noun}/batch", {"create": [body], "update": update, "delete": [True]}
    if shape == 2 and noun == "orders":
        values = {name: chance.choice(VALUES) for name in ("amount", "line_items", "reason")}
        return "POST", f"orders/{own_id}/refunds", values
    if shape == 3 and noun == "products":
        child = store.shop.base.variations.id_of(chance.randrange(10))
        variation = store.shop.read("variation", child)
        return (
            "PUT",
            f"products/{variation['parent_id'] if variation else 1}/variations/{child}",
            body,
        )
    return "PUT", f"{noun}/{own_id}", body


async def test_any_body_is_answered_in_json_and_lists_stay_readable(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    chance = random.Random(11)  # noqa: S311  # seeded on purpose
    crashed = []
    for _ in range(1500):
        method, path, body = a_request(store, chance)
        async with client.request(method, f"{API}/{path}", json=body) as answer:
            if answer.content_type != "application/json":
                crashed.append((method, path, body))
    assert crashed == []
    for path in ("products", "variations", "orders", "customers", "refunds", "webhooks"):
        async with client.get(f"{API}/{path}?per_page=100") as answer:
            assert answer.status == 200, path
            assert await answer.json() or path == "webhooks"
