import json
import tracemalloc
from decimal import Decimal
from typing import Any

import pytest

import woosim
from woosim import listing, rendering, views

OPTIONS = woosim.Options(products=400, variable=60, customers=150, orders=400)
LISTS = {
    "product": "product",
    "variation": "variation",
    "global_variation": "variation",
    "customer": "customer",
    "order": "order",
    "refund": "refund",
    "global_refund": "refund",
}


def records(shop: woosim.Shop, kind: str) -> list[dict[str, Any]]:
    base = shop.catalogs[kind].base
    found = [shop.read(kind, base.id_of(index)) for index in range(base.size)]
    return [record for record in found if record is not None]


@pytest.mark.parametrize("view", LISTS)
@pytest.mark.parametrize("fields", [None, "id,name,billing.email,dimensions.width,_links"])
def test_an_untouched_record_reads_the_same_before_and_after_it_is_touched(
    view: str, fields: str | None
) -> None:
    kind = LISTS[view]
    wanted = rendering.parse_fields(fields)
    shop = woosim.Shop(OPTIONS)
    base = shop.catalogs[kind].base
    ids = [base.id_of(index) for index in range(base.size)]
    before = views.Views(shop).many(view, ids, wanted)
    for record in records(shop, kind):
        shop.save(kind, record, bump=False)
    after = views.Views(shop).many(view, ids, wanted)
    for old, new in zip(before, after, strict=True):
        plain = [json.loads(text) for text in (old, new)]
        for record in plain:
            record.pop("related_ids", None)
        assert plain[0] == plain[1]
        assert list(plain[0]) == list(plain[1])


def test_the_same_seed_makes_the_same_shop_and_another_seed_another() -> None:
    first, same = woosim.Shop(OPTIONS), woosim.Shop(OPTIONS)
    other = woosim.Shop(woosim.Options(products=400, variable=60, seed=8))
    assert [r["name"] for r in records(first, "product")] == [
        r["name"] for r in records(same, "product")
    ]
    assert records(first, "order") == records(same, "order")
    assert records(first, "product")[5]["name"] != records(other, "product")[5]["name"]


def test_orders_add_up_and_name_records_that_are_there() -> None:
    shop = woosim.Shop(OPTIONS)
    refunds = {record["id"]: record for record in records(shop, "refund")}
    for order in records(shop, "order"):
        lines = order["line_items"] + order["fee_lines"] + order["shipping_lines"]
        parts = sum(Decimal(line["total"]) + Decimal(line["total_tax"]) for line in lines)
        assert Decimal(order["total"]) == parts
        if order["customer_id"]:
            assert shop.read("customer", order["customer_id"]) is not None
        for line in order["line_items"]:
            kind = "variation" if line["variation_id"] else "product"
            thing = shop.read(kind, line["variation_id"] or line["product_id"])
            if line["product_id"]:
                assert thing is not None
                assert thing["sku"] == line["sku"]
            reduced = [m["value"] for m in line["meta_data"] if m["key"] == "_reduced_stock"]
            holds = order["status"] in {"processing", "completed", "on-hold", "refunded"}
            managed = thing is not None and thing["manage_stock"] is not False
            assert reduced == ([str(line["quantity"])] if holds and managed else [])
        for short in order["refunds"]:
            refund = refunds.pop(short["id"])
            assert refund["parent_id"] == order["id"]
            assert short["total"] == f"-{refund['amount']}"
            assert Decimal(refund["amount"]) <= Decimal(order["total"])
    assert refunds == {}


def test_the_shop_holds_the_oddities_a_sync_must_stand() -> None:
    shop = woosim.Shop(OPTIONS)
    products = records(shop, "product")
    assert {p["status"] for p in products} == {"publish", "draft", "pending", "private"}
    assert {p["type"] for p in products} == {"simple", "variable"}
    assert any(p["sku"] == "" for p in products)
    assert any(p["price"] == "" for p in products)
    assert any(p["stock_quantity"] is None for p in products)
    assert any((p["stock_quantity"] or 0) < 0 for p in products)
    assert any("&amp;" in p["name"] for p in products)
    assert any("Oak & " in p["name"] for p in products)
    assert any(p["date_on_sale_from"] and not p["on_sale"] for p in products)
    shared = [p["date_modified_gmt"] for p in products]
    assert max(shared.count(second) for second in set(shared)) >= len(products) // 5
    variations = records(shop, "variation")
    assert {str(v["manage_stock"]) for v in variations} == {"True", "False", "parent"}
    parents = {v["parent_id"] for v in variations}
    counts = {sum(v["parent_id"] == p for v in variations) for p in parents}
    assert counts == set(range(1, 11))
    orders = records(shop, "order")
    assert {o["customer_id"] == 0 for o in orders} == {True, False}
    assert any(line["sku"] is None for o in orders for line in o["line_items"])


def test_a_variation_with_the_parents_stock_follows_the_parent() -> None:
    shop = woosim.Shop(OPTIONS)
    variation = next(v for v in records(shop, "variation") if v["manage_stock"] == "parent")
    parent = shop.edit("product", variation["parent_id"])
    assert parent is not None
    assert variation["stock_quantity"] == parent["stock_quantity"]
    shop.save("product", parent | {"stock_quantity": 4711})
    text = views.Views(shop).many("variation", [variation["id"]], None)[0]
    assert json.loads(text)["stock_quantity"] == 4711


def test_a_million_products_need_little_memory() -> None:
    tracemalloc.start()
    try:
        shop = woosim.Shop(woosim.Options(products=1_000_000, variable=50_000))
        shown = views.Views(shop)
        for orderby in ("id", "modified", "date"):
            query = listing.Query(orderby, descending=True)
            for offset in (0, 500_000, 999_900):
                ids, total = shop.catalogs["product"].page(query, offset, 100)
                assert (len(shown.many("product", ids, None)), total) == (100, 1_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * 2**20


def test_json_escapes_slashes_and_everything_that_is_not_ascii() -> None:
    shop = woosim.Shop(OPTIONS)
    text = "".join(views.Views(shop).many("product", range(10, 200), None))
    assert text.isascii()
    assert "\\ud83d\\ude80" in text
    assert "/" not in text.replace("\\/", "")
