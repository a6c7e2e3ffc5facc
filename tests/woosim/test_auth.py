import hashlib
import time
from typing import Any

import pytest

import woosim
from contract import asking

SMALL = woosim.Options(products=12, variable=2, customers=5, orders=5)
PRODUCTS = "/wp-json/wc/v3/products"


def code(reply: asking.Reply) -> str:
    return str(reply.json["code"])


async def test_http_ignores_basic_and_query_keys() -> None:
    async with woosim.serve(woosim.Shop(SMALL)) as store:
        url = store.url + PRODUCTS
        header = asking.basic(store.key, store.secret)
        by_header = await asking.request(store, "GET", url, headers=header)
        query = {"consumer_key": store.key, "consumer_secret": store.secret}
        by_query = await asking.request(store, "GET", url, query)
    assert (by_header.status, code(by_header)) == (401, "woocommerce_rest_cannot_view")
    assert (by_query.status, code(by_query)) == (401, "woocommerce_rest_cannot_view")


async def test_https_takes_basic_query_keys_and_oauth() -> None:
    async with woosim.serve(woosim.Shop(SMALL), tls=True) as store:
        url = store.url + PRODUCTS
        header = asking.basic(store.key, store.secret)
        query = {"consumer_key": store.key, "consumer_secret": store.secret}
        signed = asking.oauth(url, {"per_page": 3}, store.key, store.secret)
        replies = [
            await asking.request(store, "GET", url, headers=header),
            await asking.request(store, "GET", url, query),
            await asking.request(store, "GET", url, signed),
        ]
    assert [reply.status for reply in replies] == [200, 200, 200]


async def test_a_key_without_the_right_is_refused_before_the_route_is_looked_for() -> None:
    async with woosim.serve(woosim.Shop(SMALL), tls=True) as store:
        url = f"{store.url}/wp-json/wc/v3/nosuch"
        reader = asking.basic(store.read_key.key, store.read_key.secret)
        writer = asking.basic(store.write_key.key, store.write_key.secret)
        writing = await asking.request(store, "PUT", url, headers=reader)
        reading = await asking.request(store, "GET", url, headers=writer)
        allowed = await asking.request(store, "GET", store.url + PRODUCTS, headers=reader)
    assert (writing.status, code(writing)) == (401, "woocommerce_rest_authentication_error")
    assert "write permissions" in writing.json["message"]
    assert (reading.status, code(reading)) == (401, "woocommerce_rest_authentication_error")
    assert allowed.status == 200


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"oauth_timestamp": -1000}, "Invalid timestamp."),
        ({"oauth_timestamp": 1000}, "Invalid timestamp."),
        (
            {"oauth_signature_method": "PLAINTEXT"},
            "Invalid signature - signature method is invalid.",
        ),
        ({"oauth_consumer_key": "ck_nobody"}, "Consumer key is invalid."),
    ],
)
async def test_oauth_mistakes_are_named(changes: dict[str, Any], message: str) -> None:
    if "oauth_timestamp" in changes:  # seconds from now: the list is made long before its tests run
        changes = {"oauth_timestamp": int(time.time()) + changes["oauth_timestamp"]}
    async with woosim.serve(woosim.Shop(SMALL)) as store:
        url = store.url + PRODUCTS
        signed = asking.oauth(url, {}, store.key, store.secret, **changes)
        reply = await asking.request(store, "GET", url, signed)
    assert (reply.status, reply.json["message"]) == (401, message)


async def test_oauth_takes_sha1_and_refuses_a_used_nonce() -> None:
    async with woosim.serve(woosim.Shop(SMALL)) as store:
        url = store.url + PRODUCTS
        signed = asking.oauth(
            url,
            {"search": "a b+c&d=é~", "_fields": "id,name"},
            store.key,
            store.secret,
            digest=hashlib.sha1,
            oauth_signature_method="HMAC-SHA1",
        )
        first = await asking.request(store, "GET", url, signed)
        again = await asking.request(store, "GET", url, signed)
    assert first.status == 200
    assert (again.status, again.json["message"]) == (
        401,
        "Invalid nonce - nonce has already been used.",
    )


async def test_oauth_names_what_is_missing() -> None:
    async with woosim.serve(woosim.Shop(SMALL)) as store:
        url = store.url + PRODUCTS
        reply = await asking.request(
            store, "GET", url, {"oauth_consumer_key": store.key, "oauth_nonce": "x"}
        )
    assert (reply.status, code(reply)) == (401, "woocommerce_rest_authentication_missing_parameter")
    assert "oauth_timestamp, oauth_signature, oauth_signature_method" in reply.json["message"]


async def test_oauth_signs_the_shops_home_and_not_the_address_that_was_called() -> None:
    async with woosim.serve(woosim.Shop(SMALL), home="http://shop.example") as store:
        called = store.url + PRODUCTS
        wrong = asking.oauth(called, {}, store.key, store.secret)
        right = asking.oauth(f"http://shop.example{PRODUCTS}", {}, store.key, store.secret)
        refused = await asking.request(store, "GET", called, wrong)
        taken = await asking.request(store, "GET", called, right)
    assert refused.json["message"] == "Invalid signature - provided signature does not match."
    assert taken.status == 200
    assert taken.json[0]["permalink"].startswith("http://shop.example/product/")


async def test_the_indexes_are_open_to_strangers() -> None:
    async with woosim.serve(woosim.Shop(SMALL)) as store:
        site = await asking.request(store, "GET", f"{store.url}/wp-json/")
        wc = await asking.request(store, "GET", f"{store.url}/wp-json/wc/v3")
    assert site.json["timezone_string"] == "America/New_York"
    assert "wc/v3" in site.json["namespaces"]
    assert "/wc/v3/variations" in wc.json["routes"]


async def test_head_tells_totals_without_a_body() -> None:
    async with woosim.serve(woosim.Shop(SMALL), tls=True) as store:
        header = asking.basic(store.key, store.secret)
        reply = await asking.request(store, "HEAD", store.url + PRODUCTS, headers=header)
    assert (reply.status, reply.text, reply.total) == (200, "", 12)
