"""Who is calling: WooCommerce's keys by Basic, in the query, or by OAuth 1.0a."""

import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

from woosim import errors, urls

_WINDOW = 15 * 60
_REMEMBERED = 2 * _WINDOW
_OAUTH = (
    *("oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature"),
    "oauth_signature_method",
)
_HASHES = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}


@dataclass(slots=True)
class Key:
    """A pair of keys; `scope` is read, write or read_write."""

    key: str
    secret: str
    scope: str = "read_write"
    nonces: dict[int, str] = field(default_factory=dict)

    def check_scope(self, method: str) -> None:
        """Refuse a method that the key does not cover; WooCommerce does so before routing."""
        needed = "read" if method in {"GET", "HEAD"} else "write"
        if method != "OPTIONS" and needed not in self.scope:
            raise _refused(f"The API key provided does not have {needed} permissions.")


@dataclass(frozen=True, slots=True)
class Request:
    """What authentication looks at. `params` are the query's and a form's, flat."""

    method: str
    path: str
    secure: bool
    authorization: str
    params: Mapping[str, Any]


def _refused(message: str, code: str = "woocommerce_rest_authentication_error") -> errors.RestError:
    return errors.RestError(401, code, message, allow=False)


class Keyring:
    """The keys a store knows."""

    def __init__(self, keys: list[Key], *, clock: Callable[[], float] = time.time) -> None:
        self.keys = {key.key: key for key in keys}
        self._clock = clock

    def authenticate(self, request: Request, home: str) -> Key | None:
        """Return the caller's key, or None for a stranger.

        Over http only OAuth is looked at. An unknown key over https makes a stranger, not an error.

        Raises:
            RestError: 401 for a wrong secret, signature, time or nonce.
        """
        if request.secure:
            key = self._by_secret(request)
            if key is not None:
                return key
        return self._by_signature(request, home)

    def _by_secret(self, request: Request) -> Key | None:
        name, secret = "", ""
        if request.params.get("consumer_key") and request.params.get("consumer_secret"):
            name, secret = request.params["consumer_key"], request.params["consumer_secret"]
        elif request.authorization[:6].lower() == "basic ":
            name, _, secret = _decode_basic(request.authorization[6:]).partition(":")
        key = self.keys.get(name)
        if key is None:
            return None
        if not hmac.compare_digest(key.secret.encode(), secret.encode()):
            raise _refused("Consumer secret is invalid.")
        return key

    def _by_signature(self, request: Request, home: str) -> Key | None:
        params = dict(request.params)
        if request.authorization[:6].lower() == "oauth ":
            found = re.findall(r'(oauth_[a-z_-]+)=(?:"([^"]*)"|([^,]*))', request.authorization)
            params |= {name: unquote(a or b) for name, a, b in found}
        missing = [name for name in _OAUTH if not params.get(name)]
        if len(missing) == len(_OAUTH):
            return None
        if missing:
            plural = "s" if len(missing) > 1 else ""
            raise _refused(
                f"Missing OAuth parameter{plural} {', '.join(missing)}",
                "woocommerce_rest_authentication_missing_parameter",
            )
        key = self.keys.get(params["oauth_consumer_key"])
        if key is None:
            raise _refused("Consumer key is invalid.")
        self._check_signature(request, params, key, home)
        self._check_nonce(key, params["oauth_timestamp"], params["oauth_nonce"])
        return key

    def _check_signature(
        self, request: Request, params: dict[str, Any], key: Key, home: str
    ) -> None:
        sent = params.pop("oauth_signature").replace(" ", "+")
        hasher = _HASHES.get(params["oauth_signature_method"])
        if hasher is None:
            raise _refused("Invalid signature - signature method is invalid.")
        text = base_string(request, params, home)
        digest = hmac.new(f"{key.secret}&".encode(), text.encode(), hasher).digest()
        if not hmac.compare_digest(base64.b64encode(digest), unquote(sent).encode()):
            raise _refused("Invalid signature - provided signature does not match.")

    def _check_nonce(self, key: Key, stamp: str, nonce: str) -> None:
        now = self._clock()
        if not stamp.isdecimal() or abs(now - int(stamp)) > _WINDOW:
            raise _refused("Invalid timestamp.")
        if nonce in key.nonces.values():
            raise _refused("Invalid nonce - nonce has already been used.")
        key.nonces[int(stamp)] = nonce  # one nonce a second is kept, as WooCommerce does
        if len(key.nonces) > _REMEMBERED:
            key.nonces = {t: used for t, used in key.nonces.items() if t > now - _WINDOW}


def base_string(request: Request, params: Mapping[str, Any], home: str) -> str:
    """Return the text that is signed: method, the shop's own address, sorted parameters."""
    home_parts = urlsplit(home)
    scheme = "https" if request.secure else "http"
    address = f"{scheme}://{home_parts.netloc}{home_parts.path}{request.path}"
    flat = urls.flatten(params)
    pairs = "&".join([f"{_encode(name)}={_encode(flat[name])}" for name in sorted(flat)])
    return f"{request.method}&{urls.rawurlencode(address)}&{urls.encode_again(pairs)}"


@lru_cache(maxsize=8192)
def _encode(text: str) -> str:
    """Encode a name or value; WooCommerce decodes it once more before."""
    return urls.rawurlencode(unquote(text))


def _decode_basic(text: str) -> str:
    try:
        return base64.b64decode(text).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
