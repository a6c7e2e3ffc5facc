"""A set of store ids that stays small at a million of them; pull notes in it what it has seen."""

BITS = 16
CHUNK = (1 << BITS) // 8


class IdSet:
    """Non-negative integers as bitmaps of 65,536 ids each (8 kB per populated range)."""

    def __init__(self) -> None:
        self._chunks: dict[int, bytearray] = {}

    def add(self, value: int) -> None:
        """Add one id."""
        high, low = value >> BITS, value & ((1 << BITS) - 1)
        chunk = self._chunks.get(high)
        if chunk is None:
            chunk = self._chunks[high] = bytearray(CHUNK)
        chunk[low >> 3] |= 1 << (low & 7)

    def __contains__(self, value: int) -> bool:
        chunk = self._chunks.get(value >> BITS)
        if chunk is None:
            return False
        low = value & ((1 << BITS) - 1)
        return bool(chunk[low >> 3] & (1 << (low & 7)))
