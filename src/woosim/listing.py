"""Lists in every order over base records that are not in memory and touched ones that are.

A base order knows its record at a position by arithmetic. Touched and removed base records are
holes in it, touched records are merged in at the place their key gives them; a page costs its own
length.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Record = dict[str, Any]
Key = tuple[Any, int]
_REMEMBERED = 200_000


class Base(Protocol):
    """The base records of one kind, made on demand by index."""

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of what `draw` returns."""

    @property
    def size(self) -> int:
        """How many records there are."""

    def id_of(self, index: int) -> int:
        """Return the record's id; ids rise with the index."""

    def index_of(self, record_id: int) -> int | None:
        """Return the index of an id, or None."""

    def draw(self, index: int) -> tuple[str, ...]:
        """Return the record's values as JSON text."""


class Ordering:
    """One total order (key, id) of a kind, ascending, over its base records."""

    def __init__(
        self,
        size: int,
        index_at: Callable[[int], int],
        key: Callable[[int], Key],
        record_key: Callable[[Record], Key],
    ) -> None:
        self.size = size
        self.index_at = index_at
        self.key = key
        self.record_key = record_key
        self._places: dict[Key, int] = {}
        self._positions: dict[int, int] = {}

    def place(self, key: Key) -> int:
        """Return how many base records stand before a key."""
        place = self._places.get(key)
        if place is None:
            if len(self._places) > _REMEMBERED:
                self._places.clear()
            place = bisect_left(range(self.size), key, key=lambda p: self.key(self.index_at(p)))
            self._places[key] = place
        return place

    def position(self, index: int) -> int:
        """Return the position of a base record, which never changes."""
        position = self._positions.get(index)
        if position is None:
            position = self._positions[index] = self.place(self.key(index))
        return position


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition of a list. `text` tells equal filters (they hold for the same records).

    `all_base` says that every base record holds it; `base` tells of a base record by its index,
    without making the record; `ids` names the only records that can hold it.
    """

    text: str
    holds: Callable[[Record], bool]
    all_base: bool = False
    base: Callable[[int], bool] | None = None
    ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """Only records whose time (UTC seconds) on an axis is between two bounds, both exclusive."""

    axis: str
    after: int | None = None
    before: int | None = None

    def holds(self, seconds: int) -> bool:
        """Tell whether a time is inside."""
        return (self.after is None or seconds > self.after) and (
            self.before is None or seconds < self.before
        )


@dataclass(frozen=True, slots=True)
class Query:
    """What to list and in which order."""

    orderby: str
    descending: bool
    filters: tuple[Filter, ...] = ()
    bounds: tuple[Bound, ...] = ()

    @property
    def text(self) -> str:
        """A text equal for equal lists."""
        return f"{self.orderby}|{self.bounds}|{[f.text for f in self.filters]}"


@dataclass(slots=True)
class Merged:
    """Base positions and touched records merged into one ascending sequence of ids."""

    ordering: Ordering
    base: Base
    positions: Sequence[int]
    holes: list[int]
    touched: list[int]
    starts: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.positions) - len(self.holes) + len(self.touched)

    def id_at(self, place: int) -> int:
        """Return the id at a place."""
        before = bisect_right(self.starts, place)
        if before and self.starts[before - 1] == place:
            return self.touched[before - 1]
        live = place - before
        position = self.positions[live + bisect_right(self.holes, live)]
        return self.base.id_of(self.ordering.index_at(position))


def merge(
    ordering: Ordering,
    base: Base,
    positions: Sequence[int],
    gaps: Iterable[int],
    touched: Iterable[tuple[Key, int]],
) -> Merged:
    """Merge base positions (without the gaps) and touched records.

    Args:
        ordering: the order all of them stand in.
        base: the base records.
        positions: rising positions in the order.
        gaps: positions of base records that are touched or gone.
        touched: (key, id) of the touched records that belong in the list.
    """
    found = sorted({place for gap in gaps if (place := _place_of(positions, gap)) is not None})
    starts, ids = [], []
    for number, (key, record_id) in enumerate(sorted(touched)):
        place = bisect_left(positions, ordering.place(key))
        starts.append(place - bisect_left(found, place) + number)
        ids.append(record_id)
    holes = [place - number for number, place in enumerate(found)]
    return Merged(ordering, base, positions, holes, ids, starts)


def _place_of(positions: Sequence[int], wanted: int) -> int | None:
    if isinstance(positions, range):
        inside = positions.start <= wanted < positions.stop
        return wanted - positions.start if inside else None
    place = bisect_left(positions, wanted)
    return place if place < len(positions) and positions[place] == wanted else None
