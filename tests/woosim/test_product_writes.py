"""Writing products and variations: stock, texts, prices, SKUs, meta and batches, as observed."""

import asyncio
from typing import Any

import aiohttp
import pytest

import woosim
from woosim.faults import Fault

PRODUCTS = "/wp-json/wc/v3/products"


async def call(
    client: aiohttp.ClientSession, method: str, path: str, body: Any = None
) -> tuple[int, Any]:
    async with client.request(method, path, json=body) as answer:
        return answer.status, await answer.json()


async def make(client: aiohttp.ClientSession, **values: Any) -> dict[str, Any]:
    values = {"regular_price": "10.00", "manage_stock": True, "stock_quantity": 100} | values
    status, product = await call(client, "POST", PRODUCTS, values)
    assert status == 201, product
    return dict(product)


@pytest.mark.parametrize(
    ("before", "sent", "quantity", "state"),
    [
        ({}, {"stock_quantity": 55}, 55, "instock"),
        ({}, {"stock_quantity": "12"}, 12, "instock"),
        ({}, {"stock_quantity": 4.0}, 4, "instock"),
        ({}, {"stock_quantity": 0}, 0, "outofstock"),
        ({}, {"stock_quantity": -2}, -2, "outofstock"),
        ({}, {"stock_quantity": None}, 0, "outofstock"),
        ({"backorders": "yes"}, {"stock_quantity": 0}, 0, "onbackorder"),
        ({}, {"stock_status": "outofstock"}, 100, "instock"),
        ({}, {"inventory_delta": -3}, 97, "instock"),
        ({}, {"inventory_delta": 100, "stock_quantity": 20}, 20, "instock"),
        ({"manage_stock": False}, {"stock_quantity": 9}, None, "instock"),
        ({"manage_stock": False}, {"stock_status": "outofstock"}, None, "outofstock"),
        ({"manage_stock": False}, {"manage_stock": True}, None, "outofstock"),
        ({"manage_stock": False}, {"manage_stock": True, "stock_quantity": 9}, 9, "instock"),
        ({}, {"manage_stock": False}, None, "instock"),
        ({}, {"name": "x"}, 100, "instock"),
    ],
)
async def test_a_put_sets_the_stock_as_observed(
    client: aiohttp.ClientSession,
    before: dict[str, Any],
    sent: dict[str, Any],
    quantity: int | None,
    state: str,
) -> None:
    product = await make(client, **before)
    status, after = await call(client, "PUT", f"{PRODUCTS}/{product['id']}", sent)

    assert status == 200
    assert (after["stock_quantity"], after["stock_status"]) == (quantity, state)


@pytest.mark.parametrize(
    ("sent", "quantity"),
    [
        (3.7, 3),
        ("4", 4),
        ("5.9", 5),
        (-4, -4),
        (None, 100),
        (True, 1),
        ("abc", 0),
        ("", 0),
    ],
)
async def test_a_batch_takes_any_quantity_without_validation(
    client: aiohttp.ClientSession, sent: Any, quantity: int
) -> None:
    product = await make(client)
    item = {"id": str(product["id"]), "stock_quantity": sent}
    status, answer = await call(client, "POST", f"{PRODUCTS}/batch", {"update": [item]})

    assert status == 200
    assert answer["update"][0]["stock_quantity"] == quantity


async def test_a_batch_takes_bad_statuses_and_prices(client: aiohttp.ClientSession) -> None:
    first, second = await make(client), await make(client)
    items = [
        {"id": first["id"], "status": "nosuch", "regular_price": "abc"},
        {"id": second["id"], "regular_price": 5.5},
    ]
    _, answer = await call(client, "POST", f"{PRODUCTS}/batch", {"update": items})

    assert [p["status"] for p in answer["update"]] == ["draft", "publish"]
    assert [p["regular_price"] for p in answer["update"]] == ["", "5.5"]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("A & B", "A &amp; B"),
        ("<b>bold</b> x", "<b>bold</b> x"),
        ("a < b > c", "a <b> c"),
        ("  lead trail  ", "lead trail"),
        ("Back\\slash", "Backslash"),
        ("100% \"q\" 's'", "100% \"q\" 's'"),
        ("emoji 🚀 漢", "emoji 🚀 漢"),
        ("tab\tnew\nline", "tab\tnew\nline"),
        ("&amp; already", "&amp; already"),
        ("<script>alert(1)</script>x", "alert(1)x"),
        ("zero\u200bwidth nbsp\xa0x", "zero\u200bwidth nbsp\xa0x"),
    ],
)
async def test_names_come_back_changed(
    client: aiohttp.ClientSession, sent: str, stored: str
) -> None:
    assert (await make(client, name=sent))["name"] == stored


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("A,B", "A,B"),
        ("sp ace", "sp ace"),
        (" lead", "lead"),
        ("ÜñÏ", "ÜñÏ"),
        ("a\"b'c", "a\"b'c"),
        ("<x>", ""),
        ("a\\b", "a\\b"),
        ("a%20b", "ab"),
        ("UPPER-case", "UPPER-case"),
    ],
)
async def test_skus_are_cleaned(client: aiohttp.ClientSession, sent: str, stored: str) -> None:
    assert (await make(client, sku=sent))["sku"] == stored


@pytest.mark.parametrize(
    ("sent", "price", "sale"),
    [
        ({"regular_price": "12.50"}, "12.50", ""),
        ({"regular_price": "1.234,56"}, "1.23456", ""),
        ({"regular_price": "10.00", "sale_price": "20.00"}, "10.00", ""),
        ({"regular_price": "10.00", "sale_price": "7.5"}, "7.5", "7.5"),
        ({"sale_price": "7", "date_on_sale_from": "2099-01-01T00:00:00"}, "10.00", "7"),
    ],
)
async def test_prices_are_settled(
    client: aiohttp.ClientSession, sent: dict[str, str], price: str, sale: str
) -> None:
    product = await make(client, **sent)

    assert (product["price"], product["sale_price"]) == (price, sale)


async def test_meta_is_matched_by_key_and_null_deletes(client: aiohttp.ClientSession) -> None:
    product = await make(client, meta_data=[{"key": "a", "value": {"x": [1, None]}}])
    path = f"{PRODUCTS}/{product['id']}"
    (first,) = product["meta_data"]

    _, after = await call(client, "PUT", path, {"meta_data": [{"key": "a", "value": "2"}]})
    assert after["meta_data"] == [{"id": first["id"], "key": "a", "value": "2"}]
    _, after = await call(client, "PUT", path, {"meta_data": [{"key": "a", "value": None}]})
    assert after["meta_data"] == []


async def test_a_sku_is_unique_in_any_case_and_stays_taken_in_the_trash(
    client: aiohttp.ClientSession,
) -> None:
    product = await make(client, sku="Same-1")
    status, refused = await call(client, "POST", PRODUCTS, {"sku": "SAME-1"})
    assert (status, refused["code"]) == (400, "product_invalid_sku")
    assert refused["data"]["resource_id"] == product["id"]
    assert refused["data"]["unique_sku"] == "SAME-1-1"

    await call(client, "DELETE", f"{PRODUCTS}/{product['id']}")
    status, refused = await call(client, "POST", PRODUCTS, {"sku": "same-1"})
    assert (status, refused["code"]) == (400, "woocommerce_rest_product_not_created")
    assert "resource_id" not in refused["data"]


async def test_parallel_creates_with_one_sku_make_one_product(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    store.front.write_gap = 0.01
    tries = [call(client, "POST", PRODUCTS, {"sku": "ONE"}) for _ in range(6)]
    statuses = [status for status, _ in await asyncio.gather(*tries)]

    assert sorted(statuses) == [201, *[400] * 5]


async def test_parallel_deltas_lose_updates_and_parallel_orders_do_not(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    store.front.write_gap = 0.02
    raced, sold = await make(client), await make(client)
    path = f"{PRODUCTS}/{raced['id']}"
    order = {"line_items": [{"product_id": sold["id"], "quantity": 1}], "set_paid": True}

    await asyncio.gather(*[call(client, "PUT", path, {"inventory_delta": 1}) for _ in range(20)])
    await asyncio.gather(
        *[call(client, "POST", "/wp-json/wc/v3/orders", order) for _ in range(20)],
        *[call(client, "PUT", f"{PRODUCTS}/{sold['id']}", {"name": "n"}) for _ in range(10)],
    )

    _, raced = await call(client, "GET", path)
    _, sold = await call(client, "GET", f"{PRODUCTS}/{sold['id']}")
    assert 100 < raced["stock_quantity"] < 120
    assert sold["stock_quantity"] == 80


@pytest.mark.parametrize(("sent", "level"), [({"inventory_delta": 5}, 105), ({"name": "n"}, 98)])
async def test_a_sale_inside_the_gap_is_lost_to_a_stock_write_only(
    store: woosim.Running, client: aiohttp.ClientSession, sent: dict[str, Any], level: int
) -> None:
    product = await make(client)
    fault = store.front.faults.add(
        Fault(kind="sale_between", method="PUT", options={"quantity": 2})
    )
    _, after = await call(client, "PUT", f"{PRODUCTS}/{product['id']}", sent)

    assert fault.fired == 1
    assert after["stock_quantity"] == level


async def test_every_save_moves_the_modified_time(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    product = await make(client)
    store.front.clock.advance(2)
    _, after = await call(client, "PUT", f"{PRODUCTS}/{product['id']}", {})

    assert after["date_modified_gmt"] > product["date_modified_gmt"]
    assert after["date_created_gmt"] == product["date_created_gmt"]


async def test_a_variation_follows_its_parents_stock_and_moves_its_parent(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    parent = await make(client, type="variable", stock_quantity=17)
    path = f"{PRODUCTS}/{parent['id']}/variations"
    _, child = await call(client, "POST", path, {"regular_price": "8.00"})
    assert (child["manage_stock"], child["stock_quantity"]) == ("parent", 17)
    store.front.clock.advance(2)

    _, child = await call(client, "PUT", f"{path}/{child['id']}", {"stock_quantity": 3})
    assert (child["manage_stock"], child["stock_quantity"]) == ("parent", 17)
    _, after = await call(client, "GET", f"{PRODUCTS}/{parent['id']}")
    assert after["date_modified_gmt"] > parent["date_modified_gmt"]
    assert (after["price"], after["variations"]) == ("8.00", [child["id"]])

    own = {"manage_stock": True, "stock_quantity": 3}
    _, child = await call(client, "PUT", f"{path}/{child['id']}", own)
    assert (child["manage_stock"], child["stock_quantity"]) == (True, 3)
    _, child = await call(client, "PUT", f"{path}/{child['id']}", {"manage_stock": False})
    assert (child["manage_stock"], child["stock_quantity"]) == ("parent", 17)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("PUT", "products/99999999", 400, "woocommerce_rest_product_invalid_id"),
        ("DELETE", "products/99999999", 404, "woocommerce_rest_product_invalid_id"),
        ("PUT", "orders/99999999", 400, "woocommerce_rest_shop_order_invalid_id"),
        ("DELETE", "orders/99999999", 404, "woocommerce_rest_shop_order_invalid_id"),
        ("PUT", "customers/99999999", 404, "wc_user_invalid_id"),
        ("DELETE", "customers/99999999?force=true", 404, "wc_user_invalid_id"),
        ("PUT", "products/10/variations/9", 404, "woocommerce_rest_product_variation_invalid_id"),
    ],
)
async def test_unknown_ids_have_each_their_own_refusal(
    client: aiohttp.ClientSession, method: str, path: str, status: int, code: str
) -> None:
    got, refused = await call(client, method, f"/wp-json/wc/v3/{path}", {})

    assert (got, refused["code"]) == (status, code)


async def test_trash_then_gone_then_restored_by_status(client: aiohttp.ClientSession) -> None:
    product = await make(client)
    path = f"{PRODUCTS}/{product['id']}"
    assert (await call(client, "DELETE", path))[1]["status"] == "publish"
    assert (await call(client, "GET", path))[1]["status"] == "trash"
    status, refused = await call(client, "DELETE", path)
    assert (status, refused["code"]) == (410, "woocommerce_rest_already_trashed")
    assert (await call(client, "PUT", path, {"status": "publish"}))[1]["status"] == "publish"
    assert (await call(client, "DELETE", f"{path}?force=true"))[0] == 200
    assert (await call(client, "GET", path))[0] == 404


async def test_a_batch_deletes_for_good_and_keeps_the_order_sent(
    client: aiohttp.ClientSession,
) -> None:
    first, second = await make(client), await make(client)
    body = {
        "delete": [second["id"], first["id"], 99999999],
        "create": [{"name": "c"}, {"name": "d"}],
        "update": [{"stock_quantity": 1}],
    }
    _, answer = await call(client, "POST", f"{PRODUCTS}/batch", body)

    assert list(answer) == ["create", "update", "delete"]
    assert [p["name"] for p in answer["create"]] == ["c", "d"]
    assert answer["update"] == [{"id": None, "error": answer["update"][0]["error"]}]
    assert [p["id"] for p in answer["delete"]] == [second["id"], first["id"], 99999999]
    assert answer["delete"][2]["error"]["data"]["status"] == 404
    assert (await call(client, "GET", f"{PRODUCTS}/{first['id']}"))[0] == 404


@pytest.mark.parametrize(
    ("fields", "answer"), [("update.id", {"update": []}), ("id", []), ("_none", [])]
)
async def test_fields_on_a_batch_hide_the_results_but_do_the_writes(
    client: aiohttp.ClientSession, fields: str, answer: Any
) -> None:
    product = await make(client)
    body = {"update": [{"id": product["id"], "stock_quantity": 5}]}
    status, got = await call(client, "POST", f"{PRODUCTS}/batch?_fields={fields}", body)

    assert (status, got) == (200, answer)
    _, after = await call(client, "GET", f"{PRODUCTS}/{product['id']}")
    assert after["stock_quantity"] == 5


async def test_a_batch_of_more_than_a_hundred_does_nothing(client: aiohttp.ClientSession) -> None:
    product = await make(client)
    update = [{"id": product["id"], "stock_quantity": 1}] * 60
    body = {"update": update, "delete": [99999999] * 41}
    status, refused = await call(client, "POST", f"{PRODUCTS}/batch", body)

    assert (status, refused["code"]) == (413, "woocommerce_rest_request_entity_too_large")
    _, after = await call(client, "GET", f"{PRODUCTS}/{product['id']}")
    assert after["stock_quantity"] == 100


@pytest.mark.parametrize(
    ("body", "name", "code"),
    [
        ({"stock_quantity": 3.7}, "stock_quantity", "rest_invalid_type"),
        ({"stock_quantity": "abc"}, "stock_quantity", "rest_invalid_type"),
        ({"regular_price": 12.5}, "regular_price", "rest_invalid_type"),
        ({"status": "nosuch"}, "status", "rest_not_in_enum"),
        ({"manage_stock": "maybe"}, "manage_stock", "rest_invalid_type"),
    ],
)
async def test_single_calls_are_validated(
    client: aiohttp.ClientSession, body: dict[str, Any], name: str, code: str
) -> None:
    status, refused = await call(client, "PUT", f"{PRODUCTS}/10", body)

    assert (status, refused["code"]) == (400, "rest_invalid_param")
    assert refused["data"]["details"][name]["code"] == code


async def test_a_variation_keeps_only_choices_its_parent_knows(
    client: aiohttp.ClientSession,
) -> None:
    size = {"name": "Größe", "variation": True, "options": ["S", "L"]}
    parent = await make(client, type="variable", attributes=[size, {"name": "Hint"}])
    sent = [{"name": "größe", "option": "L"}, {"name": "Hint", "option": "x"}, {"name": "No"}]
    path = f"{PRODUCTS}/{parent['id']}/variations"
    _, child = await call(client, "POST", path, {"attributes": sent})

    assert child["attributes"] == [{"id": 0, "name": "Größe", "slug": "grose", "option": "L"}]
    assert child["name"] == "L"


async def test_a_half_write_saves_the_marker_and_not_the_stock(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    product = await make(client)
    path = f"{PRODUCTS}/{product['id']}"
    fault = store.front.faults.inject("half_write", method="PUT")
    body = {"inventory_delta": -3, "meta_data": [{"key": "_op", "value": "7"}]}
    status, refused = await call(client, "PUT", path, body)

    assert (status, refused["code"], fault.fired) == (500, "internal_server_error", 1)
    _, after = await call(client, "GET", path)
    assert (after["stock_quantity"], after["meta_data"][0]["value"]) == (100, "7")
    assert after["date_modified_gmt"] == product["date_modified_gmt"]


async def test_a_variation_without_a_picture_shows_its_parents_first(
    client: aiohttp.ClientSession,
) -> None:
    images = [{"src": "https://cdn.example/front.jpg"}, {"src": "https://cdn.example/back.jpg"}]
    parent = await make(client, type="variable", images=images)
    front, back = parent["images"]
    path = f"{PRODUCTS}/{parent['id']}/variations"
    _, made = await call(client, "POST", path, {"regular_price": "8.00"})
    assert made["image"] == front
    child = f"{path}/{made['id']}"
    _, after = await call(client, "PUT", child, {"image": {"id": back["id"]}})
    assert after["image"] == back
    _, as_product = await call(client, "GET", f"{PRODUCTS}/{made['id']}")
    assert as_product["images"] == [back]
    _, after = await call(client, "PUT", child, {"image": None})
    assert after["image"] == back
    _, after = await call(client, "PUT", child, {"image": {}})
    assert after["image"] == front
    await call(client, "PUT", f"{PRODUCTS}/{parent['id']}", {"images": []})
    _, after = await call(client, "GET", child)
    assert after["image"] is None


async def test_an_attribute_that_products_share_keeps_its_name_when_its_id_is_sent(
    client: aiohttp.ClientSession,
) -> None:
    sent = [{"id": 3, "options": ["Red"], "variation": True}]
    made = await make(client, type="variable", attributes=sent)
    (kept,) = made["attributes"]
    assert (kept["id"], kept["name"], kept["slug"]) == (3, "Colour", "pa_colour")
    assert kept["options"] == ["Red"]
