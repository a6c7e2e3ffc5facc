"""What an answer means: the errors of a store that did answer. Pure; matches codes, not texts."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import msgspec

import woosync.errors
from woosync.woo import backoff, errors
from woosync.woo.options import Discreet

_SAMPLE = 200
GOOD, _REDIRECTS = range(200, 300), range(300, 400)
_UNAUTHORISED = {401, 403, 407}
#: Too slow in sending, too early: the request was not worked on, and a later one may be.
_EARLY = {408, 425}
_KEY_REMEDY = (
    "Make a key under WooCommerce > Settings > Advanced > REST API with Read/Write rights for an "
    "administrator, and enter both parts."
)
#: What WooCommerce says in English under one code; in another language its own words are shown.
_KEY_TEXTS = (
    ("consumer key is invalid", "it does not know the consumer key."),
    ("secret is invalid", "the secret is wrong, the consumer key is right."),
    ("signature does not match", "the secret is wrong, the consumer key is right."),
    ("write permissions", "the key may only read."),
    ("read permissions", "the key may only write."),
)
#: What web servers say in a 400 to plain HTTP on their port for https.
_TLS_PORT = (b"HTTPS port", b"SSL-enabled server port", b"HTTP request to an HTTPS server")
_WAF_REMEDY = (
    "A firewall or security plugin stands before the shop: let this machine's address and the "
    "path /wp-json/wc/ through."
)
_URL_REMEDY = (
    "Check the store URL, that WooCommerce is active, and that Settings > Permalinks is not "
    '"Plain".'
)


class Reply(Discreet, frozen=True):
    """What came back, decompressed; `seconds` from sending to the last byte."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    seconds: float


class _Refusal(msgspec.Struct):
    """The body of a WordPress error."""

    code: str | int = ""
    message: str = ""
    data: object = None


class Refusal(msgspec.Struct, frozen=True):
    """A WordPress error as text; `code` is empty where the body was none."""

    code: str
    message: str
    data: object


def refusal_of(body: bytes) -> Refusal:
    """Read a WordPress error body; anything else gives an empty one."""
    start = body.find(b"{")
    try:
        found = msgspec.json.decode(body[max(start, 0) :], type=_Refusal)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Refusal("", "", None)
    return Refusal(str(found.code), found.message, found.data)


def sample(body: bytes) -> str:
    """Return the beginning of a body fit for a log line: printable, one line, short."""
    text = body[: _SAMPLE * 2].decode("utf-8", "replace")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_SAMPLE]


def error_of(reply: Reply, *, route: str, now: datetime) -> woosync.errors.WoosyncError | None:
    """Return the error an answer stands for; None for 2xx.

    `now` is the store's own time where it said it: Retry-After dates are relative to that.
    """
    status = reply.status
    if status in GOOD:
        return None
    if status in _REDIRECTS or _wants_tls(reply):
        return _moved(reply)
    refusal = refusal_of(reply.body)
    if status in _UNAUTHORISED:
        return _auth_failed(status, refusal)
    wait = backoff.retry_after(reply.headers.get("retry-after"), now=now)
    trouble = _trouble(status, refusal, wait)
    if trouble is not None:
        return trouble
    if status == HTTPStatus.NOT_FOUND and refusal.code in {"", "rest_no_route"}:
        return _no_store(route, refusal)
    return errors.StoreRejected(
        f"The store rejected {route} with {status} {refusal.code or sample(reply.body)!r}"
        + (f": {sample(refusal.message.encode())}" if refusal.message else "."),
        status=status,
        code=refusal.code,
        store_message=refusal.message,
        data=refusal.data,
    )


def _trouble(
    status: int, refusal: Refusal, wait: float | None
) -> woosync.errors.TemporaryError | None:
    """Return the error of a status that may be another one later."""
    if status < GOOD.start:
        return errors.StoreAnsweredNonsense(
            f"The store answered with {status}, which ends nothing.",
            remedy="Look for a proxy before the shop that rewrites answers.",
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return errors.StoreThrottled(
            "The store says it gets too many requests.",
            remedy="woosync slows down by itself; ask the host for a higher limit if this stays.",
            retry_after=wait,
        )
    said_on_purpose = _is_said_on_purpose(refusal, status)
    if status in _EARLY or (status >= HTTPStatus.INTERNAL_SERVER_ERROR and not said_on_purpose):
        return _failed(status, wait)
    return None


def _is_said_on_purpose(refusal: Refusal, status: int) -> bool:
    """Whether a 5xx is WooCommerce's considered answer (a refund over the total is a 500)."""
    return refusal.code.startswith("woocommerce_") or (
        status == HTTPStatus.NOT_IMPLEMENTED and refusal.code != ""
    )


def _failed(status: int, wait: float | None) -> errors.StoreFailed:
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return errors.StoreFailed(
            "The store is down for maintenance or overloaded (503).",
            status=status,
            remedy="If the shop shows this in a browser too, finish its update or ask the host.",
            retry_after=wait,
        )
    return errors.StoreFailed(
        f"The store failed with status {status}.",
        status=status,
        remedy="Look at the shop's PHP error log; a plugin or a memory limit is the usual cause.",
        retry_after=wait,
    )


def _auth_failed(status: int, refusal: Refusal) -> errors.StoreAuthFailed:
    if not refusal.code:
        return errors.StoreAuthFailed(
            f"Something before WooCommerce refused the request ({status}).",
            status=status,
            remedy=_WAF_REMEDY,
        )
    if refusal.code.startswith("woocommerce_rest_authentication"):
        text = f"The store refused the key: {_why_refused(refusal.message)}"
    elif status == HTTPStatus.FORBIDDEN:
        text = "The store knows the key, but its user may not do this."
    else:
        text = "The store does not know the key, or never saw it."
    return errors.StoreAuthFailed(
        f"{text} ({status} {refusal.code})", status=status, code=refusal.code, remedy=_KEY_REMEDY
    )


def _why_refused(message: str) -> str:
    """Say which half or right of the key is wrong; WooCommerce tells it by its text alone."""
    for words, meaning in _KEY_TEXTS:
        if words in message.lower():
            return meaning
    told = f" It says: {sample(message.encode())}" if message else ""
    return f"the secret is wrong, or the key lacks this right.{told}"


def _no_store(route: str, refusal: Refusal) -> errors.NotAStore:
    if refusal.code:
        return errors.NotAStore(
            f"WordPress answers, but it has no route {route}: WooCommerce is missing or too old.",
            code=refusal.code,
            remedy="Activate WooCommerce, or update it.",
        )
    return errors.NotAStore(
        f"There is no WooCommerce REST API at this address: {route} was not found.",
        remedy=_URL_REMEDY,
    )


def _wants_tls(reply: Reply) -> bool:
    return reply.status == HTTPStatus.BAD_REQUEST and any(
        words in reply.body for words in _TLS_PORT
    )


def _moved(reply: Reply) -> errors.StoreMoved:
    if _wants_tls(reply):
        return errors.StoreMoved(
            "The store's port speaks https, and the store URL begins with http://.",
            remedy="Begin the store URL with https://.",
        )
    target = without_query(reply.headers.get("location", ""))
    return errors.StoreMoved(
        f"The store redirects to {target or 'another address'}, and redirects are not followed.",
        remedy=f"Use {target.partition('/wp-json')[0]} as the store URL."
        if target.startswith(("http://", "https://"))
        else "Use the address the shop redirects to as the store URL.",
    )


def without_query(url: str) -> str:
    """Return a URL fit to be shown: no query (it may hold keys), no user, no fragment."""
    try:
        parts = urlsplit(url)
        shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else ""
    except ValueError:
        return ""
    return sample(f"{shown}{parts.path}".encode())


def nonsense(body: bytes, *, route: str) -> errors.StoreAnsweredNonsense:
    """Say what was seen where whole JSON was expected."""
    start = body[:512].lstrip(b"\xef\xbb\xbf \r\n\t")
    if not start:
        return errors.StoreAnsweredNothing(
            f"The store answered {route} with an empty body.",
            remedy="PHP usually ran out of memory or crashed: look at the shop's PHP error log.",
        )
    shown = sample(start)
    if start[:1] == b"<" and b"<html" in body[:2048].lower():
        return errors.StoreAnsweredNonsense(
            f"The store answered {route} with a web page instead of data: {shown}",
            remedy="A login wall, maintenance page, firewall or cache stands before /wp-json/: "
            "let it through.",
        )
    return errors.StoreAnsweredNonsense(
        f"The store answered {route} with damaged JSON that begins: {shown}",
        remedy="A plugin prints into the answer, or it was cut on the way: switch off the display "
        "of PHP errors, and look at the PHP error log.",
    )


def header_int(headers: Mapping[str, str], name: str) -> int | None:
    """Read a whole number from a header; None where there is none."""
    text = headers.get(name, "").strip()
    return int(text[:18]) if text.isascii() and text.isdigit() else None
