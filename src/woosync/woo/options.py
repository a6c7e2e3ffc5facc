"""How to talk to one store: made by settings and flows, read by the client."""

import enum
from pathlib import Path
from typing import Any

import msgspec


class AuthMode(enum.StrEnum):
    """How a request proves who sends it; AUTO tries the others in order and keeps what works."""

    AUTO = "auto"
    BASIC = "basic"
    QUERY = "query"
    OAUTH1 = "oauth1"


class Discreet(msgspec.Struct, frozen=True):
    """What holds secrets or whole bodies: written out it is its kind alone."""

    def __repr__(self) -> str:
        """Name the kind."""
        return f"{type(self).__name__}(...)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Name no field where Rich writes it out, which would not ask `__repr__`."""
        return []


class StoreOptions(Discreet, frozen=True, kw_only=True):
    """One store's address, keys and limits.

    Times are in seconds, `body_limit` is in decompressed bytes, `retries` counts attempts after the
    first. `rate_limit` is in requests a second, None is unlimited. `concurrency` is the ceiling of
    the adaptive limit, which starts at 2.
    """

    url: str
    key: str
    secret: str
    ca_file: Path | None = None
    allow_private: bool = False
    auth: AuthMode = AuthMode.AUTO
    timeout: float = 60.0
    connect_timeout: float = 10.0
    retries: int = 3
    backoff: float = 0.5
    backoff_ceiling: float = 30.0
    rate_limit: float | None = None
    concurrency: int = 8
    body_limit: int = 64 * 1024 * 1024
