"""Time and chance of the client, in one place so that tests can hold them still."""

import asyncio
import random
import secrets
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import msgspec


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """Where the client takes time, waiting and randomness from.

    `monotonic` and `sleep` are in seconds, `fraction` is uniform in [0, 1), `nonce` never repeats.
    """

    now: Callable[[], datetime] = _utc_now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    fraction: Callable[[], float] = random.SystemRandom().random
    nonce: Callable[[], str] = secrets.token_hex
