"""WooCommerce's own key hand-over: the owner agrees in the shop, the shop sends the keys here.

The state is signed, short-lived, and bound to the store's present key, so that it is good once.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote, urlencode

import jwt

from woosync.entrypoints.api import problems, signing
from woosync.postgres import stores

AUDIENCE = "woosync-handover"
LIFETIME = timedelta(minutes=30)
APP_NAME = "woosync"


@dataclass(frozen=True, slots=True)
class State:
    """Which store is to be connected, at which address, in place of which key."""

    key: str
    url: str
    before: str


def before(store: stores.Store | None) -> str:
    """Return what names the key a store has now; the same state cannot be used twice."""
    if store is None or not store.consumer_key:
        return ""
    return hashlib.sha256(bytes(store.consumer_key)).hexdigest()[:16]


def sign(signer: signing.Signer, state: State, *, now: datetime) -> str:
    """Return the state as one word that WooCommerce gives back."""
    payload = {
        "aud": AUDIENCE,
        "exp": now + LIFETIME,
        "key": state.key,
        "url": state.url,
        "before": state.before,
    }
    return jwt.encode(payload, signer.secret, signing.ALGORITHM)


def read(signer: signing.Signer, text: str) -> State:
    """Return the state that was signed here; 403 for any other."""
    try:
        found = jwt.decode(
            text,
            signer.secret,
            algorithms=[signing.ALGORITHM],
            audience=AUDIENCE,
            options={"require": ["exp", "aud"]},
        )
        return State(str(found["key"]), str(found["url"]), str(found["before"]))
    except (jwt.InvalidTokenError, KeyError) as error:
        raise problems.ProblemError(
            HTTPStatus.FORBIDDEN,
            "This hand-over was not begun here, or too long ago.",
            remedy="Begin again with POST /api/woocommerce-sync/stores/connect.",
        ) from error


def address(url: str, state: str, *, callback: str, done: str) -> str:
    """Return where the owner agrees: a page of the shop."""
    query = {
        "app_name": APP_NAME,
        "scope": "read_write",
        "user_id": state,
        "return_url": done,
        "callback_url": callback,
    }
    return f"{url}/wc-auth/v1/authorize?{urlencode(query, quote_via=quote)}"
