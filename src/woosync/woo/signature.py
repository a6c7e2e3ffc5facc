"""The signature of webhook deliveries: base64 of HMAC-SHA256 over the raw body. Pure.

WooCommerce signs the body alone: neither topic nor time, so a good signature says only that the
shop once sent these bytes.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

_DIGEST_BYTES = 32
#: base64 of 32 bytes is 44 characters; nothing longer is worth decoding.
_TEXT_LENGTH = 44


def sign(body: bytes, secret: str) -> bytes:
    """Return the header value that a shop with this secret sends with the body."""
    return base64.b64encode(_digest(body, secret))


def decode(text: bytes | None) -> bytes | None:
    """Return the digest that a header holds; None for what cannot be one (absent, long, no base64).

    So that a caller can refuse before it has read the body.
    """
    if text is None or len(text) != _TEXT_LENGTH:
        return None
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest if len(digest) == _DIGEST_BYTES else None


def verify(body: bytes, digest: bytes, secrets: Iterable[str]) -> bool:
    """Tell whether one of the secrets signed these bytes; an empty secret signs nothing.

    Every secret is tried in constant time, so that the time tells neither which one nor how far.
    """
    good = False
    for secret in secrets:
        matches = hmac.compare_digest(_digest(body, secret), digest)
        good |= matches and bool(secret)
    return good


def _digest(body: bytes, secret: str) -> bytes:
    return hmac.digest(secret.encode(), body, hashlib.sha256)
