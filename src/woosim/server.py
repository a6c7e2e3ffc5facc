"""The HTTP face of a simulated store: requests in, WordPress' order of checks, answers out."""

import asyncio
import json
from collections.abc import AsyncIterator
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from woosim import admin, auth, errors, front, latency, params, php_json, rest, routes, shop, views

_PREFIX = "/wp-json"
_FIXED = {
    "Server": "nginx",
    "X-Powered-By": "PHP/8.2.36",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
    "Access-Control-Expose-Headers": "X-WP-Total, X-WP-TotalPages, Link",
    "Access-Control-Allow-Headers": (
        "Authorization, X-WP-Nonce, Content-Disposition, Content-MD5, Content-Type"
    ),
    "Vary": "Origin",
    "Content-Type": "application/json; charset=UTF-8",
}
_PRIVATE = {
    "Expires": "Wed, 11 Jan 1984 05:00:00 GMT",
    "Cache-Control": "no-cache, must-revalidate, max-age=0, no-store, private",
}
_OWN_KEY = auth.Key("", "")


class Service:
    """Answers the requests of one store."""

    def __init__(self, chosen: shop.Shop, keyring: auth.Keyring) -> None:
        self.shop = chosen
        self.keyring = keyring
        self.views = views.Views(chosen)
        self.router = rest.Router(routes.ALL, chosen)
        workers = chosen.options.workers
        self._workers = asyncio.Semaphore(workers) if workers else None
        self.front = front.of(chosen)
        self.admin = admin.Admin(self.front)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request, unless a fault does."""
        return await self.front.answer(request, self._respond_in_turn)

    async def run_hooks(self, app: web.Application) -> AsyncIterator[None]:
        """Deliver webhooks while the application runs."""
        del app
        async with self.front.hooks.running(self._view):
            yield
            self.front.faults.cancel_late_writes()

    async def _view(self, path: str) -> str:
        """Answer a GET of the shop's own, as deliveries do."""
        call = rest.Call(self.shop, self.views, "GET", path, {}, {}, {})
        try:
            return (await self._dispatch(call, _OWN_KEY, {}, {})).text
        except errors.RestError as error:
            return php_json.dumps(error.body())

    async def _respond_in_turn(self, request: web.Request) -> web.Response:
        """Answer when a worker is free."""
        if self._workers is None:
            return await self._respond(request)
        async with self._workers:
            return await self._respond(request)

    async def _respond(self, request: web.Request) -> web.Response:
        headers = {**_FIXED, "Date": formatdate(self.shop.now().timestamp(), usegmt=True)}
        try:
            answer = await self._answer(request, headers)
            status, text = answer.status, answer.text
            headers |= answer.headers
        except errors.RestError as error:
            status, text = error.status, php_json.dumps(error.body())
            if not error.allow:
                headers.pop("Allow", None)
        headers.setdefault("Link", f'<{self.shop.home}/wp-json/>; rel="https://api.w.org/"')
        return web.Response(status=status, body=text.encode("ascii"), headers=headers)

    async def _answer(self, request: web.Request, headers: dict[str, str]) -> rest.Answer:
        query = params.read_query(request.rel_url.raw_query_string)
        path = unquote(request.rel_url.raw_path)
        rest_path = path.removeprefix(_PREFIX) if path.startswith(_PREFIX) else None
        rest_path = query.get("rest_route") if rest_path is None else rest_path
        if rest_path is None:
            return self._page(path, headers)
        raw = await request.read() if request.body_exists else b""
        form = _form_of(request, raw)
        method = str(query.get("_method") or request.headers.get("X-HTTP-Method-Override", ""))
        method = method.upper() if request.method == "POST" and method else request.method
        key = None
        if path.startswith(_PREFIX):
            key = self.keyring.authenticate(
                auth.Request(
                    request.method,
                    request.rel_url.raw_path,
                    request.secure,
                    request.headers.get("Authorization", ""),
                    {**query, **form},
                ),
                self.shop.home,
            )
        return await self._dispatch(
            rest.Call(self.shop, self.views, method, rest_path or "/", {}, query, form),
            key,
            _json_of(request, raw),
            headers,
        )

    def _page(self, path: str, headers: dict[str, str]) -> rest.Answer:
        """Answer for everything that is not the API: the theme's pages."""
        headers["Content-Type"] = "text/html; charset=UTF-8"
        found = path == "/"
        title = "Woosim" if found else "Page not found &#8211; Woosim"
        link = f'<link rel="https://api.w.org/" href="{self.shop.home}/wp-json/" />'
        page = f"<!DOCTYPE html><html><head><title>{title}</title>{link}</head><body></body></html>"
        return rest.Answer(page, 200 if found else 404)

    async def _dispatch(
        self,
        call: rest.Call,
        key: auth.Key | None,
        body: dict[str, Any] | errors.RestError,
        headers: dict[str, str],
    ) -> rest.Answer:
        """Check scope, route, parameters and permission in WordPress' order, then handle."""
        if key is not None:
            key.check_scope(call.method)
            headers |= _PRIVATE
        if call.method == "OPTIONS":
            return self._describe(call, headers)
        route, endpoint, args = self.router.match(call.method, call.path)
        call.args = dict(args)
        if isinstance(body, errors.RestError):
            raise body
        call.body |= body
        if key is not None:
            headers["Allow"] = route.allow
        call.params = params.validate({**call.query, **call.body}, endpoint.schema)
        if key is None and endpoint.refusal is not None:
            code, message = endpoint.refusal
            raise errors.RestError(401, code, message, allow=False)
        answer = await endpoint.handler(call)
        if self.shop.options.latency:
            await asyncio.sleep(latency.seconds(call, answer) * self.shop.options.latency)
        return answer

    def _describe(self, call: rest.Call, headers: dict[str, str]) -> rest.Answer:
        """Answer OPTIONS: what the route takes."""
        found = self.router.find(call.path)
        if found is None:
            raise errors.no_route()
        headers["Allow"] = found[0].allow
        methods = list(found[0].endpoints)
        endpoints = [{"methods": [method], "args": {}} for method in methods]
        return rest.answer({"namespace": "wc/v3", "methods": methods, "endpoints": endpoints})


def _form_of(request: web.Request, raw: bytes) -> dict[str, Any]:
    if not raw or request.content_type != "application/x-www-form-urlencoded":
        return {}
    return params.read_query(raw.decode("utf-8", "replace"))


def _json_of(request: web.Request, raw: bytes) -> dict[str, Any] | errors.RestError:
    """Return the JSON body, or the error WordPress answers once the route is known."""
    if not raw or request.content_type != "application/json":
        return {}
    try:
        body: Any = json.loads(raw)
    except ValueError:
        return errors.RestError(
            400,
            "rest_invalid_json",
            "Invalid JSON body passed.",
            data={"json_error_code": 4, "json_error_message": "Syntax error"},
        )
    return body if isinstance(body, dict) else {}


def build_app(service: Service) -> web.Application:
    """Return the web application of a store."""
    app = web.Application(client_max_size=64 * 2**20)
    app.router.add_route("*", "/_sim/{path:.*}", service.admin.handle)
    app.router.add_route("*", "/{path:.*}", service.handle)
    app.cleanup_ctx.append(service.run_hooks)
    return app
