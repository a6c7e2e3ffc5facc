"""From a change in the shop to the row here: webhooks, server and worker together."""

import asyncio
import contextlib
import dataclasses
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import woosim
from acceptance import commands
from acceptance.api import calling
from acceptance.api.test_deliveries import SECRET, signed
from contract import world
from woosim.admin import actions
from woosync import bootstrap
from woosync.domain import topic as topics
from woosync.entrypoints import worker
from woosync.entrypoints.api import dependencies
from woosync.woo import signature

RECORDINGS = Path(__file__).parents[2] / "contract" / "recordings" / "webhooks"
RECORDED = sorted(path for path in RECORDINGS.glob("*.json") if "ping" not in path.name)
#: How often the server is killed, each time amid more deliveries.
LIVES = 3
RECORDED_SECRET = "rec-secret-123"


@pytest.fixture
async def hooked(
    database_url: str, shop: woosim.Running, tmp_path: Path, serving: dependencies.Serving
) -> AsyncIterator[calling.Api]:
    """Serve, work, and have the shop's webhooks registered."""
    shop.front.hooks.latency = 0
    async with (
        calling.serve(database_url, shop, tmp_path, serving) as api,
        worker.working(api.opened, worker.Options(scheduled=False)),
    ):
        public = dataclasses.replace(api.opened.settings, public_url=api.url)
        named = dataclasses.replace(api.opened, settings=public)
        await named.register_webhooks(bootstrap.DEFAULT_STORE, actor="test")
        api.app.state.opened = api.opened = named
        yield api


async def until(ask: Callable[[], Any], *, seconds: float = 20) -> None:
    """Wait until `ask` gives something true."""
    async with asyncio.timeout(seconds):
        while not await ask():  # noqa: ASYNC110 - what is waited for is in a database
            await asyncio.sleep(0.02)


async def test_changes_in_the_shop_arrive_here_by_themselves(
    hooked: calling.Api, shop: woosim.Running
) -> None:
    lamp = {"name": "Lamp", "sku": "LAMP", "regular_price": "9", "status": "publish"}
    product = actions.create(shop.shop, "product", lamp)["id"]

    async def name_is(name: str) -> bool:
        return await hooked.rows("SELECT name FROM products WHERE sku = 'LAMP'") == [(name,)]

    await until(lambda: name_is("Lamp"))
    actions.edit(shop.shop, "product", product, {"name": "Lantern"})
    await until(lambda: name_is("Lantern"))
    guest = {"billing": {"email": "guest@arrived.test", "first_name": "G"}}
    order = actions.sell(shop.shop, [{"product_id": product, "quantity": 1}], extra=guest)

    async def has_order() -> bool:
        found = await hooked.rows(
            "SELECT c.email, p.sku FROM purchase_orders o"
            " JOIN customers c ON c.id = o.customer_id"
            " JOIN purchase_order_items i ON i.purchase_order_id = o.id"
            " JOIN products p ON p.id = i.product_id WHERE o.number = %s",
            str(order["number"]),
        )
        return found == [("guest@arrived.test", "LAMP")]

    await until(has_order)
    actions.delete(shop.shop, "product", product)

    async def is_gone() -> bool:
        found = await hooked.rows("SELECT deleted_at IS NULL FROM products WHERE sku = 'LAMP'")
        return found == [(False,)]

    await until(is_gone)


async def test_the_seeds_test_of_a_webhook_asks_the_store(
    hooked: calling.Api, shop: woosim.Running
) -> None:
    product = next(i for i in range(10, 60) if shop.shop.read("product", i))
    for number in range(2):
        actions.edit(shop.shop, "product", product, {"name": f"True {number}"})
        body = {"event": "product.updated", "data": {"id": product, "name": "False"}}
        said = (await hooked.post("/webhook/test", json=body)).good()
        assert (said["event"], said["state"]) == ("product.updated", "handled")
        name = "SELECT p.name FROM products p JOIN links l ON l.local_id = p.id"
        found = await hooked.rows(f"{name} WHERE l.entity = 'product' AND l.woo_id = {product}")
        assert found == [(f"True {number}",)]
    unknown = {"event": "product.updated", "data": {"id": 987654, "stock_quantity": 50}}
    said = (await hooked.post("/webhook/test", json=unknown)).good()
    assert said["state"] == "ignored"
    assert "not known here" in said["cause"]
    (await hooked.post("/webhook/test", json=unknown, role="")).problem(401)
    (await hooked.post("/webhook/test", json=unknown, role="viewer")).problem(403)
    (await hooked.post("/webhook/test", json={"event": "x", "data": {}})).problem(422)


async def test_the_health_of_webhooks_is_told_with_what_came_of_them(
    hooked: calling.Api, shop: woosim.Running
) -> None:
    actions.edit(shop.shop, "product", 10, {"name": "Told"})

    async def handled() -> bool:
        found = (await hooked.get("/webhooks/deliveries", params={"state": "handled"})).good()
        return bool(found)

    await until(handled)
    found = {one["topic"]: one for one in (await hooked.get("/webhooks")).good()}
    assert set(found) == set(topics.WANTED)
    assert {one["state"] for one in found.values()} == {"active"}
    assert found["product.updated"]["received"] == 1
    assert found["product.updated"]["lastAt"]
    [delivery] = (await hooked.get("/webhooks/deliveries")).good()
    replay = {"ids": [delivery["id"]]}
    assert (await hooked.post("/webhooks/deliveries/replay", json=replay)).good() == {"replayed": 1}
    (await hooked.post("/webhooks/register", role="operator")).problem(403)
    (await hooked.post("/webhooks/rotate")).problem(409)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
async def test_a_recorded_delivery_verifies_and_is_applied_rightly(
    api: calling.Api, path: Path
) -> None:
    recorded = read(path)
    headers = dict(map(tuple, recorded["header_list"]))
    raw = recorded["raw_body"].encode()
    digest = signature.decode(headers["X-WC-Webhook-Signature"].encode())
    assert digest is not None
    assert signature.verify(raw, digest, [RECORDED_SECRET])

    topic = headers["X-WC-Webhook-Topic"]
    body = json.loads(raw)
    serve_object(api.shop.shop, topic, body)
    kept = {name: v for name, v in headers.items() if name.startswith(("X-WC", "Content-Type"))}
    kept["X-WC-Webhook-Signature"] = signature.sign(raw, SECRET).decode()
    (await api.post(f"/webhook/{topic}", role="", data=raw, headers=kept)).good()
    await api.opened.apply(1)
    [(state, cause)] = await api.rows("SELECT state, cause FROM webhook_deliveries")
    entity = "variation" if body.get("type") == "variation" else topic.partition(".")[0]
    found = await api.rows(
        "SELECT tombstoned_at IS NULL FROM links WHERE entity = %s AND woo_id = %s",
        *(entity, body.get("id", 0)),
    )
    if topic.endswith(".deleted") or "code" in body:
        assert (state, found) == ("ignored", []), cause
    else:
        assert (state, cause, found) == ("handled", "", [(True,)])


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def serve_object(shop: woosim.Shop, topic: str, body: dict[str, Any]) -> None:
    """Let the simulated store have the object of a recorded delivery, as it was recorded."""
    if topic.endswith(".deleted") or "id" not in body:
        return
    kind = "variation" if body.get("type") == "variation" else topic.partition(".")[0]
    if kind == "variation":
        parent = next(i for i in range(10, 60) if (shop.read("product", i) or {}).get("variations"))
        body = {**body, "parent_id": parent}
    shop.load(kind, world._shaped(kind, body))


async def test_a_killed_server_loses_no_delivery_that_it_acknowledged(
    work: commands.Workplace, shop: woosim.Running
) -> None:
    work.connect(shop, WOOCOMMERCE_WEBHOOK_SECRET=SECRET, WOOSYNC_JWT_SECRET=calling.SECRET)
    acknowledged: set[int] = set()
    for life in range(LIVES):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "woosync", "serve", "--port", "0", "--no-worker"),
            cwd=work.folder,
            env=work.environment | {"PYTHONUNBUFFERED": "1"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            sender = Sender(await address_of(process), first=life * 10_000)
            await sender.send_until(40 + 37 * life, process.kill)
            acknowledged |= sender.acknowledged
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    async with (
        calling.application(work.environment["DATABASE_URL"], work.folder) as opened,
        opened.database.transaction() as tx,
    ):
        found = await (await tx.execute("SELECT body FROM webhook_deliveries")).fetchall()
    stored = {json.loads(bytes(body))["id"] for (body,) in found}
    assert len(acknowledged) >= 40 * LIVES
    assert acknowledged <= stored


@dataclasses.dataclass
class Sender:
    """Sends deliveries over several connections and notes those that were acknowledged."""

    url: str
    first: int
    acknowledged: set[int] = dataclasses.field(default_factory=set)

    async def send_until(self, enough: int, then: Callable[[], None]) -> None:
        """Call `then` in the midst of it, as soon as so many were acknowledged."""
        async with aiohttp.ClientSession() as session, asyncio.timeout(60):
            numbers = iter(range(self.first, self.first + 5_000))
            tasks = [asyncio.create_task(self._send(session, numbers)) for _ in range(8)]
            while len(self.acknowledged) < enough:  # noqa: ASYNC110 - any moment will do
                await asyncio.sleep(0.001)
            then()
            await asyncio.gather(*tasks)

    async def _send(self, session: aiohttp.ClientSession, numbers: Iterator[int]) -> None:
        for number in numbers:
            body = b'{"id":%d}' % number
            path = "/api/woocommerce-sync/webhook/product.updated"
            try:
                async with session.post(self.url + path, data=body, headers=signed(body)) as said:
                    if said.status == 200:
                        self.acknowledged.add(number)
            except aiohttp.ClientError:
                return


async def address_of(process: asyncio.subprocess.Process) -> str:
    """Return where the server says that it listens."""
    assert process.stdout is not None
    seen = b""
    async with asyncio.timeout(60):
        while line := await process.stdout.readline():
            seen += line
            for word in line.decode().split():
                if word.startswith("http://127.0.0.1:"):
                    return word.rstrip("/.,")
    raise AssertionError(seen.decode())
