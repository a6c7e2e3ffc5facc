"""Steering a store over the admin API: shopping, editing, trading, the clock, the truth."""

import asyncio
from typing import Any

import aiohttp
import pytest

import woosim
from woosim.admin import actions, trade
from woosim.commerce import statuses

SIZE = woosim.Options(products=60, variable=8, customers=20, orders=40)


async def post(client: aiohttp.ClientSession, name: str, **body: Any) -> Any:
    async with client.post(f"/_sim/{name}", json=body) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def get(client: aiohttp.ClientSession, path: str) -> Any:
    async with client.get(path) as answer:
        return await answer.json()


def a_stocked_product(shop: woosim.Shop) -> int:
    return next(
        record["id"]
        for i in range(10, 60)
        if (record := shop.read("product", i)) and record["manage_stock"] is True
    )


async def test_a_sale_is_an_order_that_takes_stock(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    product = a_stocked_product(store.shop)
    before = (await get(client, f"/_sim/stock/{product}"))["level"]
    item = {"product_id": product, "quantity": 3}
    order = await post(client, "sell", items=[item], customer_id=3)

    assert (await get(client, f"/_sim/stock/{product}"))["level"] == before - 3
    shown = await get(client, f"/wp-json/wc/v3/orders/{order['id']}")
    assert (shown["status"], shown["customer_id"]) == ("processing", 3)
    assert shown["created_via"] == "checkout"
    await post(client, "refund", order_id=order["id"])
    assert (await get(client, f"/_sim/stock/{product}"))["level"] == before
    assert (await get(client, f"/wp-json/wc/v3/orders/{order['id']}"))["status"] == "refunded"


async def test_orders_are_completed_and_cancelled(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    product = a_stocked_product(store.shop)
    order = await post(client, "sell", items=[{"product_id": product}])
    assert (await post(client, "complete", order_id=order["id"]))["status"] == "completed"
    assert (await post(client, "cancel", order_id=order["id"]))["status"] == "cancelled"
    last = await post(client, "status", order_id=order["id"], status="on-hold")
    assert last["status"] == "on-hold"


async def test_staff_edits_keep_the_name_as_typed_and_silent_ones_tell_nobody(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    product = a_stocked_product(store.shop)
    events: list[tuple[str, str, int]] = []
    store.shop.listeners.append(lambda *event: events.append(event))
    edited = await post(client, "edit", kind="product", id=product, changes={"name": "A & B"})
    assert edited["name"] == "A & B"
    assert events == [("updated", "product", product)]

    changes = {"stock_quantity": 4242}
    await post(client, "edit", kind="product", id=product, changes=changes, silent=True)
    after = await get(client, f"/wp-json/wc/v3/products/{product}")
    assert after["stock_quantity"] == 4242
    assert after["date_modified_gmt"] == edited["date_modified_gmt"]
    assert len(events) == 1


async def test_records_are_made_thrown_away_and_restored(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    product = await post(client, "create", kind="product", values={"name": "New", "sku": "N-1"})
    named = {"kind": "product", "id": product["id"]}
    await post(client, "delete", **named)
    assert (await get(client, f"/wp-json/wc/v3/products/{named['id']}"))["status"] == "trash"
    assert (await post(client, "restore", **named))["status"] == "publish"
    await post(client, "delete", **named, force=True)
    assert store.shop.read("product", named["id"]) is None

    values = {"email": "new@x.test", "role": "subscriber"}
    customer = await post(client, "create", kind="customer", values=values)
    assert customer["role"] == "subscriber"
    await post(client, "delete", kind="customer", id=customer["id"])
    assert store.shop.read("customer", customer["id"]) is None


async def test_the_shop_serves_others_while_it_trades(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    trading = asyncio.create_task(post(client, "trade", actions=30, seed=2, pause=0.01))
    served = 0
    while not trading.done():
        await get(client, "/wp-json/wc/v3/products?per_page=1")
        served += 1

    assert served > 3
    assert [done["action"] for done in trading.result()["actions"]] == [
        done["action"] for done in trade.trade(woosim.Shop(store.shop.options), 30, seed=2)
    ]


async def test_the_admin_api_explains_itself(client: aiohttp.ClientSession) -> None:
    text = "\n".join((await get(client, "/_sim/"))["help"])
    for name in ("sell", "refund", "trade", "faults", "hooks", "clock", "truth"):
        assert name in text


async def test_the_truth_names_every_record_once(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    await post(client, "trade", actions=60, seed=5)
    counts = (await get(client, "/_sim/state"))["counts"]
    for kind, count in counts.items():
        ids: list[int] = []
        after: int | None = 0
        while after is not None:
            page = await get(client, f"/_sim/truth/{kind}?limit=7&after={after}&fields=id")
            ids += [record["id"] for record in page["records"]]
            after = page["next"]
        assert len(ids) == len(set(ids)) == count
        assert ids == sorted(ids)


async def test_the_clock_moves_stands_and_runs(client: aiohttp.ClientSession) -> None:
    start = await post(client, "clock", frozen=True)
    assert (await post(client, "clock"))["now"] == start["now"]
    later = await post(client, "clock", advance=3600)
    assert later["now"][:13] != start["now"][:13]
    await post(client, "clock", frozen=False)
    product = await post(client, "create", kind="product", values={"name": "Now"})
    assert product["date_created_gmt"] >= later["now"][:19]


async def test_requests_are_counted(client: aiohttp.ClientSession) -> None:
    for _ in range(3):
        await get(client, "/wp-json/wc/v3/products?per_page=1")
    seen = await get(client, "/_sim/requests?last=1")
    assert seen["total"] == 3
    assert seen["by_path"] == {"GET /wc/v3/products": 3}
    assert seen["recent"] == [["GET", "/wp-json/wc/v3/products?per_page=1", 200]]
    async with client.delete("/_sim/requests"):
        assert (await get(client, "/_sim/requests"))["total"] == 0


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("nothing", {}, 404),
        ("sell", {"items": [], "bogus": 1}, 400),
        ("edit", {"kind": "product", "id": 1, "changes": {}}, 404),
        ("stock", {"id": 13, "level": 1}, 404),
        ("refund", {"order_id": 1}, 404),
    ],
)
async def test_a_mistake_is_answered_with_a_sentence(
    client: aiohttp.ClientSession, name: str, body: dict[str, Any], status: int
) -> None:
    async with client.post(f"/_sim/{name}", json=body) as answer:
        assert answer.status == status
        assert (await answer.json())["error"]


def fingerprint(shop: woosim.Shop) -> list[Any]:
    """Return everything that trading changed."""
    return [
        {k: v for k, v in record.items() if "date" not in k and k != "related_ids"}
        for catalog in shop.catalogs.values()
        for record in catalog.touched.values()
    ]


def test_trading_is_the_same_for_the_same_seed() -> None:
    runs = []
    for seed in (3, 3, 4):
        shop = woosim.Shop(SIZE)
        runs.append((trade.trade(shop, 300, seed=seed), fingerprint(shop)))

    assert runs[0] == runs[1]
    assert runs[0][0] != runs[2][0]
    assert {done["action"] for done in runs[0][0]} >= {"sell", "complete", "refund", "reprice"}
    assert all(shop_record for shop_record in runs[0][1])


def test_trading_keeps_stock_and_order_lines_in_step() -> None:
    shop = woosim.Shop(SIZE)
    product = a_stocked_product(shop)
    level = shop.read("product", product)
    assert level is not None
    start = level["stock_quantity"]
    orders = [actions.sell(shop, [{"product_id": product, "quantity": n}]) for n in (1, 2, 3)]
    actions.set_status(shop, orders[0]["id"], "cancelled")
    actions.refund(
        shop, orders[2]["id"], items=[{"id": orders[2]["line_items"][0]["id"], "quantity": 2}]
    )

    after = shop.read("product", product)
    assert after is not None
    held = 0
    for order in orders:
        record = shop.read("order", order["id"])
        assert record is not None
        held += sum(statuses.reduced_by(line) for line in record["line_items"])
    assert after["stock_quantity"] == start - held
    assert held == 3
