import asyncio
import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import woosim
from contract import asking
from woosim import catalog, listing

SIZES = {"products": 130, "variable": 20, "customers": 40, "orders": 90}
KINDS = ("product", "variation", "order", "refund", "customer")


def ordered_by_hand(shop: woosim.Shop, kind: str, orderby: str) -> list[int]:
    """Return all ids in ascending order, from every record one by one."""
    base = shop.catalogs[kind].base
    ids = {base.id_of(index) for index in range(base.size)} | set(shop.catalogs[kind].touched)
    records = [record for i in ids if (record := shop.read(kind, i)) is not None]
    if orderby in catalog.TIME_FIELDS:
        field = catalog.TIME_FIELDS[orderby]
        records.sort(key=lambda r: (r[field], r["id"]))
    else:
        records.sort(key=lambda r: catalog.sort_key(r, orderby))
    return [record["id"] for record in records]


def disturb(shop: woosim.Shop, chance: random.Random) -> None:
    """Change, remove and make records of every kind."""
    for kind in KINDS:
        base = shop.catalogs[kind].base
        for index in chance.sample(range(base.size), base.size // 3):
            record = shop.edit(kind, base.id_of(index))
            if record is None:
                continue
            if chance.random() < 0.3:
                shop.remove(kind, record["id"])
            else:
                shop.save(kind, record, bump=kind in {"product", "variation", "order"})
        model = shop.edit(kind, base.id_of(base.size // 2))
        for _ in range(5):
            new = {k: v for k, v in (model or {}).items() if not k.startswith("date_created")}
            if model is not None:
                shop.create(kind, new)


@pytest.mark.parametrize("seed", range(4))
def test_every_order_of_a_disturbed_shop_is_what_sorting_all_records_gives(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # a seeded test
    ticks = iter(range(10**6))
    start = datetime(2025, 3, 1, tzinfo=UTC)

    def now() -> datetime:
        return start + timedelta(hours=next(ticks) // 3)

    shop = woosim.Shop(woosim.Options(**SIZES, seed=seed), now=now)
    for _ in range(2):
        for kind in KINDS:
            orders = ["id", "date", "name" if kind == "customer" else "date"]
            orders += ["modified", "title"] if kind in {"product", "order"} else []
            for orderby in orders:
                if kind == "order" and orderby == "title":
                    continue
                expected = ordered_by_hand(shop, kind, orderby)
                query = listing.Query(orderby, descending=False)
                pages = [shop.catalogs[kind].page(query, o, 7) for o in range(0, 200, 7)]
                assert [i for page, _ in pages for i in page] == expected
                assert {total for _, total in pages} == {len(expected)}
                backwards = listing.Query(orderby, descending=True)
                ids, _ = shop.catalogs[kind].page(backwards, 3, 20)
                assert ids == expected[::-1][3:23]
        disturb(shop, chance)


async def crawl(store: woosim.Running, path: str, **params: Any) -> list[int]:
    found: list[int] = []
    for page in range(1, 40):
        reply = await asking.get(store, path, page=page, per_page=20, _fields="id", **params)
        if not reply.json:
            return found
        found += reply.ids
    raise AssertionError("the list does not end")


async def test_crawls_in_every_order_give_every_row_once() -> None:
    async with woosim.serve(woosim.Shop(woosim.Options(**SIZES))) as store:
        for path, orders in {
            "/products": ("date", "id", "modified", "title"),
            "/orders": ("date", "id", "modified"),
            "/variations": ("date", "id", "modified"),
            "/customers": ("id", "name", "registered_date"),
            "/refunds": ("date", "id"),
        }.items():
            for orderby in orders:
                ids = await crawl(store, path, orderby=orderby)
                total = (await asking.get(store, path, _fields="id")).total
                assert len(ids) == len(set(ids)) == total


@pytest.mark.parametrize("hpos", [True, False])
async def test_totals_past_the_end_are_true_except_for_orders_in_hpos(
    hpos: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    async with woosim.serve(woosim.Shop(woosim.Options(**SIZES, hpos=hpos))) as store:
        products = await asking.get(store, "/products", page=900)
        customers = await asking.get(store, "/customers", page=900)
        orders = await asking.get(store, "/orders", page=900, per_page=100)
    assert (products.json, products.total) == ([], 130)
    assert (customers.json, customers.total) == ([], 40)
    assert (orders.json, orders.total) == ([], 0 if hpos else 90)
    last_page = "page=0" if hpos else "page=1"
    assert last_page in orders.headers["Link"]
    assert 'rel="prev"' in orders.headers["Link"]


async def test_a_plugins_status_is_any_to_orders_as_posts_only() -> None:
    for hpos in (True, False):
        shop = woosim.Shop(woosim.Options(**SIZES, hpos=hpos))
        for number, status in enumerate(("shipped", "checkout-draft", "trash")):
            record = shop.edit("order", shop.base.ids.order_id(number))
            assert record is not None
            shop.save("order", record | {"status": status})
        async with woosim.serve(shop) as store:
            total = (await asking.get(store, "/orders")).total
            trash = await asking.get(store, "/orders", status="trash")
        assert total == (87 if hpos else 88)
        assert trash.ids == [shop.base.ids.order_id(2)]


async def test_trash_is_listed_only_when_asked_for() -> None:
    shop = woosim.Shop(woosim.Options(**SIZES))
    record = shop.edit("product", 12)
    assert record is not None
    sku = record["sku"]
    shop.save("product", record | {"status": "trash"})
    async with woosim.serve(shop) as store:
        assert (await asking.get(store, "/products")).total == 129
        assert (await asking.get(store, "/products", status="trash")).ids == [12]
        both = await asking.get(store, "/products", include_status="publish,trash,draft")
        assert 120 < both.total <= 130
        assert (await asking.get(store, "/products", sku=sku)).json == []
        assert (await asking.get(store, "/products/12")).json["status"] == "trash"


async def test_a_sku_is_found_in_any_case_and_widens_to_variations() -> None:
    async with woosim.serve(woosim.Shop(woosim.Options(**SIZES))) as store:
        pair = await asking.get(store, "/products", sku="sku-000002,var-00001-1")
        assert sorted(record["sku"] for record in pair.json) == ["SKU-000002", "VAR-00001-1"]
        variation = next(r for r in pair.json if r["type"] == "variation")
        parent = (await asking.get(store, f"/products/{variation['parent_id']}")).json
        assert variation["name"].startswith(f"{parent['name']} - ")
        single = await asking.get(store, f"/products/{variation['id']}")
        assert single.json["sku"] == "VAR-00001-1"
        partial = await asking.get(store, "/products", search_sku="VAR-00001", per_page=100)
        assert {r["type"] for r in partial.json} == {"variable", "variation"}
        assert (await asking.get(store, "/products", sku="SKU-000000")).json == []


async def test_include_keeps_the_order_asked_for_and_leaves_out_unknown_ids() -> None:
    async with woosim.serve(woosim.Shop(woosim.Options(**SIZES))) as store:
        reply = await asking.get(store, "/products", include="13,999999,11,12", orderby="include")
        assert reply.ids == [13, 11, 12]
        without = await asking.get(store, "/products", exclude="10,11", orderby="id", order="asc")
        assert without.ids[0] == 12


async def test_customers_are_those_of_role_customer_and_know_no_modified_after() -> None:
    async with woosim.serve(woosim.Shop(woosim.Options(**SIZES))) as store:
        later = await asking.get(store, "/customers", modified_after="2099-01-01T00:00:00")
        everyone = await asking.get(store, "/customers", role="all", orderby="id")
        admin = (await asking.get(store, "/customers/1")).json
        email = {"email": "ADMIN@store.example"}
        assert (await asking.get(store, "/customers", **email)).json == []
        assert (await asking.get(store, "/customers", role="all", **email)).ids == [1]
    assert later.total == 40
    assert everyone.total == 43
    assert (admin["role"], admin["date_modified"]) == ("administrator", None)


@pytest.mark.parametrize(("version", "status"), [("10.2", 404), ("10.5", 200), ("11.0", 200)])
async def test_all_variations_are_listed_since_10_3(version: str, status: int) -> None:
    async with woosim.serve(woosim.Shop(woosim.Options(**SIZES, version=version))) as store:
        assert (await asking.get(store, "/variations")).status == status
        shown = await asking.get(store, "/system_status", _fields="environment.version")
    assert shown.json["environment"]["version"].startswith(version)


async def test_fields_reach_nested_keys_but_not_into_lists() -> None:
    async with woosim.serve(woosim.Shop(woosim.Options(**SIZES))) as store:
        fields = "id,billing.email,line_items.id"
        order = (await asking.get(store, "/orders", _fields=fields)).json[0]
        single = (await asking.get(store, f"/orders/{order['id']}", _fields=fields)).json
    assert list(order) == ["id", "billing", "line_items"]
    assert list(order["billing"]) == ["email"]
    assert order["line_items"] == []
    assert list(single) == ["id", "billing", "line_items", "_links"]


async def test_a_long_include_list_is_taken() -> None:
    async with woosim.serve(woosim.Shop(woosim.Options(**SIZES))) as store:
        wanted = ",".join(str(1_000_000 + number) for number in range(2000))
        reply = await asking.get(store, "/products", include=f"{wanted},12")
    assert reply.ids == [12]


async def test_what_is_not_the_api_is_a_web_page() -> None:
    async with woosim.serve(woosim.Shop(woosim.Options(**SIZES))) as store:
        front = await asking.request(store, "GET", f"{store.url}/")
        other = await asking.request(store, "GET", f"{store.url}/wp-jsn/wc/v3/products")
    assert (front.status, other.status) == (200, 404)
    assert front.headers["Content-Type"].startswith("text/html")
    assert "/wp-json/" in front.headers["Link"]


async def test_options_tells_what_a_route_takes() -> None:
    async with woosim.serve(woosim.Shop(woosim.Options(**SIZES)), tls=True) as store:
        header = asking.basic(store.key, store.secret)
        url = f"{store.url}/wp-json/wc/v3/products"
        reply = await asking.request(store, "OPTIONS", url, headers=header)
    assert reply.status == 200
    assert reply.headers["Allow"].startswith("GET")


async def test_a_busy_shop_answers_as_many_at_a_time_as_it_has_workers() -> None:
    chosen = woosim.Options(**SIZES, workers=2, latency=1.0)
    async with woosim.serve(woosim.Shop(chosen)) as store:
        started = time.perf_counter()
        await asyncio.gather(*(asking.get(store, "/products", per_page=1) for _ in range(6)))
        elapsed = time.perf_counter() - started
    assert elapsed > 0.17  # three rounds of about 0.06 s


@pytest.mark.parametrize("seed", range(3))
def test_filtered_lists_of_a_disturbed_shop_are_what_filtering_all_records_gives(
    seed: int,
) -> None:
    chance = random.Random(seed)  # noqa: S311  # a seeded test
    shop = woosim.Shop(
        woosim.Options(**SIZES, seed=seed), now=lambda: datetime(2025, 5, 20, tzinfo=UTC)
    )
    goods = shop.catalogs["product"]
    for _ in range(2):
        wanted = tuple(chance.sample(range(10, 360), 60))
        filters = (
            listing.Filter("stock", lambda r: bool(r["stock_status"] == "instock")),
            listing.Filter(f"ids={wanted}", lambda r, ids=wanted: r["id"] in ids, ids=wanted),
        )
        after = int(datetime(2025, 4, 1, tzinfo=UTC).timestamp())
        for chosen in (filters[:1], filters[1:], filters):
            for orderby in ("id", "modified"):
                for bounds in ((), (listing.Bound("modified", after=after),)):
                    expected = [
                        record_id
                        for record_id in ordered_by_hand(shop, "product", orderby)
                        if all(f.holds(goods.read(record_id) or {}) for f in chosen)
                        and (
                            not bounds
                            or (goods.read(record_id) or {})["date_modified_gmt"]
                            > "2025-04-01T00:00:00"
                        )
                    ]
                    query = listing.Query(orderby, descending=False, filters=chosen, bounds=bounds)
                    assert goods.page(query, 0, 500) == (expected, len(expected))
        disturb(shop, chance)


async def test_before_10_4_pages_over_one_second_repeat_and_skip() -> None:
    counts = {}
    for version in ("10.2", "10.5"):
        async with woosim.serve(woosim.Shop(woosim.Options(**SIZES, version=version))) as store:
            ids = await crawl(store, "/products", orderby="modified")
            by_id = await crawl(store, "/products", orderby="id")
        assert len(ids) == len(set(by_id)) == 130
        counts[version] = len(set(ids))
    assert counts["10.5"] == 130
    assert counts["10.2"] < 130


async def test_past_the_end_by_offset_nothing_is_counted() -> None:
    async with woosim.serve(woosim.Shop(woosim.Options(**SIZES))) as store:
        for path in ("/products", "/orders", "/variations"):
            reply = await asking.get(store, path, offset=5000)
            assert (reply.json, reply.total) == ([], 0)
        assert (await asking.get(store, "/customers", offset=5000)).total == 40


async def test_orders_are_filtered_by_status_customer_and_product() -> None:
    async with woosim.serve(woosim.Shop(woosim.Options(**SIZES))) as store:
        every = (await asking.get(store, "/orders", per_page=100)).json
        for name, value, holds in (
            ("status", "processing,failed", lambda o: o["status"] in {"processing", "failed"}),
            ("customer", 0, lambda o: o["customer_id"] == 0),
            (
                "customer",
                every[1]["customer_id"],
                lambda o: o["customer_id"] == every[1]["customer_id"],
            ),
            (
                "product",
                every[0]["line_items"][0]["product_id"],
                lambda o: any(
                    line["product_id"] == every[0]["line_items"][0]["product_id"]
                    for line in o["line_items"]
                ),
            ),
        ):
            reply = await asking.get(store, "/orders", per_page=100, **{name: value})
            assert reply.ids == [order["id"] for order in every if holds(order)]
            assert reply.ids


async def test_the_date_header_tells_the_shops_clock() -> None:
    moment = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    async with woosim.serve(woosim.Shop(now=lambda: moment), tls=True) as store:
        header = asking.basic(store.key, store.secret)
        url = f"{store.url}/wp-json/wc/v3/customers/1"
        reply = await asking.request(store, "GET", url, headers=header)
    assert reply.headers["Date"] == "Tue, 03 Feb 2026 04:05:06 GMT"
