"""Write one request: address, query, headers, proof of identity; called once an attempt."""

from collections.abc import Mapping
from urllib.parse import quote

from woosync.woo import auth
from woosync.woo.clock import Clock
from woosync.woo.options import AuthMode, Discreet, StoreOptions

_HEADERS = {
    "User-Agent": "woosync/0.1",
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
}


class Call(Discreet, frozen=True):
    """What is asked of a store, without how to prove who asks."""

    method: str
    route: str
    query: Mapping[str, str | int]
    data: bytes | None = None

    @property
    def is_anonymous(self) -> bool:
        """Whether it goes without keys: WordPress' own routes would take them for a user's."""
        return self.route.startswith("/") and not self.route.startswith("/wc")


def build(
    call: Call, mode: AuthMode, *, base_url: str, options: StoreOptions, clock: Clock
) -> tuple[str, dict[str, str]]:
    """Return URL and headers of one attempt; a signature is fresh each time, so is its nonce.

    The URL may carry keys: it is for the wire, never for a person.
    """
    root = "wp-json" if call.route.startswith("/") else "wp-json/wc/v3/"
    url = f"{base_url}/{root}{quote(call.route)}"
    headers = dict(_HEADERS)
    if call.data is not None:
        headers["Content-Type"] = "application/json"
    query = call.query
    if call.is_anonymous:
        pass
    elif mode is AuthMode.BASIC:
        headers["Authorization"] = auth.basic_header(options.key, options.secret)
    elif mode is AuthMode.QUERY:
        query = auth.query_with_keys(query, key=options.key, secret=options.secret)
    else:
        query = auth.sign(
            query,
            method=call.method,
            url=url,
            keys=(options.key, options.secret),
            timestamp=int(clock.now().timestamp()),
            nonce=clock.nonce(),
        )
    encoded = auth.encode_query(query)
    return (f"{url}?{encoded}" if encoded else url), headers
