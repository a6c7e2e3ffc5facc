"""What was pulled comes out again, comparable with the store record by record."""

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest

import woosim
from acceptance.commands import Workplace
from woosync.postgres import engine
from woosync.woo.client import StoreClient
from woosync.woo.options import StoreOptions


async def listed(shop: woosim.Running, route: str) -> dict[int, Any]:
    """Read a collection from the store itself, by id."""
    options = StoreOptions(url=shop.url, key=shop.key, secret=shop.secret, allow_private=True)
    found: dict[int, Any] = {}
    query = {"per_page": 100, "orderby": "id", "order": "asc"}
    if route == "customers":
        query["role"] = "all"
    async with StoreClient(options) as client:
        for page in range(1, 100):
            records = json.loads((await client.fetch(route, query | {"page": page})).body)
            found |= {record["id"]: record for record in records}
            if len(records) < 100:
                return found
    raise AssertionError("the store never ends")


async def exported(work: Workplace, what: str, *options: str) -> list[dict[str, Any]]:
    told = (await work.run("export", what, "--format", "ndjson", *options)).good().out
    return [json.loads(line) for line in told.splitlines()]


def money(text: str | None) -> Decimal | None:
    return Decimal(text) if text else None


async def test_products_agree_with_the_store(work: Workplace, shop: woosim.Running) -> None:
    work.connect(shop)
    (await work.run("pull", "products", "--full")).good()
    store = await listed(shop, "products") | await listed(shop, "variations")
    rows = {row["wc_id"]: row for row in await exported(work, "products", "--wc-only")}
    assert rows.keys() == store.keys()
    for woo_id, theirs in store.items():
        ours = rows[woo_id]
        if theirs["type"] not in {"variable", "grouped"}:
            assert money(ours["regular_price"]) == money(theirs["regular_price"])
            assert money(ours["sale_price"]) == money(theirs["sale_price"])
        assert (ours["sku"] or "") == theirs["sku"]
        assert ours["status"] == theirs["status"]
        assert ours["supplier"] == "WooCommerce"
        assert ours["parent_wc_id"] == (theirs["parent_id"] or None)
        assert ours["date_modified_gmt"] == f"{theirs['date_modified_gmt']}Z"
        assert ours["metadata"]["id"] == woo_id
        if theirs["manage_stock"] is True:
            assert ours["stock_quantity"] == theirs["stock_quantity"]
        else:
            assert ours["stock_quantity"] is None
    levels = {row["wc_id"]: row["on_hand"] for row in await exported(work, "inventory")}
    moved = {row["wc_id"]: row["qty"] for row in await exported(work, "movements")}
    assert levels == moved


async def test_orders_and_customers_agree_with_the_store(
    work: Workplace, shop: woosim.Running
) -> None:
    work.connect(shop)
    (await work.run("pull", "all", "--full")).good()
    store = await listed(shop, "orders")
    rows = {row["wc_id"]: row for row in await exported(work, "orders")}
    assert rows.keys() == store.keys()
    for woo_id, theirs in store.items():
        ours = rows[woo_id]
        assert (ours["number"], ours["status"]) == (theirs["number"], theirs["status"])
        assert money(ours["total"]) == money(theirs["total"])
        assert ours["currency"] == theirs["currency"]
        assert ours["customer_wc_id"] == (theirs["customer_id"] or None)
        assert [line["wc_product_id"] for line in ours["line_items"]] == [
            line["variation_id"] or line["product_id"] or None for line in theirs["line_items"]
        ]
        assert [money(line["total"]) for line in ours["line_items"]] == [
            money(line["total"]) for line in theirs["line_items"]
        ]
        assert {back["wc_id"] for back in ours["refunds"]} == {r["id"] for r in theirs["refunds"]}
    people = await listed(shop, "customers")
    linked = {row["wc_id"]: row for row in await exported(work, "customers", "--wc-only")}
    assert linked.keys() == people.keys()
    for woo_id, theirs in people.items():
        assert linked[woo_id]["email"] == theirs["email"]
        assert linked[woo_id]["role"] == theirs["role"]
    everybody = await exported(work, "customers")
    guests = [row for row in everybody if row["wc_id"] is None]
    assert len(everybody) == len(people) + len(guests)
    assert {row["role"] for row in guests} <= {"guest"}
    events = await exported(work, "history")
    assert events[-1]["event"] == "completed"
    assert await exported(work, "conflicts") == []


async def test_formulas_are_harmless_and_negative_numbers_stay_numbers(
    work: Workplace, database: engine.Database
) -> None:
    (await work.run("db", "upgrade")).good()
    async with database.transaction() as tx:
        await tx.execute(
            "INSERT INTO products (name, sku, regular_price) VALUES"
            " ('=HYPERLINK(\"x\")', '+1', -5.50), (E'line\nbreak, \"quoted\"', '@x', 0.10)"
        )
    told = (await work.run("export", "products", "--format", "csv")).good()
    rows = list(csv.DictReader(io.StringIO(told.out, newline="")))
    assert [(row["name"], row["sku"], row["regular_price"]) for row in rows] == [
        ('\'=HYPERLINK("x")', "'+1", "-5.50"),
        ('line\nbreak, "quoted"', "'@x", "0.10"),
    ]
    assert await exported(work, "products", "--wc-only") == []


@pytest.mark.parametrize("what", ["products", "customers", "orders", "inventory", "history"])
async def test_an_export_of_nothing_is_a_document(work: Workplace, what: str) -> None:
    assert (await work.run("export", what, "--json")).good().document == []


async def test_an_export_into_a_file_leaves_stdout_alone(
    work: Workplace, shop: woosim.Running
) -> None:
    work.connect(shop)
    (await work.run("pull", "customers")).good()
    path = work.folder / "customers.json"
    told = (await work.run("export", "customers", "--output", str(path))).good()
    assert told.out == ""
    assert len(json.loads(path.read_text())) == len(await listed(shop, "customers"))


async def test_two_formats_at_once_are_refused(work: Workplace) -> None:
    contradiction = ("export", "products", "--format", "csv", "--json")
    await work.failing(*contradiction, code=2, says="--json and --format csv cannot both be")
