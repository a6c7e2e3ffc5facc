"""The webhooks' own way in: raw ASGI before everything else, so that a delivery costs little.

Translates requests for `flows.receive` and its verdicts into statuses. A shop that is refused
seven times in a row switches its webhook off, so whatever it signs is answered with 200.
"""

import asyncio
import ipaddress
import logging
import math
import re
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import fastapi
from starlette.types import ASGIApp, Receive, Scope, Send

from woosync import bootstrap
from woosync.domain import topic as topics
from woosync.entrypoints.api import limits, problems
from woosync.flows import receive as receiving
from woosync.flows.receive import Verdict

#: Bytes of a body, and seconds until the whole of it has to be there.
BODY_LIMIT = 4 * 1024 * 1024
BODY_SECONDS = 10.0
RETRY_AFTER = 5
#: Unverified requests of one address to one store: so many at once, then one a second.
UNVERIFIED = limits.Rate(1, 200)
PATH = re.compile(
    r"(?:/api/woocommerce-sync(?:/stores/(?P<long>[a-z0-9][a-z0-9_-]{0,39}))?"
    r"|/stores/(?P<short>[a-z0-9][a-z0-9_-]{0,39}))/webhook/(?P<topic>[a-z0-9_.]{1,128})"
)
FORM = b"application/x-www-form-urlencoded"
REFUSALS: Mapping[Verdict, tuple[HTTPStatus, str]] = {
    Verdict.UNKNOWN: (HTTPStatus.NOT_FOUND, "There is no such store."),
    Verdict.FORBIDDEN: (HTTPStatus.FORBIDDEN, "Deliveries may not come from this address."),
    Verdict.UNSIGNED: (HTTPStatus.UNAUTHORIZED, "The signature is not that of this store."),
    Verdict.NO_PING: (
        HTTPStatus.UNAUTHORIZED,
        "Without a signature a form is only taken as the ping of a new webhook (webhook_id=1).",
    ),
    Verdict.UNAVAILABLE: (HTTPStatus.SERVICE_UNAVAILABLE, "Deliveries cannot be kept now."),
}
ACCEPTED = [
    (b"content-type", b"application/json"),
    (b"content-length", b"17"),
    (b"x-content-type-options", b"nosniff"),
]
ACCEPTED_BODY = b'{"accepted":true}'

log = logging.getLogger("woosync")


class RefusedDelivery(Exception):  # noqa: N818 - an answer, no error of the program
    """A delivery is not taken: the status and the sentence to say so with."""

    def __init__(self, status: HTTPStatus, says: str, *, retry_after: int = 0) -> None:
        super().__init__(says)
        self.status = status
        self.says = says
        self.headers = {"Retry-After": str(retry_after)} if retry_after else {}


@dataclass(slots=True)
class Flood:
    """Who has sent too much that was not verified lately; whoever was verified may go on.

    So that somebody who shares an address with a shop (a proxy's) cannot lock the shop out.
    """

    buckets: limits.Buckets = field(default_factory=lambda: limits.Buckets(UNVERIFIED))
    _known: OrderedDict[str, None] = field(default_factory=OrderedDict)

    def check(self, name: str) -> None:
        """Count a request of somebody who was never verified; refuse who has had its share."""
        if name in self._known:
            return
        if wait := self.buckets.wait(name):
            raise RefusedDelivery(
                HTTPStatus.TOO_MANY_REQUESTS,
                "Too many requests without a good signature.",
                retry_after=max(1, math.ceil(wait)),
            )
        self.buckets.take(name)

    def verified(self, name: str) -> None:
        """Remember who has sent a verified delivery."""
        if name not in self._known:
            self._known[name] = None
            if len(self._known) > limits.REMEMBERED:
                self._known.popitem(last=False)


class Deliveries:
    """ASGI middleware that answers deliveries itself and passes on everything else.

    The receiver is `api.state.receiver`, as long as the app lives; `api.state.flood` counts who
    was not verified.
    """

    def __init__(self, app: ASGIApp, api: fastapi.FastAPI) -> None:
        self.app = app
        self.api = api
        self.flood = api.state.flood = Flood()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a delivery, or pass the request on."""
        found = PATH.fullmatch(scope["path"]) if scope.get("method") == "POST" else None
        topic = topics.parse(found["topic"]) if found else None
        if found is None or topic is None:
            await self.app(scope, receive, send)
            return
        arrival = _arrival(scope, found["long"] or found["short"], topic)
        name = f"{_neighbourhood(arrival.address)} {arrival.store_key}"
        try:
            self.flood.check(name)
            verdict = await self._take(arrival, scope, receive)
        except RefusedDelivery as refused:
            self._count(arrival, refused)
            if refused.status != HTTPStatus.TOO_MANY_REQUESTS:
                log.info("delivery refused", extra={"caller": name, "status": int(refused.status)})
            await _refuse(scope, receive, send, refused)
        except Exception:
            log.exception("defect while receiving a delivery")
            ours = _refusal(Verdict.UNAVAILABLE)
            self._count(arrival, ours)
            await _refuse(scope, receive, send, ours)
        else:
            if verdict is Verdict.STORED:
                self.flood.verified(name)
            await send({"type": "http.response.start", "status": 200, "headers": ACCEPTED})
            await send({"type": "http.response.body", "body": ACCEPTED_BODY})

    def _count(self, arrival: receiving.Arrival, refused: RefusedDelivery) -> None:
        if refused.status != HTTPStatus.NOT_FOUND:
            receiver: receiving.Receiver = self.api.state.receiver
            receiver.refusals.count(arrival.store_key, arrival.topic, int(refused.status))

    async def _take(
        self, arrival: receiving.Arrival, scope: Scope, receive: Receive
    ) -> receiving.Verdict:
        receiver: receiving.Receiver = self.api.state.receiver
        _check_headers(dict(scope["headers"]))
        verdict = await receiver.admit(arrival)
        if verdict is None:
            verdict = await receiver.receive(arrival, await _body(receive))
        if verdict in REFUSALS:
            raise _refusal(verdict)
        return verdict


def _arrival(scope: Scope, store_key: str | None, topic: topics.Topic) -> receiving.Arrival:
    headers = dict(scope["headers"])
    client = scope.get("client")
    return receiving.Arrival(
        store_key=store_key or bootstrap.DEFAULT_STORE,
        topic=topic,
        address=client[0] if client else "",
        signature=headers.get(b"x-wc-webhook-signature"),
        named_topic=_text(headers, b"x-wc-webhook-topic"),
        webhook_id=_text(headers, b"x-wc-webhook-id"),
        delivery_id=_text(headers, b"x-wc-webhook-delivery-id"),
        is_form=headers.get(b"content-type", b"").startswith(FORM),
    )


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"")[:128].decode("ascii", "replace")


def _neighbourhood(address: str) -> str:
    """Return what is counted as one caller: an IPv4 address, or the /64 of an IPv6 one."""
    if ":" not in address:
        return address
    try:
        known = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(known.ipv4_mapped or int(known) >> 64)


def _check_headers(headers: Mapping[bytes, bytes]) -> None:
    """Refuse what needs no body to be refused."""
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise RefusedDelivery(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Bodies are taken as they were signed: not packed."
        )
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length[:20]) > BODY_LIMIT:
        raise _too_large()


async def _body(receive: Receive) -> bytes:
    """Read the body, as long as it is neither too large nor too slow."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise RefusedDelivery(HTTPStatus.BAD_REQUEST, "The body was cut.")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > BODY_LIMIT:
                    raise _too_large()
                if not message.get("more_body"):
                    return parts[0] if len(parts) == 1 else b"".join(parts)
    except TimeoutError:
        raise RefusedDelivery(
            HTTPStatus.REQUEST_TIMEOUT, f"The body was not here within {BODY_SECONDS:g} seconds."
        ) from None


def _too_large() -> RefusedDelivery:
    return RefusedDelivery(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {BODY_LIMIT} bytes."
    )


def _refusal(verdict: Verdict) -> RefusedDelivery:
    status, says = REFUSALS[verdict]
    wait = RETRY_AFTER if verdict is Verdict.UNAVAILABLE else 0
    return RefusedDelivery(status, says, retry_after=wait)


async def _refuse(scope: Scope, receive: Receive, send: Send, refused: RefusedDelivery) -> None:
    """Answer with a problem document and let the connection go: its body may not be read yet."""
    scope["woosync.correlation_id"] = secrets.token_hex(8)
    number = {"X-Correlation-Id": scope["woosync.correlation_id"], "Connection": "close"}
    kind = HTTPStatus(refused.status).phrase.lower().replace(" ", "-")
    answer = problems.answer(
        fastapi.Request(scope),
        refused.status,
        kind=kind,
        detail=refused.says,
        headers=refused.headers | number,
    )
    await answer(scope, receive, send)
