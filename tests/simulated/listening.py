"""A real HTTP listener for webhook deliveries, which answers as a test tells it to."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

import woosim

TOPICS = (
    *("product.created", "product.updated", "product.deleted", "product.restored"),
    *("product.published", "order.created", "order.updated", "order.deleted", "order.restored"),
    *("customer.created", "customer.updated", "customer.deleted", "coupon.deleted"),
)


@dataclass
class Listener:
    """What came in, as (headers, raw body); pings are kept apart."""

    url: str = ""
    status: int = 200
    delay: float = 0.0
    deliveries: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    pings: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        is_ping = request.content_type == "application/x-www-form-urlencoded"
        (self.pings if is_ping else self.deliveries).append((dict(request.headers), body))
        await asyncio.sleep(self.delay)
        return web.Response(status=self.status, headers={"Location": f"{self.url}/elsewhere"})

    def take(self) -> list[tuple[str, Any]]:
        """Return (topic, body) of what came since the last time."""
        taken = [(h["X-WC-Webhook-Topic"], json.loads(b)) for h, b in self.deliveries]
        self.deliveries.clear()
        return taken


@contextlib.asynccontextmanager
async def listen() -> AsyncIterator[Listener]:
    listener = Listener()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", listener.receive)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        listener.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield listener
    finally:
        await runner.cleanup()


async def subscribe(
    client: aiohttp.ClientSession, listener: Listener, *topics: str, secret: str = "hush"
) -> list[int]:
    """Register webhooks over the REST API and return their ids."""
    ids = []
    for topic in topics:
        webhook = {"topic": topic, "delivery_url": f"{listener.url}/{topic}", "secret": secret}
        async with client.post("/wp-json/wc/v3/webhooks", json=webhook) as answer:
            assert answer.status == 201
            ids.append((await answer.json())["id"])
    return ids


async def drain(store: woosim.Running) -> None:
    """Send what is pending now and wait until all is sent."""
    store.front.hooks.hurry()
    assert await store.front.hooks.drain()
