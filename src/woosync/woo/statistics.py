"""Count what was asked of a store, per endpoint and minute; flows drain it into api_calls."""

import bisect
import re
from datetime import datetime

import msgspec

from woosync.domain.latency import BUCKETS

_NUMBER = re.compile(r"(?<=/)\d+(?=/|$)")


class CallCount(msgspec.Struct):
    """Calls of one endpoint within one minute; `histogram` counts answers by BUCKETS plus one.

    `throttled` of the `errors` were the store saying that it is asked too often.
    """

    method: str
    route: str
    minute: datetime
    count: int = 0
    errors: int = 0
    throttled: int = 0
    seconds: float = 0.0
    histogram: list[int] = msgspec.field(default_factory=lambda: [0] * (len(BUCKETS) + 1))


class CallStatistics(msgspec.Struct):
    """Counts since the last drain, and the total of requests since the start."""

    total: int = 0
    _counts: dict[tuple[str, str, datetime], CallCount] = msgspec.field(default_factory=dict)

    def record(
        self,
        call: tuple[str, str],
        *,
        at: datetime,
        seconds: float,
        failed: bool,
        throttled: bool = False,
    ) -> None:
        """Count one request; `call` is method and route pattern, `at` when it was sent."""
        self.total += 1
        method, route = call
        minute = at.replace(second=0, microsecond=0)
        row = self._counts.get((method, route, minute))
        if row is None:
            row = self._counts[method, route, minute] = CallCount(method, route, minute)
        row.count += 1
        row.errors += failed
        row.throttled += throttled
        row.seconds += seconds
        row.histogram[bisect.bisect_left(BUCKETS, seconds)] += 1

    @property
    def pending(self) -> bool:
        """Tell whether there is something to drain."""
        return bool(self._counts)

    def drain(self) -> list[CallCount]:
        """Return the rows counted so far and forget them; `total` stays."""
        rows = list(self._counts.values())
        self._counts.clear()
        return rows


def pattern(route: str) -> str:
    """Return the route without its ids: `products/7/variations` -> `products/{id}/variations`."""
    return _NUMBER.sub("{id}", route)
