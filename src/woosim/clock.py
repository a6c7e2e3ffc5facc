"""The shop's clock: real time, moved on or frozen by the admin API or a test."""

from collections.abc import Callable
from datetime import datetime, timedelta


class Clock:
    """A clock above another: `now` is what the shop's `now` becomes."""

    def __init__(self, real: Callable[[], datetime]) -> None:
        self._real = real
        self._ahead = timedelta()
        self._frozen: datetime | None = None

    def now(self) -> datetime:
        """Return the shop's time."""
        return (self._frozen or self._real()) + self._ahead

    def advance(self, seconds: float) -> datetime:
        """Move the time on (or back), also while frozen."""
        self._ahead += timedelta(seconds=seconds)
        return self.now()

    def freeze(self) -> datetime:
        """Stop the time where it is."""
        self._frozen = self._frozen or self._real()
        return self.now()

    def run(self) -> datetime:
        """Let a frozen time run on from where it stands."""
        if self._frozen is not None:
            self._ahead -= self._real() - self._frozen
            self._frozen = None
        return self.now()
