"""Seeded chance without state: the same seed and index always draw the same numbers.

The base records (`woosim.base`) draw from here, so that any record can be made on demand.
"""

from math import gcd

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


def mix(seed: int, index: int) -> int:
    """Return 64 well mixed bits for a seed and an index (splitmix64)."""
    z = (seed + (index + 1) * _GOLDEN) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


class Shuffle:
    """A seeded permutation of range(size) that needs no memory."""

    __slots__ = ("_back", "_shift", "_step", "size")

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        step = int(size * 0.6180339887) + 1
        while gcd(step, max(size, 1)) != 1:
            step += 1
        self._step = step
        self._back = pow(step, -1, size) if size > 1 else 0
        self._shift = mix(seed, 0) % size if size else 0

    def at(self, position: int) -> int:
        """Return the item at a position."""
        return (self._step * position + self._shift) % self.size

    def position(self, item: int) -> int:
        """Return the position of an item."""
        return (self._back * (item - self._shift)) % self.size


class Repeating:
    """Counts that repeat along an index: how many children each of `size` parents has.

    Finds the child at a rank, and the rank of a child, without a list of all of them.
    """

    __slots__ = ("_owners", "_starts", "counts", "per_round", "size", "total")

    def __init__(self, counts: list[int], size: int) -> None:
        self.counts = counts
        self.size = size
        self._starts = [sum(counts[:i]) for i in range(len(counts) + 1)]
        self.per_round = self._starts[-1]
        self._owners = [i for i, n in enumerate(counts) for _ in range(n)]
        rounds, rest = divmod(size, len(counts))
        self.total = rounds * self.per_round + self._starts[rest]

    def count(self, parent: int) -> int:
        """Return how many children the parent has."""
        return self.counts[parent % len(self.counts)]

    def rank(self, parent: int, child: int) -> int:
        """Return the rank of the parent's child (both from 0) among all children."""
        rounds, rest = divmod(parent, len(self.counts))
        return rounds * self.per_round + self._starts[rest] + child

    def locate(self, rank: int) -> tuple[int, int]:
        """Return (parent, child) at a rank."""
        rounds, rest = divmod(rank, self.per_round)
        owner = self._owners[rest]
        return rounds * len(self.counts) + owner, rest - self._starts[owner]
