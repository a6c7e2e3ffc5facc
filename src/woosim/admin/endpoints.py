"""The addresses of the admin API: one method each, JSON bodies as msgspec structs."""

import asyncio
import inspect
import sys
from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web

from woosim import errors, front
from woosim.admin import actions, requests, state, trade
from woosim.faults import rules

Record = dict[str, Any]
Body = bytes


class Admin:
    """Answers `/_sim/...` for one store."""

    def __init__(self, chosen: front.Front) -> None:
        self._front = chosen
        self._shop = chosen.shop
        self._posts: dict[str, Callable[[Body], Any]] = {
            "sell": self._sell,
            "refund": self._refund,
            "cancel": lambda body: self._set_status(body, "cancelled"),
            "complete": lambda body: self._set_status(body, "completed"),
            "status": lambda body: self._set_status(body, ""),
            "create": self._create,
            "edit": self._edit,
            "stock": self._set_stock,
            "delete": self._delete,
            "restore": self._restore,
            "trash_page": lambda _: {"id": actions.trash_page(self._shop)},
            "clock": self._set_clock,
            "faults": self._add_fault,
            "hooks": self._steer_hooks,
            "gap": self._set_gap,
            "trade": self._trade,
        }
        self._deletes: dict[str, Callable[[str], Any]] = {
            "faults": self._remove_faults,
            "requests": self._clear_requests,
        }

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request; a bad one gets a 400 with one sentence."""
        name, _, rest = request.match_info["path"].strip("/").partition("/")
        body = await request.read()
        try:
            with self._front.hooks.collecting():
                result = await self._run(request.method, name, rest, request, body)
        except (LookupError, ValueError, msgspec.MsgspecError) as error:
            return _answer({"error": str(error)}, 404 if isinstance(error, LookupError) else 400)
        except errors.RestError as error:
            return _answer({"error": str(error), **error.body()}, 400)
        return _answer(result, 200)

    async def _run(
        self, method: str, name: str, rest: str, request: web.Request, body: Body
    ) -> Any:
        if method == "GET" and name in _GETS:
            return _GETS[name](self._front, rest, request.query)
        if method == "DELETE" and name in self._deletes:
            return self._deletes[name](rest)
        if method == "POST" and (name, rest) == ("hooks", "drain"):
            return await self._drain_hooks(float(request.query.get("seconds", 10)))
        if method == "POST" and name in self._posts:
            result = self._posts[name](body)
            return await result if inspect.isawaitable(result) else result
        raise LookupError(f"no {method} /_sim/{name}: GET /_sim/ lists what there is")

    def _sell(self, body: Body) -> Record:
        asked = msgspec.json.decode(body, type=requests.Sell)
        return actions.sell(
            self._shop,
            [msgspec.structs.asdict(item) for item in asked.items],
            customer_id=asked.customer_id,
            status=asked.status,
            extra=asked.order,
        )

    def _refund(self, body: Body) -> Record:
        asked = msgspec.json.decode(body, type=requests.Refund)
        return actions.refund(
            self._shop,
            asked.order_id,
            items=asked.items,
            amount=asked.amount,
            restock=asked.restock,
        )

    def _set_status(self, body: Body, status: str) -> Record:
        asked = msgspec.json.decode(body, type=requests.OrderStatus)
        return actions.set_status(self._shop, asked.order_id, status or asked.status)

    def _create(self, body: Body) -> Record:
        asked = msgspec.json.decode(body, type=requests.Create)
        return actions.create(self._shop, asked.kind, asked.values)

    def _edit(self, body: Body) -> Record:
        asked = msgspec.json.decode(body, type=requests.Edit)
        return actions.edit(self._shop, asked.kind, asked.id, asked.changes, silent=asked.silent)

    def _set_stock(self, body: Body) -> Record:
        asked = msgspec.json.decode(body, type=requests.Level)
        before = actions.set_stock(self._shop, asked.kind, asked.id, asked.level)
        return {"before": before, "level": asked.level}

    def _delete(self, body: Body) -> Record:
        asked = msgspec.json.decode(body, type=requests.Named)
        actions.delete(self._shop, asked.kind, asked.id, force=asked.force)
        return {"kind": asked.kind, "id": asked.id}

    def _restore(self, body: Body) -> Record:
        asked = msgspec.json.decode(body, type=requests.Named)
        return actions.restore(self._shop, asked.kind, asked.id)

    async def _trade(self, body: Body) -> Record:
        """Trade action by action, each its own request; others are served in between."""
        asked = msgspec.json.decode(body or b"{}", type=requests.Trade)
        trader = trade.Trader(self._shop, asked.seed)
        done = []
        for _ in range(asked.actions):
            with self._front.hooks.collecting():
                done.append(trader.step())
            await asyncio.sleep(asked.pause)
        return {"actions": done}

    def _set_clock(self, body: Body) -> Record:
        asked = msgspec.json.decode(body or b"{}", type=requests.Clock)
        if asked.frozen is not None:
            (self._front.clock.freeze if asked.frozen else self._front.clock.run)()
        self._front.clock.advance(asked.advance)
        return {"now": self._front.clock.now(), "sales": actions.start_due_sales(self._shop)}

    def _add_fault(self, body: Body) -> rules.Fault:
        return self._front.faults.add(msgspec.json.decode(body, type=rules.Fault))

    def _remove_faults(self, rest: str) -> Record:
        if rest and not self._front.faults.remove(int(rest)):
            raise LookupError(f"no fault {rest}")
        if not rest:
            self._front.faults.clear()
        return {}

    def _set_gap(self, body: Body) -> Record:
        self._front.write_gap = msgspec.json.decode(body, type=requests.Gap).seconds
        return {"seconds": self._front.write_gap}

    def _steer_hooks(self, body: Body) -> Record:
        asked = msgspec.json.decode(body, type=requests.Hooks)
        hooks = self._front.hooks
        hooks.latency = hooks.latency if asked.latency is None else asked.latency
        hooks.chaos = asked.chaos or hooks.chaos
        if asked.paused:
            hooks.paused = True
        elif asked.paused is False:
            hooks.resume()
        return state.hooks(self._front, "", {})

    async def _drain_hooks(self, seconds: float) -> Record:
        self._front.hooks.hurry()
        return {"drained": await self._front.hooks.drain(seconds)}

    def _clear_requests(self, rest: str) -> Record:
        del rest
        self._front.requests.clear()
        self._front.recent.clear()
        return {}


def _help(chosen: front.Front, rest: str, query: Any) -> Record:
    del chosen, rest, query
    return {"help": (sys.modules["woosim.admin"].__doc__ or "").splitlines()}


_GETS: dict[str, Callable[[front.Front, str, Any], Any]] = {
    "": _help,
    "state": state.overview,
    "truth": state.truth,
    "stock": state.stock_of,
    "requests": state.requests,
    "faults": lambda chosen, _, __: chosen.faults.rules,
    "hooks": state.hooks,
}


def _answer(value: Any, status: int) -> web.Response:
    return web.Response(
        status=status, body=msgspec.json.encode(value), content_type="application/json"
    )
