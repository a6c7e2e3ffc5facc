"""When the base records were made and changed: an order by time that needs no memory."""

from collections.abc import Callable

from woosim import chance

_BULK_EVERY = 5
_TIED = 3


class Timeline:
    """Times of `size` records, and the order (time, index) they stand in.

    Every fifth record shares one second (a bulk edit in the shop's past); the rest are spread over
    [start, end) in a seeded order, up to three of them sharing a second.
    """

    __slots__ = ("_bulk", "_bulk_at", "_half", "_shuffle", "_start", "_step", "size")

    def __init__(self, size: int, seed: int, *, start: int, end: int) -> None:
        self.size = size
        self._bulk = (size + _BULK_EVERY - 1) // _BULK_EVERY
        others = size - self._bulk
        self._shuffle = chance.Shuffle(others, seed)
        groups = max(1, others // _TIED)
        self._step = max(2, (end - start) // (groups + 1))
        self._start = start
        self._half = groups // 2 * _TIED
        self._bulk_at = start + (self._half // _TIED) * self._step - 1

    def at(self, index: int) -> int:
        """Return the record's time in seconds since 1970."""
        if index % _BULK_EVERY == 0:
            return self._bulk_at
        slot = self._shuffle.position(index - index // _BULK_EVERY - 1)
        return self._start + slot // _TIED * self._step

    def index_at(self, position: int) -> int:
        """Return the record at a position of the order (time, index)."""
        if self._half <= position < self._half + self._bulk:
            return (position - self._half) * _BULK_EVERY
        slot = position if position < self._half else position - self._bulk
        first = slot - slot % _TIED
        tied = range(first, min(first + _TIED, self._shuffle.size))
        return sorted(self._index_of_slot(s) for s in tied)[slot - first]

    def _index_of_slot(self, slot: int) -> int:
        rank = self._shuffle.at(slot)
        return rank + rank // (_BULK_EVERY - 1) + 1


class Even:
    """Times that rise with the index: orders, whose ids are given as they come in."""

    __slots__ = ("_start", "_step", "size")

    def __init__(self, size: int, *, start: int, end: int) -> None:
        self.size = size
        self._start = start
        self._step = max(2, (end - start) // max(1, size))

    def at(self, index: int) -> int:
        """Return the record's time in seconds since 1970."""
        return self._start + index * self._step

    def index_at(self, position: int) -> int:
        """Return the record at a position: its own index."""
        return position


class Rising:
    """Times that rise with the index and follow from something else: refunds from their orders."""

    __slots__ = ("at", "size")

    def __init__(self, size: int, at: Callable[[int], int]) -> None:
        self.size = size
        self.at = at

    def index_at(self, position: int) -> int:
        """Return the record at a position: its own index."""
        return position
