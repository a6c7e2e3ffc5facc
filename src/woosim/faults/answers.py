"""What each kind of fault does to a request; every function either answers or cuts the line.

`respond` carries the request out and returns the true answer. Options per kind:

- status: `status` (503), `retry_after` (text or number; "date:30" is an HTTP date in 30 s), `body`
  ("html" the default, "json", or the text itself).
- hang: `seconds` (60), then the connection is reset without an answer. reset: the same at once.
- cut_body: `bytes` (half) of the body go out, then the connection is reset.
- cut_json: `bytes` (half) of the body are the whole answer. empty: no body.
- html: a page with status 200.
- prefix: `text` before the JSON: "bom", "notice" (the default), "html", or the text itself.
- slow: `seconds` before the answer; with `chunk` that many bytes go out every `pause` seconds.
- wrong_totals: `total` (and `pages`) instead of the true X-WP-Total.
- bad_record: `change` ("price", "no_id", "nul", "not_object", "set") to the record at `index` (0);
  "set" puts `values` on it.
- late_write: answers 504 (or hangs with `hang`) and carries the request out `seconds` later.
- half_write: PHP dies in a product's update when its meta_data is saved and its stock is not (500).
- sale_between: a sale of `quantity` (1) between the read and the write of a product's update.
"""

import asyncio
import email.utils
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from woosim import php_json
from woosim.faults import bodies
from woosim.faults.rules import Fault, Faults

Respond = Callable[[], Awaitable[web.Response]]
_LOOK, _FLUSH = 0.05, 0.02
_PAGE = (
    "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>Briefly unavailable for"
    " scheduled maintenance. Check back in a minute.</h1></body></html>"
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A request that a fault hit; `respond` carries it out and returns the true answer."""

    faults: Faults
    fault: Fault
    request: web.Request
    respond: Respond


async def answer(
    faults: Faults, fault: Fault, request: web.Request, respond: Respond
) -> web.StreamResponse:
    """Answer a request that a fault hits; the answer of a cut connection reaches nobody."""
    return await _ANSWERS[fault.kind](Hit(faults, fault, request, respond))


async def _status(hit: Hit) -> web.Response:
    if hit.fault.after_write:
        await hit.respond()
    return _failing(hit.fault.options)


def _failing(options: dict[str, Any]) -> web.Response:
    status, kind = int(options.get("status", 503)), str(options.get("body", "html"))
    headers = {}
    if options.get("retry_after") is not None:
        headers["Retry-After"] = _retry_after(str(options["retry_after"]))
    if kind == "json":
        body: dict[str, Any] = {"code": "wp_die", "message": "Service unavailable."}
        text, content = php_json.dumps({**body, "data": {"status": status}}), "application/json"
    else:
        text, content = (_PAGE if kind == "html" else kind), "text/html"
    return web.Response(status=status, text=text, content_type=content, headers=headers)


def _retry_after(text: str) -> str:
    """Return the header: "date:30" becomes the HTTP date in 30 seconds."""
    if not text.startswith("date:"):
        return text
    return email.utils.formatdate(time.time() + float(text[5:]), usegmt=True)


async def _hang(hit: Hit) -> web.Response:
    if hit.fault.after_write:
        await hit.respond()
    await _wait(hit.request, float(hit.fault.options.get("seconds", 60)))
    return _drop(hit.request)


async def _wait(request: web.Request, seconds: float) -> None:
    """Wait, but no longer than the caller stays on the line."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if request.transport is None or request.transport.is_closing():
            return
        await asyncio.sleep(min(_LOOK, left))


def _drop(request: web.Request) -> web.Response:
    """Reset the connection; what is returned reaches nobody."""
    transport: Any = request.transport  # uvloop's are no asyncio.WriteTransport
    if transport is not None:
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=500)


async def _reset(hit: Hit) -> web.Response:
    if hit.fault.after_write:
        await hit.respond()
    return _drop(hit.request)


async def _cut_body(hit: Hit) -> web.StreamResponse:
    true = await hit.respond()
    body = bytes(true.body or b"") if isinstance(true.body, bytes | bytearray) else b""
    started = web.StreamResponse(status=true.status, headers=_headers_of(true))
    started.content_length = len(body)
    await started.prepare(hit.request)
    await started.write(body[: int(hit.fault.options.get("bytes", len(body) // 2))])
    await asyncio.sleep(_FLUSH)  # what was written goes out before the reset
    _drop(hit.request)
    return started


def _headers_of(true: web.Response) -> dict[str, str]:
    return {name: value for name, value in true.headers.items() if name != "Content-Length"}


def _with_body(true: web.Response, body: bytes, **headers: str) -> web.Response:
    return web.Response(status=true.status, body=body, headers=_headers_of(true) | headers)


async def _changed(hit: Hit) -> web.Response:
    true = await hit.respond()
    body = bytes(true.body) if isinstance(true.body, bytes | bytearray) else b""
    return _with_body(true, bodies.CHANGES[hit.fault.kind](body, hit.fault.options))


async def _html(hit: Hit) -> web.Response:
    if hit.fault.after_write:
        await hit.respond()
    return web.Response(status=200, text=_PAGE, content_type="text/html")


async def _slow(hit: Hit) -> web.StreamResponse:
    await _wait(hit.request, float(hit.fault.options.get("seconds", 0)))
    true = await hit.respond()
    chunk = int(hit.fault.options.get("chunk", 0))
    if not chunk:
        return true
    body = bytes(true.body) if isinstance(true.body, bytes | bytearray) else b""
    trickle = web.StreamResponse(status=true.status, headers=_headers_of(true))
    trickle.content_length = len(body)
    await trickle.prepare(hit.request)
    for start in range(0, len(body), chunk):
        await trickle.write(body[start : start + chunk])
        await _wait(hit.request, float(hit.fault.options.get("pause", 0.05)))
    await trickle.write_eof()
    return trickle


async def _wrong_totals(hit: Hit) -> web.Response:
    true = await hit.respond()
    total = str(hit.fault.options.get("total", 0))
    pages = str(hit.fault.options.get("pages", total))
    true.headers["X-WP-Total"], true.headers["X-WP-TotalPages"] = total, pages
    return true


async def _late_write(hit: Hit) -> web.Response:
    await hit.request.read()  # the body must be here before the caller is gone

    async def later() -> None:
        await asyncio.sleep(float(hit.fault.options.get("seconds", 1)))
        await hit.respond()
        hit.fault.options["applied"] = int(hit.fault.options.get("applied", 0)) + 1

    hit.faults.keep(asyncio.create_task(later()))
    if hit.fault.options.get("hang"):
        await _wait(hit.request, float(hit.fault.options.get("hang_seconds", 60)))
        return _drop(hit.request)
    return _failing({"status": 504, **hit.fault.options})


async def _pass(hit: Hit) -> web.Response:
    return await hit.respond()


_ANSWERS: dict[str, Callable[[Hit], Awaitable[web.StreamResponse]]] = {
    "status": _status,
    "hang": _hang,
    "reset": _reset,
    "cut_body": _cut_body,
    "cut_json": _changed,
    "prefix": _changed,
    "html": _html,
    "empty": _changed,
    "slow": _slow,
    "wrong_totals": _wrong_totals,
    "bad_record": _changed,
    "late_write": _late_write,
    "sale_between": _pass,
    "half_write": _pass,
}
