"""A small client that asks a running simulated store."""

import base64
import hashlib
import hmac
import json
import secrets
import ssl
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
import yarl

import woosim


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def ids(self) -> list[int]:
        return [record["id"] for record in self.json]

    @property
    def total(self) -> int:
        return int(self.headers["X-WP-Total"])


def encode(text: object) -> str:
    return quote(str(text), safe="~")


def oauth(
    url: str, params: dict[str, Any], key: str, secret: str, **changes: Any
) -> dict[str, Any]:
    """Return the parameters with an OAuth signature of a GET; `changes` replace parts before."""
    digest = changes.pop("digest", hashlib.sha256)
    method = changes.pop("method", "GET")
    signed = {
        **params,
        "oauth_consumer_key": key,
        "oauth_timestamp": int(time.time()),
        "oauth_nonce": secrets.token_hex(8),
        "oauth_signature_method": "HMAC-SHA256",
        **changes,
    }
    pairs = "&".join(f"{encode(name)}={encode(signed[name])}" for name in sorted(signed))
    text = f"{method}&{encode(url)}&{encode(pairs)}"
    raw = hmac.new(f"{secret}&".encode(), text.encode(), digest).digest()
    return {**signed, "oauth_signature": base64.b64encode(raw).decode()}


async def request(
    store: woosim.Running,
    method: str,
    url: str,
    params: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    """Send a request as it is."""
    query = "&".join(f"{encode(name)}={encode(value)}" for name, value in (params or {}).items())
    target = yarl.URL(f"{url}?{query}", encoded=True)
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, target, headers=headers, ssl=trust(store)) as answer,
    ):
        return Reply(answer.status, dict(answer.headers), await answer.text())


async def get(store: woosim.Running, path: str, **params: Any) -> Reply:
    """Ask a route below /wp-json/wc/v3 with the store's main key."""
    url = f"{store.url}/wp-json/wc/v3{path}"
    return await request(store, "GET", url, oauth(url, params, store.key, store.secret))


def basic(key: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()}


def trust(store: woosim.Running) -> ssl.SSLContext | bool:
    return ssl.create_default_context(cafile=store.ca_file) if store.ca_file else True
