"""Sending a recorded request to a running simulated store, with credentials like the recorded."""

import json
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import yarl

import woosim
from contract import asking, exchanges


def _keys(exchange: exchanges.Exchange, store: woosim.Running) -> tuple[str, str]:
    """Return the pair of keys that earns the recorded answer."""
    pairs = {
        "read": (store.read_key.key, store.read_key.secret),
        "write": (store.write_key.key, store.write_key.secret),
    }
    key, secret = pairs.get(str(exchange.data.get("auth")), (store.key, store.secret))
    if exchange.data.get("auth") == "custom" and exchange.status == 401:
        if exchange.code == "woocommerce_rest_authentication_error":
            return key, "cs_wrong"
        return "ck_unknown", secret
    return key, secret


async def send(exchange: exchanges.Exchange, store: woosim.Running) -> tuple[int, Any]:
    """Return the status and JSON body of our answer."""
    request = exchange.data["request"]
    raw = str(request.get("raw_query") or "")
    key, secret = _keys(exchange, store)
    url = store.url + exchange.path
    headers = {"Accept": "application/json"}
    dropped = ("oauth_", "consumer_")
    params = [p for p in parse_qsl(raw, True) if not p[0].startswith(dropped)]  # noqa: FBT003  # keep blanks
    if "oauth_signature" in raw:
        params = list(asking.oauth(url, dict(params), key, secret, method=exchange.method).items())
    elif "consumer_key=" in raw:
        params += [("consumer_key", key), ("consumer_secret", secret)]
    elif "Authorization" in request["headers"]:
        headers |= asking.basic(key, secret)
    query = "&".join(f"{asking.encode(k)}={asking.encode(v)}" for k, v in params)
    body = request.get("body")
    data = None
    if body is not None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        headers["Content-Type"] = request["headers"].get("Content-Type", "application/json")
    target = yarl.URL(f"{url}?{query}" if query else url, encoded=True)
    async with (
        aiohttp.ClientSession() as session,
        session.request(
            exchange.method, target, headers=headers, data=data, ssl=asking.trust(store)
        ) as answer,
    ):
        text = await answer.text()
        return answer.status, json.loads(text) if text else None
