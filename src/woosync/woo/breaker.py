"""Leave a dead store alone: after many failures in a row calls fail at once but for a probe."""

import msgspec

from woosync.woo import errors
from woosync.woo.clock import Clock


class CircuitBreaker(msgspec.Struct):
    """Open after `threshold` temporary failures in a row.

    The pause is `first_pause` seconds, then twice that, up to `longest_pause`. While open, `check`
    raises; after the pause it lets a single probe through (half open).
    """

    clock: Clock
    threshold: int = 10
    first_pause: float = 15.0
    longest_pause: float = 300.0
    _failures: int = 0
    _pause: float = 0.0
    _opened_at: float = 0.0
    _probing: bool = False
    _why: str = ""

    @property
    def is_open(self) -> bool:
        """Whether calls are being refused."""
        return self._pause > 0

    def check(self) -> None:
        """Let the call pass, or raise StoreUnreachable with the rest of the pause."""
        if not self.is_open:
            return
        left = self._opened_at + self._pause - self.clock.monotonic()
        if left <= 0 and not self._probing:
            self._probing = True
            return
        raise errors.StoreUnreachable(
            f"The store failed {self._failures} times in a row, so it is left alone for a while. "
            f"The last time: {self._why}",
            remedy="See whether the shop opens in a browser, and run it again; `woosync serve` and "
            "`worker` try again by themselves.",
            retry_after=max(left, 1.0),
        )

    def succeeded(self) -> None:
        """Note an answer of a working store."""
        self._failures, self._pause, self._probing = 0, 0.0, False

    def failed(self, why: str) -> None:
        """Note a temporary failure, and the sentence that told of it."""
        self._failures += 1
        self._why = why
        if self._probing or (not self.is_open and self._failures >= self.threshold):
            self._pause = min(self.longest_pause, max(self.first_pause, self._pause * 2))
            self._opened_at = self.clock.monotonic()
            self._probing = False

    def abandoned(self) -> None:
        """Note that a call ended without telling anything (cancelled): a probe is free again."""
        self._probing = False
