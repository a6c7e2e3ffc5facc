"""One delivery: the payload as it is now, signed, sent once, its outcome put on the webhook."""

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from woosim import php_json, shop

Record = dict[str, Any]
View = Callable[[str], Awaitable[str]]
"""Answers a GET below /wp-json as JSON text, errors too."""
_ALLOWED_FAILURES = 5
_TIMEOUT = aiohttp.ClientTimeout(total=60)
_PATHS = {"product": "products", "order": "orders", "customer": "customers", "coupon": "coupons"}
_SUCCESS = range(200, 303)


def agent_of(chosen: shop.Shop) -> dict[str, str]:
    """Return the headers every request of the shop carries."""
    version = chosen.options.full_version
    return {
        "User-Agent": f"WooCommerce/{version} Hookshot (WordPress/7.1)",
        "Accept": "*/*",
        "Accept-Encoding": "deflate, gzip, br, zstd",
        "Connection": "close",
    }


def open_session(chosen: shop.Shop) -> aiohttp.ClientSession:
    """Return the client that sends deliveries: no keep-alive, no certificate check on loopback."""
    connector = aiohttp.TCPConnector(force_close=True, ssl=False)
    return aiohttp.ClientSession(
        connector=connector, timeout=_TIMEOUT, headers=agent_of(chosen), cookie_jar=_no_cookies()
    )


def _no_cookies() -> aiohttp.abc.AbstractCookieJar:
    return aiohttp.DummyCookieJar()


async def payload_of(view: View, topic: str, arg: int) -> bytes:
    """Return the body of a delivery: the REST answer as it is now, or just the id if deleted."""
    resource, _, event = topic.partition(".")
    if event == "deleted":
        return php_json.dumps({"id": arg}).encode()
    if resource == "action":
        return php_json.dumps({"action": event, "arg": arg}).encode()
    text = await view(f"/wc/v3/{_PATHS[resource]}/{arg}")
    return text.replace(":{}", ":[]").encode()  # the body passed through a PHP array


def headers_of(chosen: shop.Shop, webhook: Record, body: bytes) -> dict[str, str]:
    """Return the headers of a delivery, its signature among them.

    The delivery id is made of the webhook and the second: deliveries in one second share it.
    """
    second = int(chosen.now().timestamp())
    digest = hmac.new(str(webhook.get("_secret", "")).encode(), body, hashlib.sha256).digest()
    delivery_id = hashlib.sha256(f"{webhook['id']}:{second}".encode()).hexdigest()[:32]
    return {
        "Content-Type": "application/json",
        "X-WC-Webhook-Source": f"{chosen.home}/",
        "X-WC-Webhook-Topic": webhook["topic"],
        "X-WC-Webhook-Resource": webhook["resource"],
        "X-WC-Webhook-Event": webhook["event"],
        "X-WC-Webhook-Signature": base64.b64encode(digest).decode(),
        "X-WC-Webhook-ID": str(webhook["id"]),
        "X-WC-Webhook-Delivery-ID": delivery_id,
    }


async def send(session: aiohttp.ClientSession, url: str, body: bytes, **headers: str) -> int:
    """Post a body and return the status, 0 if there was no answer; redirects are not followed."""
    try:
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            await answer.read()
            return answer.status
    except (aiohttp.ClientError, TimeoutError, OSError):
        return 0


async def ping(chosen: shop.Shop, session: aiohttp.ClientSession, webhook_id: int) -> None:
    """Ping a webhook's address; only the answer 200 ends its pending state."""
    webhook = chosen.read("webhook", webhook_id)
    if webhook is None:
        return
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status = await send(
        session, webhook["delivery_url"], f"webhook_id={webhook_id}".encode(), **form
    )
    changed = chosen.edit("webhook", webhook_id)
    if changed is not None:
        changed["_pending"] = status != 200  # noqa: PLR2004  # WooCommerce asks for exactly 200
        chosen.save("webhook", changed, bump=False)


def account(chosen: shop.Shop, webhook_id: int, status: int) -> bool:
    """Count a delivery's outcome on its webhook; return whether a ping follows.

    The seventh failure in a row disables the webhook; a success sets the count to 0.
    """
    webhook = chosen.edit("webhook", webhook_id)
    if webhook is None:
        return False
    failures = webhook.get("_failure_count", 0)
    if status in _SUCCESS:
        webhook["_failure_count"] = 0
    elif failures > _ALLOWED_FAILURES:
        webhook["status"] = "disabled"
    else:
        webhook["_failure_count"] = failures + 1
    chosen.save("webhook", webhook, bump=webhook["status"] == "disabled")
    return bool(webhook.get("_pending") and webhook["status"] != "disabled")
