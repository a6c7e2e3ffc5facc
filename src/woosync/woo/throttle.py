"""How many requests a store gets at once; the client asks before and reports after each."""

import asyncio
import collections
from collections.abc import Hashable

import msgspec

from woosync.woo.clock import Clock

#: Answers take so many times the usual: below the first the limit grows, above the second it falls.
_GROWS_BELOW, _CUT_ABOVE = 1.2, 1.35
_CUT, _HALVE = 0.75, 0.5
#: After so many rounds between the two it is cut as well, to see what a calm store takes by now.
_DOUBTFUL_ROUNDS = 6
#: How fast the averages follow each answer.
_AVERAGE, _RATIO = 0.1, 0.2
#: So many answers of a kind are believed to be usual, whenever they came.
_FIRST = 4
_START, _FLOOR = 2.0, 1.0
_KINDS = 512


class _Usual(msgspec.Struct):
    """What one kind of request takes: lately, and of a store that is not busy.

    Only calm answers raise the baseline: a longer time of a busy store may be queueing.
    """

    average: float = 0.0
    baseline: float = 0.0
    count: int = 0

    def learn(self, seconds: float, *, calm: bool) -> None:
        self.count += 1
        weight = max(_AVERAGE, 1 / self.count)
        self.average += weight * (seconds - self.average)
        if calm or self.count <= _FIRST:
            self.baseline += weight * (seconds - self.baseline)
        else:
            self.baseline = min(self.baseline, self.average)


class AdaptiveLimit(msgspec.Struct):
    """An estimate of how many requests a store works on at once.

    A shop with w workers answers n > w requests in n/w of the usual time each, so times above the
    usual mean that requests queue there. The limit grows by one a round of answers (faster until
    the first cut) and is cut by a quarter when they queue, by half on 429, 5xx and timeouts: the
    sawtooth's lower end is near w, where the usual times are learned afresh. They are kept per
    kind of request, because pages cost different amounts.
    """

    ceiling: float
    limit: float = _START
    _ratio: float = 1.0
    _usual: dict[Hashable, _Usual] = msgspec.field(default_factory=dict)
    _hurried: bool = True
    _since_cut: int = 0
    _doubtful: int = 0

    def __post_init__(self) -> None:
        self.limit = min(self.limit, self.ceiling)

    def answered(self, kind: Hashable, seconds: float, *, in_flight: int) -> None:
        """Learn from a good answer; `in_flight` counts requests at its start, itself included."""
        usual = self._usual.get(kind)
        if usual is None:
            if len(self._usual) >= _KINDS:
                self._usual.clear()
            usual = self._usual[kind] = _Usual()
        usual.learn(max(seconds, 1e-6), calm=in_flight <= _START)
        self._ratio += _RATIO * (seconds / usual.baseline - self._ratio)
        self._since_cut += 1
        self._doubtful += self._ratio >= _GROWS_BELOW
        if self._ratio > _CUT_ABOVE or self._doubtful > _DOUBTFUL_ROUNDS * self.limit:
            self._cut(_CUT, floor=_START)
        elif self._ratio < _GROWS_BELOW and in_flight >= int(self.limit) and usual.count >= _FIRST:
            step = 0.5 if self._hurried else 1 / self.limit
            self.limit = min(self.ceiling, self.limit + step)
            self._doubtful = 0

    def failed(self) -> None:
        """Learn from a 429, a 5xx or a timeout."""
        self._since_cut += 1
        self._cut(_HALVE, floor=_FLOOR)

    def _cut(self, factor: float, *, floor: float) -> None:
        """Shrink once a round: answers to requests sent before a cut say nothing about it."""
        self._hurried = False
        if self._since_cut >= int(self.limit):
            self.limit = max(min(floor, self.limit), self.limit * factor)
            self._since_cut = self._doubtful = 0
            self._ratio = 1.0


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
