"""Prove to the store who asks, in the three ways WooCommerce knows. Pure; used by request."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote

from woosync.woo.options import AuthMode

#: What needs no encoding; most names and values here are such, and `quote` is slow.
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*")

Query = Mapping[str, str | int]


def modes_to_try(base_url: str, wanted: AuthMode) -> tuple[AuthMode, ...]:
    """Return the modes worth trying, best first: over http WooCommerce takes nothing but OAuth."""
    if base_url.startswith("http:"):
        return (AuthMode.OAUTH1,)
    if wanted is not AuthMode.AUTO:
        return (wanted,)
    return (AuthMode.BASIC, AuthMode.QUERY, AuthMode.OAUTH1)


def encode(text: str | int) -> str:
    """Percent-encode as RFC 3986 says; the query that is sent and the one that is signed agree."""
    plain = str(text)
    return plain if _UNRESERVED.fullmatch(plain) else _quoted(plain)


@lru_cache(maxsize=64)
def _quoted(plain: str) -> str:
    """Encode, and keep in mind: the lists of fields are long and the same for every page.

    Keys need no encoding, so none comes here.
    """
    return quote(plain, safe="-._~")


def _encoded_again(query: str) -> str:
    """Encode a query string, of which all but the marks between is encoded already."""
    return query.replace("%", "%25").replace("=", "%3D").replace("&", "%26")


def encode_query(query: Query) -> str:
    """Write a query string; empty for no parameters."""
    return "&".join(f"{encode(key)}={encode(value)}" for key, value in query.items())


def basic_header(key: str, secret: str) -> str:
    """Return the value of the Authorization header."""
    return "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()


def query_with_keys(query: Query, *, key: str, secret: str) -> dict[str, str | int]:
    """Return the query with both keys in it, for servers that drop the Authorization header."""
    return {**query, "consumer_key": key, "consumer_secret": secret}


def sign(  # every part of the signature base string is an argument of its own
    query: Query, *, method: str, url: str, keys: tuple[str, str], timestamp: int, nonce: str
) -> dict[str, str | int]:
    """Return the query signed by one-legged OAuth 1.0a (RFC 5849) with HMAC-SHA256.

    `url` is scheme, host and path as the shop knows itself; `keys` are consumer key and secret.
    """
    key, secret = keys
    signed: dict[str, str | int] = {
        **query,
        "oauth_consumer_key": key,
        "oauth_nonce": nonce,
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": timestamp,
    }
    parameters = "&".join(
        f"{encode(name)}={encode(value)}" for name, value in sorted(signed.items())
    )
    base_string = f"{method}&{encode(url)}&{_encoded_again(parameters)}"
    digest = hmac.new(f"{secret}&".encode(), base_string.encode(), hashlib.sha256).digest()
    return {**signed, "oauth_signature": base64.b64encode(digest).decode()}
