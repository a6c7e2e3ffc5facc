"""What is learned of a store, and what the doctor says of one that lacks something."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from unit.woo import small_store
from unit.woo.small_store import SmallStore
from woosync.woo import capabilities, errors, probe
from woosync.woo.client import StoreClient
from woosync.woo.probe import State

ROUTES = ["/wc/v3/products", "/wc/v3/variations", "/wc/v3/refunds"]
INDEX: dict[str, Any] = {
    "name": "Shop & Söhne",
    "home": "https://Shop.example/de/",
    "timezone_string": "Europe/Berlin",
    "gmt_offset": 1,
    "namespaces": ["wp/v2", "wc/v3"],
    "routes": {name: {"namespace": "wc/v3"} for name in ROUTES},
}
STATUS: dict[str, Any] = {
    "environment": {
        "home_url": "https://shop.example/de",
        "version": "11.0.1",
        "wp_version": "7.1",
    },
    "settings": {"currency": "EUR", "HPOS_enabled": True},
}


def refuse(code: str, status: int) -> web.Response:
    return web.json_response({"code": code, "message": "No."}, status=status)


class Shop(SmallStore):
    """Answers by route; `instead` replaces some, `asked` lists what was asked."""

    def __init__(self, **instead: web.Response | dict[str, Any]) -> None:
        super().__init__(small_store.rows(150))
        self.instead, self.asked = instead, []

    async def answer(self, request: web.Request) -> web.Response:
        route = request.path.partition("/wp-json")[2].removeprefix("/wc/v3/") or "/"
        self.asked.append(f"{request.method} {route}")
        found = self.instead.get(route.replace("/", "_"))
        if isinstance(found, web.Response):
            return web.Response(
                text=found.text, status=found.status, content_type=found.content_type
            )
        if found is not None:
            return web.json_response(found)
        if route == "/":
            return web.json_response(INDEX)
        if route == "system_status":
            return web.json_response(STATUS)
        if route.endswith("/batch") or route == "webhooks":
            return web.json_response([])
        return self.page({"orderby": "id"} | dict(request.query))


async def look_over(shop: SmallStore, **changes: Any) -> dict[str, probe.Finding]:
    time = small_store.StillTime(start=datetime.now(UTC))
    async with (
        small_store.serve(shop),
        small_store.connect(shop.url, time=time, retries=0, **changes) as client,
    ):
        found = await probe.probe(client)
    return {finding.name: finding for finding in found.findings}


async def learn(shop: Shop) -> capabilities.Capabilities:
    async with (
        small_store.serve(shop),
        small_store.connect(shop.url, retries=0) as client,
    ):
        return await capabilities.fetch_capabilities(client)


async def test_capabilities_cost_two_requests() -> None:
    shop = Shop()
    found = await learn(shop)
    assert shop.asked == ["GET /", "GET system_status"]
    assert (found.variations_route, found.refunds_route, found.hpos) == (True, True, True)
    assert (found.version, found.currency, found.time_zone) == ("11.0.1", "EUR", "Europe/Berlin")
    assert found.home_url == "https://shop.example/de"
    assert capabilities.Capabilities.from_json(found.to_json()) == found


async def test_an_index_behind_a_wall_is_replaced_by_woocommerces_own() -> None:
    shop = Shop(_=refuse("rest_login_required", 401), _wc_v3={"routes": INDEX["routes"]})
    found = await learn(shop)
    assert found.variations_route
    assert shop.asked == ["GET /", "GET /wc/v3", "GET system_status"]


async def test_an_old_store_has_no_lists_of_all_variations_and_refunds() -> None:
    old = INDEX | {"routes": {"/wc/v3/products": {}}, "timezone_string": "", "gmt_offset": 5.5}
    found = await learn(Shop(_=old))
    assert (found.variations_route, found.refunds_route) == (False, False)
    assert found.time_zone == "UTC+05:30"


@pytest.mark.parametrize("offset", [-3.5, "-3.5"])
async def test_a_zone_west_of_utc_is_written_with_its_sign(offset: object) -> None:
    found = await learn(Shop(_=INDEX | {"timezone_string": "", "gmt_offset": offset}))
    assert found.time_zone == "UTC-03:30"


async def test_a_key_that_may_not_see_the_status_leaves_it_unknown() -> None:
    found = await learn(Shop(system_status=refuse("woocommerce_rest_cannot_view", 403)))
    assert (found.version, found.hpos) == ("", None)
    assert found.home_url == INDEX["home"]


def test_a_fingerprint_tells_a_copy_from_the_shop() -> None:
    mark = capabilities.fingerprint
    assert mark("https://shop.example/de") == mark("http://Shop.example/de/") != ""
    assert mark("https://shop.example/de") != mark("https://staging.shop.example/de")
    assert mark("") == ""


def test_stored_capabilities_of_another_version_are_read() -> None:
    read = capabilities.Capabilities.from_json
    assert read({"hpos": True, "gone": 1}).hpos is True
    with pytest.raises(ValueError, match="stored"):
        read({"hpos": "perhaps"})


async def test_a_good_store_is_good_in_everything_but_http() -> None:
    shop = Shop()
    found = await look_over(shop)
    worst = {name for name, finding in found.items() if finding.state is not State.GOOD}
    assert worst == {"connection"}
    assert all(finding.says for finding in found.values())
    assert [call for call in shop.asked if not call.startswith("GET")] == [
        "POST products/batch",
        "POST orders/batch",
        "POST customers/batch",
    ]


@pytest.mark.parametrize(
    ("shop", "name", "state"),
    [
        (Shop(_=web.Response(text="<html>", status=404)), "connection", State.FAILED),
        (Shop(_=INDEX | {"namespaces": ["wp/v2"]}), "REST API", State.FAILED),
        (Shop(products=refuse("woocommerce_rest_authentication_error", 401)), "key", State.FAILED),
        (Shop(products=refuse("rest_no_route", 404)), "REST API", State.FAILED),
        (Shop(orders=refuse("woocommerce_rest_cannot_view", 403)), "read orders", State.FAILED),
        (
            Shop(products_batch=refuse("woocommerce_rest_authentication_error", 401)),
            "write products",
            State.WARNING,
        ),
        (
            Shop(customers_batch=refuse("woocommerce_rest_cannot_batch", 403)),
            "write customers",
            State.WARNING,
        ),
        (Shop(webhooks=refuse("woocommerce_rest_cannot_view", 403)), "webhooks", State.WARNING),
        (
            Shop(system_status=refuse("woocommerce_rest_cannot_view", 403)),
            "versions",
            State.WARNING,
        ),
        (Shop(_=INDEX | {"routes": {"/wc/v3/products": {}}}), "/variations", State.WARNING),
    ],
)
async def test_what_is_missing_is_named_with_a_remedy(shop: Shop, name: str, state: State) -> None:
    found = await look_over(shop)
    assert found[name].state is state
    assert found[name].remedy
    assert all(finding.state is State.GOOD or finding.remedy for finding in found.values())


async def test_a_key_that_may_only_read_is_not_said_to_make_webhooks() -> None:
    batches = ("products_batch", "orders_batch", "customers_batch")
    refused = {name: refuse("woocommerce_rest_authentication_error", 401) for name in batches}
    webhooks = (await look_over(Shop(**refused)))["webhooks"]
    assert webhooks.state is State.WARNING
    assert "not make them" in webhooks.says
    assert "Read/Write" in webhooks.remedy


async def test_a_clock_that_is_off_is_measured() -> None:
    shop = Shop()
    time = small_store.StillTime(start=datetime.now(UTC) - timedelta(minutes=20))
    async with small_store.serve(shop), small_store.connect(shop.url, time=time) as client:
        found = {f.name: f for f in (await probe.probe(client)).findings}
    assert found["clock"].state is State.FAILED
    assert "1200 s ahead" in found["clock"].says or "1199 s ahead" in found["clock"].says


async def test_the_page_size_a_store_manages_is_found() -> None:
    capped = Shop()
    capped.cap = 20
    assert (await look_over(capped))["page size"].state is State.WARNING
    assert "20" in (await look_over(capped))["page size"].says


async def test_a_store_that_is_down_gives_one_failed_finding() -> None:
    async with small_store.connect("http://127.0.0.1:9", retries=0) as client:
        found = await probe.probe(client)
    assert [(f.name, f.state) for f in found.findings] == [("connection", State.FAILED)]
    assert found.capabilities is None
    assert found.state is State.FAILED
    assert isinstance(client, StoreClient)
    assert errors.StoreUnreachable.exit_code == 75
