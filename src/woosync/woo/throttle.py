"""How many requests a store gets at once; the client asks before and reports after each."""

import asyncio
import collections
from collections.abc import Hashable
from dataclasses import dataclass, field

from woosync.woo.clock import Clock

#: Requests the store seems to queue: below the first the limit grows, above the second it shrinks.
QUEUE_LOW, QUEUE_HIGH = 0.8, 1.4
#: How fast a baseline follows a quicker answer, a slower one, and the average follows each answer.
_FASTER, _SLOWER, _AVERAGE = 0.2, 0.05, 0.2
_START, _FLOOR = 2.0, 1.0
_BASELINES = 512


@dataclass(slots=True)
class AdaptiveLimit:
    """An estimate of how many requests a store works on at once (TCP Vegas' idea on HTTP).

    A shop with w workers answers n > w requests in n/w of the usual time, so
    `limit * (1 - usual / seen)` requests are queueing. Usual times are kept per class of request,
    because pages cost different amounts, and are learned upwards only while little is in flight.
    """

    ceiling: float
    limit: float = _START
    _ratio: float = 1.0
    _baselines: dict[Hashable, float] = field(default_factory=dict)
    _hurried: bool = True
    _since_cut: int = 0

    def __post_init__(self) -> None:
        self.limit = min(self.limit, self.ceiling)

    def answered(self, kind: Hashable, seconds: float, *, in_flight: int) -> None:
        """Learn from a good answer; `in_flight` counts requests at its start, itself included."""
        baseline = self._learn(kind, max(seconds, 1e-6), calm=in_flight <= _START)
        self._ratio += _AVERAGE * (max(seconds / baseline, 1.0) - self._ratio)
        self._since_cut += 1
        queue = self.limit * (1 - 1 / self._ratio)
        if queue > QUEUE_HIGH:
            self._hurried = False
            self._cut(0.9, floor=_START)
        elif queue < QUEUE_LOW and in_flight >= int(self.limit):
            self.limit = min(self.ceiling, self.limit + (0.5 if self._hurried else 1 / self.limit))

    def failed(self) -> None:
        """Learn from a 429, a 5xx or a timeout: halve."""
        self._hurried = False
        self._since_cut += 1
        self._cut(0.5, floor=_FLOOR)

    def _cut(self, factor: float, *, floor: float) -> None:
        """Shrink once a round: answers to requests sent before a cut say nothing about it."""
        if self._since_cut >= int(self.limit):
            self.limit = max(min(floor, self.limit), self.limit * factor)
            self._since_cut = 0
            self._ratio = 1 + (self._ratio - 1) * factor

    def _learn(self, kind: Hashable, seconds: float, *, calm: bool) -> float:
        baseline = self._baselines.get(kind)
        if baseline is None:
            if len(self._baselines) >= _BASELINES:
                self._baselines.clear()
            baseline = seconds
        elif seconds < baseline:
            baseline += _FASTER * (seconds - baseline)
        elif calm:
            baseline += _SLOWER * (seconds - baseline)
        self._baselines[kind] = baseline
        return baseline


class Throttle:
    """Gate of one store: adaptive concurrency, an optional rate, and pauses the store asked for."""

    def __init__(self, *, ceiling: int, rate_limit: float | None, clock: Clock) -> None:
        self.adaptive = AdaptiveLimit(ceiling=max(1.0, float(ceiling)))
        self.in_flight = 0
        self._clock = clock
        self._interval = 1.0 / rate_limit if rate_limit else 0.0
        self._next_slot = 0.0
        self._paused_until = 0.0
        self._waiting: collections.deque[asyncio.Future[None]] = collections.deque()

    @property
    def limit(self) -> int:
        """How many requests may be in flight now."""
        return int(self.adaptive.limit)

    async def acquire(self) -> int:
        """Wait for a place, the rate and any pause; return how many are in flight with this."""
        await self._place()
        try:
            await self._slot()
        except BaseException:
            self.release()
            raise
        return self.in_flight

    def release(self) -> None:
        """Give the place back."""
        self.in_flight -= 1
        self._wake()

    def pause(self, seconds: float) -> None:
        """Hold every new request for so long, as the store asked."""
        self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)

    async def _place(self) -> None:
        if self.in_flight < self.limit and not self._waiting:
            self.in_flight += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()
            elif turn in self._waiting:
                self._waiting.remove(turn)
            raise

    def _wake(self) -> None:
        while self._waiting and self.in_flight < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self.in_flight += 1
                turn.set_result(None)

    async def _slot(self) -> None:
        while True:
            now = self._clock.monotonic()
            at = max(self._paused_until, self._next_slot)
            if at <= now:
                self._next_slot = now + self._interval
                return
            if at == self._next_slot and self._interval:
                self._next_slot = at + self._interval
                await self._clock.sleep(at - now)
                if self._paused_until <= self._clock.monotonic():
                    return
            else:
                await self._clock.sleep(at - now)
