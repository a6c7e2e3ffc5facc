"""Orders, refunds and their effect on stock; customers."""

import asyncio
from typing import Any

import aiohttp
import pytest

import woosim

API = "/wp-json/wc/v3"


async def call(
    client: aiohttp.ClientSession, method: str, path: str, body: Any = None
) -> tuple[int, Any]:
    async with client.request(method, f"{API}/{path}", json=body) as answer:
        return answer.status, await answer.json()


async def stocked(client: aiohttp.ClientSession, level: int = 10, **more: Any) -> int:
    """Make a product with so many units and return its id."""
    body = {"regular_price": "10.00", "manage_stock": True, "stock_quantity": level}
    return int((await call(client, "POST", "products", body | more))[1]["id"])


async def ordered(client: aiohttp.ClientSession, product: int, **more: Any) -> dict[str, Any]:
    body = {"line_items": [{"product_id": product, "quantity": 2}]} | more
    status, order = await call(client, "POST", "orders", body)
    assert status == 201, order
    return dict(order)


async def level_of(client: aiohttp.ClientSession, product: int) -> Any:
    return (await call(client, "GET", f"products/{product}"))[1]["stock_quantity"]


def held(order: dict[str, Any]) -> list[str]:
    """Return what each line holds of the stock."""
    return [
        entry["value"]
        for line in order["line_items"]
        for entry in line["meta_data"]
        if entry["key"] == "_reduced_stock"
    ]


@pytest.mark.parametrize(
    ("path", "level", "holds"),
    [
        ("pending", 10, []),
        ("processing", 8, ["2"]),
        ("on-hold", 8, ["2"]),
        ("completed", 8, ["2"]),
        ("pending processing completed", 8, ["2"]),
        ("processing completed processing", 8, ["2"]),
        ("processing cancelled", 10, []),
        ("processing pending", 10, []),
        ("processing cancelled processing", 8, ["2"]),
        ("processing failed", 8, ["2"]),
        ("processing refunded", 8, ["2"]),
        ("failed", 10, []),
        ("pending cancelled", 10, []),
    ],
)
async def test_a_status_takes_and_gives_back_stock_once(
    client: aiohttp.ClientSession, path: str, level: int, holds: list[str]
) -> None:
    product = await stocked(client)
    first, *others = path.split()
    order = await ordered(client, product, status=first)
    for status in others:
        _, order = await call(client, "PUT", f"orders/{order['id']}", {"status": status})

    assert order["status"] == (others or [first])[-1]
    assert await level_of(client, product) == level
    assert held(order) == holds


@pytest.mark.parametrize("force", [False, True])
async def test_throwing_an_order_away_leaves_the_stock(
    client: aiohttp.ClientSession, *, force: bool
) -> None:
    product = await stocked(client)
    order = await ordered(client, product, status="processing")
    await call(client, "DELETE", f"orders/{order['id']}?force={str(force).lower()}")

    assert await level_of(client, product) == 8


@pytest.mark.parametrize("changed", ["managed", "unmanaged"])
async def test_a_product_without_stock_of_its_own_is_sold_without_effect(
    client: aiohttp.ClientSession, changed: str
) -> None:
    product = await stocked(client, manage_stock=changed == "managed")
    order = await ordered(client, product, set_paid=True)

    assert held(order) == (["2"] if changed == "managed" else [])


async def test_a_payment_sets_status_date_and_customer(client: aiohttp.ClientSession) -> None:
    product = await stocked(client)
    _, customer = await call(client, "POST", "customers", {"email": "payer@x.test"})
    assert customer["is_paying_customer"] is False
    order = await ordered(client, product, set_paid=True, customer_id=customer["id"])

    assert (order["status"], order["needs_payment"]) == ("processing", False)
    assert order["date_paid_gmt"]
    assert order["date_completed"] is None
    _, customer = await call(client, "GET", f"customers/{customer['id']}")
    assert customer["is_paying_customer"] is True


async def test_totals_and_new_york_tax_add_up(client: aiohttp.ClientSession) -> None:
    product = await stocked(client, regular_price="101.00")
    order = await ordered(
        client,
        product,
        billing={"country": "US", "state": "NY"},
        shipping_lines=[{"method_id": "flat_rate", "method_title": "Flat", "total": "5.00"}],
        fee_lines=[{"name": "Fee", "total": "1.00"}],
        coupon_lines=[{"code": "tenoff"}],
    )
    (line,) = order["line_items"]
    assert (line["subtotal"], line["total"], line["total_tax"]) == ("202.00", "181.80", "16.13")
    assert line["price"] == 90.9
    assert (order["shipping_tax"], order["cart_tax"]) == ("0.44", "16.22")
    assert (order["discount_total"], order["total"]) == ("20.20", "204.46")
    assert order["tax_lines"][0]["tax_total"] == "16.22"

    _, moved = await call(client, "PUT", f"orders/{order['id']}", {"billing": {"state": "CA"}})
    assert (moved["total_tax"], moved["total"], moved["tax_lines"]) == ("0.00", "187.80", [])


async def test_lines_are_edited_added_and_removed_by_id(client: aiohttp.ClientSession) -> None:
    product = await stocked(client)
    order = await ordered(client, product, status="processing")
    path, line = f"orders/{order['id']}", order["line_items"][0]["id"]

    more = {"line_items": [{"id": line, "quantity": 5}]}
    _, order = await call(client, "PUT", path, more)
    assert (await level_of(client, product), held(order)) == (5, ["5"])
    assert order["total"] == "54.44"
    _, order = await call(client, "PUT", path, {"line_items": [{"product_id": product}]})
    assert (await level_of(client, product), held(order)) == (4, ["5", "1"])
    _, order = await call(client, "PUT", path, {"line_items": [{"id": line, "quantity": 0}]})
    assert (await level_of(client, product), held(order)) == (9, ["1"])
    status, refused = await call(client, "PUT", path, {"line_items": [{"id": 1, "quantity": 1}]})
    assert (status, refused["code"]) == (400, "woocommerce_rest_invalid_item_id")


async def test_an_unknown_product_makes_an_odd_line_and_none_at_all_is_refused(
    client: aiohttp.ClientSession,
) -> None:
    order = await ordered(client, 99999999)
    assert (order["line_items"][0]["product_id"], order["line_items"][0]["sku"]) == (0, None)
    status, refused = await call(client, "POST", "orders", {"line_items": [{"quantity": 1}]})
    assert (status, refused["code"]) == (400, "woocommerce_rest_required_product_reference")


async def test_a_restocking_refund_gives_back_what_it_names(client: aiohttp.ClientSession) -> None:
    product = await stocked(client)
    order = await ordered(client, product, status="processing")
    line, path = order["line_items"][0]["id"], f"orders/{order['id']}"
    item = {"id": line, "quantity": 1, "refund_total": "10.00"}
    body = {"line_items": [item], "api_refund": False}

    status, refund = await call(client, "POST", f"{path}/refunds", body)
    assert (status, refund["amount"], refund["line_items"][0]["quantity"]) == (201, "10.00", -1)
    _, order = await call(client, "GET", path)
    assert (await level_of(client, product), held(order), order["status"]) == (
        *(9, ["1"]),
        "processing",
    )
    assert order["refunds"] == [
        {"id": refund["id"], "reason": "", "total": "-10.00", "total_tax": "0.00"}
    ]
    await call(client, "PUT", path, {"status": "cancelled"})
    assert await level_of(client, product) == 10


async def test_a_refund_without_restock_leaves_the_stock_and_a_full_one_sets_the_status(
    client: aiohttp.ClientSession,
) -> None:
    product = await stocked(client)
    order = await ordered(client, product, status="completed")
    item = {"id": order["line_items"][0]["id"], "quantity": 2, "refund_total": order["total"]}
    body = {"line_items": [item], "api_refund": False, "api_restock": False}
    await call(client, "POST", f"orders/{order['id']}/refunds", body)

    _, order = await call(client, "GET", f"orders/{order['id']}")
    assert (order["status"], held(order)) == ("refunded", ["2"])
    assert await level_of(client, product) == 8


@pytest.mark.parametrize(
    ("order_id", "body", "data"),
    [
        (None, {"amount": "99999"}, 500),
        (None, {"amount": "-1"}, 400),
        (99999999, {"amount": "1"}, 404),
    ],
)
async def test_a_refund_that_cannot_be_is_a_500_with_a_number_as_data(
    client: aiohttp.ClientSession, order_id: int | None, body: dict[str, Any], data: int
) -> None:
    order = await ordered(client, await stocked(client))
    path = f"orders/{order_id or order['id']}/refunds"
    status, refused = await call(client, "POST", path, body | {"api_refund": False})

    assert (status, refused["data"]) == (500, data)


async def test_a_deleted_refund_is_forgotten_by_its_order(client: aiohttp.ClientSession) -> None:
    order = await ordered(client, await stocked(client), status="completed")
    path = f"orders/{order['id']}/refunds"
    _, refund = await call(client, "POST", path, {"amount": "1.00", "api_refund": False})
    assert (await call(client, "DELETE", f"{path}/{refund['id']}"))[0] == 501
    assert (await call(client, "DELETE", f"{path}/{refund['id']}?force=true"))[0] == 200

    assert (await call(client, "GET", f"orders/{order['id']}"))[1]["refunds"] == []
    assert (await call(client, "GET", f"{path}/{refund['id']}"))[0] == 404


async def test_notes_leave_the_order_as_it_was(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    order = await ordered(client, await stocked(client))
    path = f"orders/{order['id']}/notes"
    store.front.clock.advance(5)
    status, note = await call(client, "POST", path, {"note": "Hello"})

    assert (status, note["author"], note["note"]) == (201, "WooCommerce", "Hello")
    assert [one["id"] for one in (await call(client, "GET", path))[1]] == [note["id"]]
    _, after = await call(client, "GET", f"orders/{order['id']}")
    assert after["date_modified_gmt"] == order["date_modified_gmt"]
    assert (await call(client, "DELETE", f"{path}/{note['id']}?force=true"))[0] == 200
    assert (await call(client, "GET", f"{path}/{note['id']}"))[0] == 404


async def test_orders_batch_takes_an_unknown_status_for_pending(
    client: aiohttp.ClientSession,
) -> None:
    product = await stocked(client)
    order = await ordered(client, product, status="processing")
    body = {"update": [{"id": order["id"], "status": "shipped"}]}
    _, answer = await call(client, "POST", "orders/batch", body)

    assert answer["update"][0]["status"] == "pending"
    assert await level_of(client, product) == 10


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"status": "shipped"}, "rest_invalid_param"),
        ({"status": "wc-completed"}, "rest_invalid_param"),
        ({"customer_id": 99999999}, "woocommerce_rest_invalid_customer_id"),
        ({"billing": {"email": ""}}, "rest_invalid_param"),
        (
            {"coupon_lines": [{"code": "tenoff", "id": 4}]},
            "woocommerce_rest_coupon_item_id_readonly",
        ),
    ],
)
async def test_a_bad_order_is_refused(
    client: aiohttp.ClientSession, body: dict[str, Any], code: str
) -> None:
    status, refused = await call(client, "POST", "orders", body)

    assert (status, refused["code"]) == (400, code)


async def test_customers_come_back_cleaned_and_addresses_are_merged(
    client: aiohttp.ClientSession,
) -> None:
    body = {
        "email": "clean@x.test",
        "first_name": "A & <b>B</b>",
        "last_name": "O'Neil \\ x",
        "billing": {"company": "Söhne & Co <x>", "city": " Köln ", "country": "Germany"},
    }
    _, customer = await call(client, "POST", "customers", body)
    path = f"customers/{customer['id']}"
    assert (customer["first_name"], customer["last_name"]) == ("A &amp; B", "O'Neil \\ x")
    assert (customer["username"], customer["role"]) == ("clean", "customer")

    _, customer = await call(client, "PUT", path, {"billing": {"postcode": "abc"}})
    billing = customer["billing"]
    assert (billing["company"], billing["city"]) == ("Söhne & Co <x>", " Köln ")
    assert (billing["country"], billing["postcode"]) == ("Germany", "abc")
    assert (await call(client, "PUT", path, {"first_name": None}))[1]["first_name"] == ""
    assert (await call(client, "DELETE", path))[0] == 501
    assert (await call(client, "DELETE", f"{path}?force=true"))[0] == 200
    assert (await call(client, "GET", path))[1]["code"] == "wc_user_invalid_id"


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        (
            "POST",
            "customers",
            {"email": "CUSTOMER00001@example.test"},
            "registration-error-email-exists",
        ),
        (
            "POST",
            "customers",
            {"email": "n@x.test", "username": "cust00001"},
            "registration-error-username-exists",
        ),
        ("POST", "customers", {"email": "nope"}, "customer_invalid_email"),
        ("POST", "customers", {"first_name": "x"}, "rest_missing_callback_param"),
        (
            "PUT",
            "customers/4",
            {"email": "customer00001@example.test"},
            "woocommerce_rest_customer_invalid_email",
        ),
        ("PUT", "customers/4", {"email": "nope"}, "rest_invalid_param"),
        ("PUT", "customers/4", {"billing": {"email": ""}}, "rest_invalid_param"),
        ("PUT", "customers/4", {"username": "other"}, "woocommerce_rest_customer_invalid_argument"),
    ],
)
async def test_a_customer_that_cannot_be_is_refused(
    client: aiohttp.ClientSession, method: str, path: str, body: dict[str, Any], code: str
) -> None:
    status, refused = await call(client, method, path, body)

    assert (status, refused["code"]) == (400, code)


async def test_parallel_registrations_of_one_address_are_not_all_refused(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    store.front.write_gap = 0.02
    body = {"email": "race@x.test"}
    answers = await asyncio.gather(*[call(client, "POST", "customers", body) for _ in range(6)])

    refusals = {answer["code"] for status, answer in answers if status != 201}
    assert 1 <= len(store.shop.find_email("race@x.test")) < 6
    assert refusals <= {"existing_user_login", "registration-error-email-exists"}


async def test_a_draft_is_not_told_of_until_it_is_an_order(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    events: list[tuple[str, str]] = []
    store.shop.listeners.append(lambda event, kind, _: events.append((event, kind)))
    product = await stocked(client)
    events.clear()
    order = await ordered(client, product, status="checkout-draft")
    assert events == []

    await call(client, "PUT", f"orders/{order['id']}", {"status": "pending"})
    assert events == [("created", "order"), ("updated", "order")]


async def test_an_unknown_coupon_leaves_a_draft_order(client: aiohttp.ClientSession) -> None:
    body = {
        "line_items": [{"product_id": await stocked(client), "quantity": 1}],
        "coupon_lines": [{"code": "nosuch"}],
    }
    status, refused = await call(client, "POST", "orders", body)

    assert status == 400
    left = refused["data"]["new_draft_order_id"]
    assert (await call(client, "GET", f"orders/{left}"))[1]["status"] == "checkout-draft"


async def test_a_deleted_customers_orders_become_guests_orders(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    _, old = await call(client, "GET", "orders?per_page=100&_fields=id,customer_id")
    customer = next(order["customer_id"] for order in old if order["customer_id"] > 1)
    theirs = [order["id"] for order in old if order["customer_id"] == customer]
    theirs.append((await ordered(client, await stocked(client), customer_id=customer))["id"])
    events: list[str] = []
    store.shop.listeners.append(lambda event, kind, _: events.append(f"{kind}.{event}"))
    await call(client, "DELETE", f"customers/{customer}?force=true")

    for order_id in theirs:
        assert (await call(client, "GET", f"orders/{order_id}"))[1]["customer_id"] == 0
    assert events == ["customer.deleted"]
    assert (await call(client, "GET", f"orders?customer={customer}"))[1] == []


@pytest.mark.parametrize(
    ("method", "status", "word"),
    [("stripe", 201, ""), ("bacs", 500, "automatic"), ("", 500, "exist")],
)
async def test_a_refund_asks_the_gateway_by_default(
    client: aiohttp.ClientSession, method: str, status: int, word: str
) -> None:
    order = await ordered(client, await stocked(client), payment_method=method)
    got, answer = await call(client, "POST", f"orders/{order['id']}/refunds", {"amount": "1.00"})

    assert got == status
    assert word in answer.get("message", "")
