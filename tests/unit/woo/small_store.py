"""Small HTTP servers in the place of a store, for tests that need to hold every byte."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from woosync.woo import client, clock, options

KEY, SECRET = "ck_canary0123456789", "cs_canary9876543210"
Row = dict[str, Any]


@dataclass
class StillTime:
    """A clock that moves only when somebody sleeps."""

    at: float = 0.0
    slept: list[float] = field(default_factory=list)
    start: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.at)

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += max(0.0, seconds)
        await asyncio.sleep(0)

    def clock(self) -> clock.Clock:
        return clock.Clock(
            now=self.now, monotonic=self.monotonic, sleep=self.sleep, fraction=lambda: 0.5
        )


def connect(url: str, *, time: StillTime | None = None, **changes: Any) -> client.StoreClient:
    chosen = {"key": KEY, "secret": SECRET, "allow_private": True, "timeout": 5.0} | changes
    return client.StoreClient(
        options.StoreOptions(url=url, **chosen), clock=(time or StillTime()).clock()
    )


def rows(count: int, *, first: int = 1) -> list[Row]:
    return [
        {"id": first + i, "name": f"Row {first + i}", "date_modified_gmt": "2026-01-01T00:00:00"}
        for i in range(count)
    ]


@dataclass
class SmallStore:
    """A list of rows behind one route, with WooCommerce's paging, sorting and exclusive filter."""

    rows: list[Row]
    before: Callable[["SmallStore", Mapping[str, str]], None] = lambda _store, _query: None
    spoil: Callable[["SmallStore", Mapping[str, str]], web.Response | None] = lambda _s, _q: None
    hidden: set[int] = field(default_factory=set)
    cap: int = 100
    with_total: bool = True
    delay: Callable[[], float] = lambda: 0.0
    queries: list[dict[str, str]] = field(default_factory=list)
    busiest: int = 0
    url: str = ""
    _busy: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        self.queries.append(query)
        self._busy += 1
        self.busiest = max(self.busiest, self._busy)
        try:
            await asyncio.sleep(self.delay())
            self.before(self, query)
            spoiled = self.spoil(self, query)
            return spoiled if spoiled is not None else self.page(query)
        finally:
            self._busy -= 1

    def page(self, query: Mapping[str, str]) -> web.Response:
        found = [
            row
            for row in self.rows
            if str(row["date_modified_gmt"]) > query.get("modified_after", "")
        ]
        found.sort(
            key=lambda row: (row["date_modified_gmt"] * (query["orderby"] == "modified"), row["id"])
        )
        size = min(int(query.get("per_page", 10)), self.cap)
        start = int(query.get("offset", 0))
        shown = [row for row in found[start : start + size] if row["id"] not in self.hidden]
        headers = {"X-WP-Total": str(len(found))} if self.with_total else {}
        return web.Response(
            text=json.dumps(shown), content_type="application/json", headers=headers
        )


@contextlib.asynccontextmanager
async def serve(
    store: SmallStore, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[SmallStore]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", store.answer)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    store.url = f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield store
    finally:
        await runner.cleanup()


@dataclass
class Script:
    """Raw answers for one connection after another; `None` means: close without a word."""

    answers: list[bytes | None]
    seen: list[bytes] = field(default_factory=list)
    url: str = ""
    talking: dict[asyncio.Task[Any], asyncio.StreamWriter] = field(default_factory=dict)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.talking[task] = writer
        try:
            await self._talk(reader, writer)
        finally:
            writer.close()
            del self.talking[task]

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = [
                    int(line.partition(b":")[2])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                ]
                body = await reader.readexactly(length[0]) if length else b""
                self.seen.append(head + body)
                answer = self.answers[min(len(self.seen), len(self.answers)) - 1]
                if answer is None:
                    return
                writer.write(answer)
                await writer.drain()
                if b"Connection: close" in answer:
                    return

    async def hush(self) -> None:
        """Cut all connections and wait for those who spoke on them."""
        talking = dict(self.talking)
        for writer in talking.values():
            writer.transport.abort()
        await asyncio.gather(*talking, return_exceptions=True)


@contextlib.asynccontextmanager
async def recite(*answers: bytes | None) -> AsyncIterator[Script]:
    script = Script(list(answers))
    server = await asyncio.start_server(script.talk, "127.0.0.1", 0)
    script.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield script
    finally:
        server.close()
        await script.hush()


def http(
    body: bytes | str = b"[]",
    *,
    status: int = 200,
    length: int | None = None,
    kept: bool = True,
    **headers: str,
) -> bytes:
    """Write a raw answer; `length` lies about the body, `kept` keeps the connection."""
    data = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    head = {"Content-Type": "application/json", "Content-Length": str(length or len(data))} | named
    if not kept:
        head["Connection"] = "close"
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + data
