"""The API as its callers see it: served over loopback on a database and a simulated store."""

import base64
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import fastapi

import woosim
from woosync import bootstrap, settings
from woosync.entrypoints import dashboard
from woosync.entrypoints.api import app as api_app
from woosync.entrypoints.api import dependencies, server
from woosync.postgres import engine, tokens, users

BASE = "/api/woocommerce-sync"
ROLES = ("viewer", "operator", "admin")
SECRET = "b7e1f0c2a9d84e53a1c6f2e7d0b9485c3e6a1f2d"


@dataclass
class Said:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    def good(self, status: int = 200) -> Any:
        assert self.status == status, (self.status, self.text)
        return self.json if self.text else None

    def problem(self, status: int, kind: str = "") -> Any:
        """Check that this is a problem document of this status, and return it."""
        assert self.status == status, (self.status, self.text)
        assert self.headers["Content-Type"] == "application/problem+json"
        body = self.json
        assert body["status"] == status
        assert body["correlationId"] == self.headers["X-Correlation-Id"]
        assert "Traceback" not in self.text
        if kind:
            assert body["type"] == f"urn:woosync:problem:{kind}", body
        return body


@dataclass
class Api:
    """A served API: `get`, `post` ... as a role ("" for nobody), or with headers of one's own."""

    url: str
    app: fastapi.FastAPI
    opened: bootstrap.Application
    shop: woosim.Running
    session: aiohttp.ClientSession
    tokens: dict[str, str] = field(default_factory=dict)

    async def call(
        self,
        method: str,
        path: str,
        *,
        role: str = "admin",
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Said:
        """Call and return the answer; `json=`, `data=`, `params=` as aiohttp takes them."""
        path = (
            path
            if path.startswith(("/api", "/health", "/metrics", "/docs", "/open"))
            else BASE + path
        )
        given = {"Authorization": f"Bearer {self.tokens[role]}"} if role else {}
        given |= headers or {}
        async with self.session.request(method, self.url + path, headers=given, **more) as answer:
            return Said(answer.status, answer.headers, await answer.text())

    async def get(self, path: str, **more: Any) -> Said:
        return await self.call("GET", path, **more)

    async def post(self, path: str, **more: Any) -> Said:
        return await self.call("POST", path, **more)

    async def run(self, statement: str) -> None:
        async with self.opened.database.transaction() as tx:
            await tx.execute(statement)

    async def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        async with self.opened.database.transaction() as tx:
            return [tuple(row) for row in await (await tx.execute(statement, values)).fetchall()]


@contextlib.asynccontextmanager
async def application(url: str, folder: Path) -> AsyncIterator[bootstrap.Application]:
    """Open a database without any settings of a store."""
    chosen = settings.Settings(data=folder, database_url=url)
    async with bootstrap.application(chosen) as opened:
        yield opened


@contextlib.asynccontextmanager
async def serve(
    url: str, shop: woosim.Running, folder: Path, serving: dependencies.Serving
) -> AsyncIterator[Api]:
    chosen = settings.Settings(
        site_url=shop.url,
        consumer_key=shop.key,
        consumer_secret=shop.secret,
        webhook_secret="hushHush0123456789",
        allow_private_stores=True,
        data=folder,
        database_url=url.replace("+psycopg", ""),
        secret_keys=(base64.b64decode("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="),),
        backoff=0.01,
        jwt_secret=SECRET,
    )
    async with bootstrap.application(chosen) as opened:
        app = api_app.create_app(opened, serving)
        dashboard.include(app)
        bound = server.bind("127.0.0.1", 0)
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        async with server.serving(app, bound), aiohttp.ClientSession() as session:
            api = Api(address, app, opened, shop, session)
            for role in ROLES:
                api.tokens[role] = await make_token(opened.database, role)
            yield api


async def make_token(database: engine.Database, role: str) -> str:
    """Make a user of this role with a service token."""
    async with database.transaction() as tx:
        user_id = await users.save_new(tx, f"the {role}", role=role)
        new = tokens.NewService(note="test")
        return await tokens.save_service(tx, user_id, new, now=datetime.now(UTC))
