"""What stands before a store's REST API: request counters, faults, webhooks, the clock."""

import asyncio
import collections
from collections.abc import Awaitable, Callable
from urllib.parse import unquote

from aiohttp import web

from woosim import clock, gap, hooks, shop
from woosim.commerce import orders
from woosim.faults import answers, rules
from woosim.hooks import pinging

Respond = Callable[[web.Request], Awaitable[web.Response]]
_PREFIX = "/wp-json"
_REMEMBERED = 5_000


def of(chosen: shop.Shop) -> "Front":
    """Return a shop's front: the same one when the shop is stopped and served again."""
    if not isinstance(chosen.front, Front):
        chosen.front = Front(chosen)
    return chosen.front


class Front:
    """Everything about one store that is not the store itself.

    Attributes:
        faults: the rules that make requests go wrong.
        hooks: the queue of webhook deliveries.
        clock: the shop's time.
        write_gap: seconds between a product's read and write, in which other requests run.
        requests: how often each method and path was asked for.
        recent: the latest (method, path with query, status), a status of 0 for no answer.
    """

    def __init__(self, chosen: shop.Shop) -> None:
        self.shop = chosen
        self.faults = rules.Faults()
        self.clock = clock.Clock(chosen.now)
        chosen.now = self.clock.now
        self.hooks = hooks.Queue(chosen)
        self.write_gap = 0.0
        self.requests: collections.Counter[tuple[str, str]] = collections.Counter()
        self.recent: collections.deque[tuple[str, str, int]] = collections.deque(maxlen=_REMEMBERED)

    async def answer(self, request: web.Request, respond: Respond) -> web.StreamResponse:
        """Answer a request, unless a fault does."""
        path = unquote(request.rel_url.raw_path).removeprefix(_PREFIX)
        self.requests[request.method, path] += 1
        fault = self.faults.choose(request.method, path) if self.faults.rules else None
        gap.use(self._between(fault))

        pinging.use(self.hooks.ping)

        async def carry_out() -> web.Response:
            with self.hooks.collecting():
                return await respond(request)

        answered = await (
            answers.answer(self.faults, fault, request, carry_out)
            if fault is not None
            else carry_out()
        )
        self.recent.append((request.method, request.path_qs, answered.status))
        return answered

    def _between(self, fault: rules.Fault | None) -> gap.Between:
        """Return what happens between a write's read and its save."""

        async def between(kind: str, record_id: int) -> bool:
            if fault is not None and fault.kind == "sale_between":
                self._sell(kind, record_id, int(fault.options.get("quantity", 1)))
            await asyncio.sleep(self.write_gap)
            return fault is not None and fault.kind == "half_write"

        return between

    def _sell(self, kind: str, record_id: int, quantity: int) -> None:
        line = {"product_id": record_id, "quantity": quantity}
        if kind == "variation":
            line["variation_id"] = record_id
        order = {"line_items": [line], "status": "processing"}
        orders.create(self.shop, order, created_via="checkout")
