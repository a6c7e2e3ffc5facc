"""The records and steps that the webhook matrix is played with."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import aiohttp

import woosim
from woosim.admin import actions

API = "/wp-json/wc/v3"


class Stage:
    """The records the actions work on, by the names the table below uses."""

    def __init__(self, store: woosim.Running, client: aiohttp.ClientSession) -> None:
        self.store, self.shop, self.client = store, store.shop, client
        goods = [
            r["id"]
            for i in range(10, 50)
            if (r := store.shop.read("product", i)) and r["status"] == "publish"
            if r["manage_stock"] is True and r["type"] == "simple"
        ]
        variants = [
            r
            for i in range(store.shop.catalogs["variation"].base.size)
            if (r := store.shop.read("variation", store.shop.base.variations.id_of(i)))
            if r["manage_stock"] is True and r["status"] == "publish"
        ]
        families: dict[int, list[Any]] = {}
        for variant in variants:
            families.setdefault(variant["parent_id"], []).append(variant)
        pair = next(family for family in families.values() if len(family) > 1)
        self.ids = dict(zip(("p1", "p2", "p3"), goods, strict=False))
        self.ids |= {"v1": pair[0]["id"], "v2": pair[1]["id"], "parent": pair[0]["parent_id"]}
        self.extra: dict[str, Any] = {}

    async def rest(self, method: str, path: str, body: Any = None, *, keep: str = "") -> Any:
        """Call the REST API; `{p1}` in the path stands for an id, `keep` names the answer's id."""
        path = f"{API}/{path}".format(**self.ids)
        async with self.client.request(method, path, json=body) as answer:
            answered = await answer.json()
            assert answer.status in {200, 201}, answered
        if keep:
            self.ids[keep] = answered["id"]
            self.extra[keep] = answered
        return answered

    def modified(self, name: str) -> Any:
        kind = {"o": "order", "v": "variation", "c": "customer"}.get(name[0], "product")
        record = self.shop.read(kind, self.ids[name])
        return record and record["date_modified_gmt"]


Action = Callable[[Stage], Awaitable[Any]]


def rest(method: str, path: str, body: Any = None, *, keep: str = "") -> Action:
    return lambda stage: stage.rest(method, path, body, keep=keep)


def inside(act: Callable[[Stage], Any]) -> Action:
    async def run(stage: Stage) -> None:
        act(stage)

    return run


def several(*steps: Action) -> Action:
    async def run(stage: Stage) -> None:
        for step in steps:
            await step(stage)

    return run


def order(*names: str, keep: str, **more: Any) -> Action:
    async def run(stage: Stage) -> None:
        lines: list[dict[str, int]] = [
            {"variation_id" if name[0] == "v" else "product_id": stage.ids[name], "quantity": 2}
            for name in names
        ]
        customer = {"customer_id": stage.ids["c"]} if more.pop("by_customer", False) else {}
        await stage.rest("POST", "orders", {"line_items": lines, **customer, **more}, keep=keep)

    return run


async def refund_one(stage: Stage) -> None:
    line = stage.extra["o1"]["line_items"][0]
    item = {"id": line["id"], "quantity": 1, "refund_total": "1.00"}
    await stage.rest("POST", "orders/{o1}/refunds", {"line_items": [item], "api_refund": False})


def update_batch(path: str, *names: str) -> Action:
    async def run(stage: Stage) -> None:
        items = [{"id": stage.ids[name], "stock_quantity": 30 + n} for n, name in enumerate(names)]
        await stage.rest("POST", path, {"update": items})

    return run


async def schedule_sale(stage: Stage) -> None:
    record: dict[str, Any] = {}
    stage.shop.stamp(record, "d", stage.shop.now() + timedelta(seconds=6))
    sale = {"regular_price": "9.00", "sale_price": "5.00", "date_on_sale_from_gmt": record["d_gmt"]}
    await stage.rest("PUT", "products/{p3}", sale)
    stage.store.front.hooks.hurry()
    await stage.store.front.hooks.drain()
    stage.extra["skip"] = True


def start_sale(stage: Stage) -> None:
    stage.store.front.clock.advance(10)
    assert actions.start_due_sales(stage.shop) == [stage.ids["p3"]]
