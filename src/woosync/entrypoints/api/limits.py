"""How much a caller may ask: token buckets in memory, per token and per failing address."""

import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from time import monotonic

import fastapi

from woosync.entrypoints.api import problems

#: So many callers are remembered; the one not seen for longest makes room.
REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """Calls a second in the long run, and how many at once."""

    each_second: float
    burst: float


CALLS = Rate(50, 200)
FAILURES = Rate(1, 60)


@dataclass(slots=True)
class Buckets:
    """One bucket a name: it fills with time, each call takes one."""

    rate: Rate
    clock: Callable[[], float] = monotonic
    _levels: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, name: str) -> None:
        """Take one, whether there is one or not."""
        level, now = self._level(name), self.clock()
        self._levels[name] = (max(level - 1, -1.0), now)
        self._levels.move_to_end(name)
        if len(self._levels) > REMEMBERED:
            self._levels.popitem(last=False)

    def wait(self, name: str) -> float:
        """Return seconds until there is one; 0 where there is."""
        return max(0.0, 1 - self._level(name)) / self.rate.each_second

    def _level(self, name: str) -> float:
        level, since = self._levels.get(name, (self.rate.burst, self.clock()))
        return min(self.rate.burst, level + (self.clock() - since) * self.rate.each_second)


@dataclass(slots=True)
class Limits:
    """The buckets of one server process."""

    calls: Buckets = field(default_factory=lambda: Buckets(CALLS))
    failures: Buckets = field(default_factory=lambda: Buckets(FAILURES))
    _good: OrderedDict[bytes, None] = field(default_factory=OrderedDict)

    def check_calls(self, caller: str) -> None:
        """Count a call; 429 when the caller has had its share."""
        wait = self.calls.wait(caller)
        if wait:
            raise too_many(wait)
        self.calls.take(caller)

    def check_failures(self, address: str) -> None:
        """Refuse an address that has failed too often lately."""
        wait = self.failures.wait(address)
        if wait:
            raise too_many(wait)

    def remember(self, token: str) -> None:
        """Note that a token was good: its next request is looked at whatever others do."""
        self._good[_digest(token)] = None
        self._good.move_to_end(_digest(token))
        if len(self._good) > REMEMBERED:
            self._good.popitem(last=False)

    def remembers(self, token: str) -> bool:
        """Tell whether a token was good lately; it may have been revoked since."""
        return _digest(token) in self._good

    def count_failure(self, address: str) -> None:
        """Count a request without a valid token."""
        self.failures.take(address)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def too_many(wait: float) -> problems.ProblemError:
    """Say that this is too much for now."""
    return problems.ProblemError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many requests.",
        remedy="Wait as long as Retry-After says, then go on more slowly.",
        headers={"Retry-After": str(max(1, math.ceil(wait)))},
    )


def address_of(request: fastapi.Request) -> str:
    """Return the caller's address as uvicorn knows it (behind a trusted proxy: the forwarded)."""
    return request.client.host if request.client else ""
