"""Turn a reply into an answer, or into the error that it stands for; used by the client."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from msgspec import structs

from woosync.woo import auth, backoff, tolerant, verdict
from woosync.woo.options import Discreet, StoreOptions

T = TypeVar("T")


class Answer(Discreet, frozen=True):
    """A good answer. `body` is JSON without what stood before it (`junk`, usually empty).

    `total` is X-WP-Total, `store_time` the Date header (aware UTC), `seconds` the time it took.
    """

    status: int
    body: bytes
    headers: Mapping[str, str]
    seconds: float
    total: int | None
    store_time: datetime | None
    junk: bytes


def read(
    reply: verdict.Reply,
    decoder: tolerant.Decoder[T],
    *,
    route: str,
    options: StoreOptions,
    now: datetime,
) -> tuple[Answer, T]:
    """Return the answer and its decoded body; raises the error of any other reply."""
    store_time = backoff.http_date(reply.headers.get("date"))
    failure = None
    if reply.status not in verdict.GOOD:
        shown = structs.replace(reply, body=without_keys(reply.body, options))
        failure = verdict.error_of(shown, route=route, now=store_time or now)
    else:
        try:
            value, junk = tolerant.decode(reply.body, decoder)
        except ValueError:
            failure = verdict.nonsense(without_keys(reply.body, options), route=route)
    if failure is not None:
        # Raised outside the handler: a decoding error may hold the whole body.
        raise failure
    answer = Answer(
        status=reply.status,
        body=reply.body[len(junk) :] if junk else reply.body,
        headers=reply.headers,
        seconds=reply.seconds,
        total=verdict.header_int(reply.headers, "x-wp-total"),
        store_time=store_time,
        junk=without_keys(junk, options) if junk else junk,
    )
    return answer, value


def without_keys(text: bytes, options: StoreOptions) -> bytes:
    """Return a text that will be shown without the keys: error pages like to repeat the address."""
    token = auth.basic_header(options.key, options.secret).removeprefix("Basic ")
    for secret in (options.key, options.secret, token):
        if secret:
            text = text.replace(secret.encode(), b"[key]")
    return text
