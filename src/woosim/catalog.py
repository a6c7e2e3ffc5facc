"""The lists of one kind: its orders, its filters over base records, and cached merged sequences."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from woosim import dates, listing

_CACHED = 64
Record = listing.Record
TIME_FIELDS = {"date": "date_created_gmt", "modified": "date_modified_gmt"}


class Catalog:
    """Base and touched records of one kind.

    `touched` holds every record that is not as the base has it (changed and new ones) by id; `gone`
    the ids of removed base records. `revision` rises with every change.
    """

    def __init__(
        self,
        base: listing.Base,
        decode: Callable[[int], Record],
        times: dict[str, Any],
    ) -> None:
        self.base = base
        self.touched: dict[int, Record] = {}
        self.gone: set[int] = set()
        self.revision = 0
        self._decode = decode
        self._orderings = {
            "id": listing.Ordering(
                base.size, lambda p: p, lambda i: (0, base.id_of(i)), lambda r: (0, r["id"])
            )
        }
        for axis, timeline in times.items():
            self._orderings[axis] = _time_ordering(base, timeline, TIME_FIELDS[axis])
        self._scans: dict[str, Sequence[int]] = {}
        self._lists: dict[str, tuple[int, listing.Merged]] = {}

    def read(self, record_id: int) -> Record | None:
        """Return a record, or None. A touched one is the stored dict itself: do not change it."""
        record = self.touched.get(record_id)
        if record is not None:
            return record
        index = self.untouched_index(record_id)
        return None if index is None else self._decode(index)

    def untouched_index(self, record_id: int) -> int | None:
        """Return the base index of a record that is as the base has it, else None."""
        if record_id in self.touched or record_id in self.gone:
            return None
        return self.base.index_of(record_id)

    def put(self, record: Record) -> None:
        """Store a changed or new record."""
        self.touched[record["id"]] = record
        self.revision += 1

    def remove(self, record_id: int) -> None:
        """Forget a record for good."""
        self.touched.pop(record_id, None)
        if self.base.index_of(record_id) is not None:
            self.gone.add(record_id)
        self.revision += 1

    def page(
        self, query: listing.Query, offset: int, limit: int, *, shaky: bool = False
    ) -> tuple[list[int], int]:
        """Return the ids of one page and the length of the whole list.

        `shaky` leaves records of one second in an order that differs from page to page.
        """
        merged = self._merged(query)
        total = len(merged)
        places: Iterable[int] = range(offset, min(offset + limit, total))
        if query.descending:
            places = (total - 1 - place for place in places)
        if shaky and query.orderby in TIME_FIELDS:
            places = (self._shaken(merged, place, offset) for place in places)
        return [merged.id_at(place) for place in places], total

    def _shaken(self, merged: listing.Merged, place: int, turn: int) -> int:
        """Return another place among those whose record has the same time."""

        def seconds(at: int) -> int:
            record_id = merged.id_at(at)
            record = self.touched.get(record_id)
            if record is not None:
                return int(merged.ordering.record_key(record)[0])
            return int(merged.ordering.key(self.base.index_of(record_id) or 0)[0])

        time = seconds(place)
        everything = range(len(merged))
        first = bisect_left(everything, time, key=seconds)
        after = bisect_right(everything, time, key=seconds)
        return first + (place - first + turn) % (after - first)

    def _merged(self, query: listing.Query) -> listing.Merged:
        text = query.text
        revision, merged = self._lists.get(text, (-1, None))
        if merged is not None and revision == self.revision:
            return merged
        ordering = self.ordering(query.orderby)
        named = self._named(query)
        positions = self._positions(query)
        gaps = [
            ordering.position(index)
            for record_id in (self._changed(named) if positions else ())
            if (index := self.base.index_of(record_id)) is not None
        ]
        touched = [
            (ordering.record_key(record), record_id)
            for record_id in (self.touched if named is None else named)
            if (record := self.touched.get(record_id)) is not None and _holds(record, query)
        ]
        merged = listing.merge(ordering, self.base, positions, gaps, touched)
        if len(self._lists) >= _CACHED:
            self._lists.clear()
        self._lists[text] = (self.revision, merged)
        return merged

    def _named(self, query: listing.Query) -> frozenset[int] | None:
        """Return the only ids that can be in the list, if its filters name them."""
        named = sorted((f.ids for f in query.filters if f.ids is not None), key=len)
        return frozenset(named[0]) if named else None

    def _changed(self, named: frozenset[int] | None) -> list[int]:
        """Return the ids, all or of those named, that are not as the base has them."""
        if named is None:
            return [*self.touched, *self.gone]
        return [i for i in named if i in self.touched or i in self.gone]

    def ordering(self, name: str) -> listing.Ordering:
        """Return an order; one by a field is made when first asked for."""
        if name not in self._orderings:
            self._orderings[name] = self._field_ordering(name)
        return self._orderings[name]

    def _field_ordering(self, name: str) -> listing.Ordering:
        keys = [sort_key(self._decode(index), name) for index in range(self.base.size)]
        order = array("I", sorted(range(self.base.size), key=keys.__getitem__))
        return listing.Ordering(
            self.base.size,
            order.__getitem__,
            keys.__getitem__,
            lambda record: sort_key(record, name),
        )

    def _positions(self, query: listing.Query) -> Sequence[int]:
        """Return the positions of the base records that hold, touched or not."""
        filters = [f for f in query.filters if not f.all_base]
        inside = [b for b in query.bounds if b.axis == query.orderby]
        if not filters and len(inside) == len(query.bounds):
            return self._range(query.orderby, inside)
        text = query.text
        if text not in self._scans:
            if len(self._scans) >= _CACHED:
                self._scans.clear()
            ordering = self.ordering(query.orderby)
            found = {index for index in self._candidates(query) if self._base_holds(index, query)}
            if len(found) * 8 < self.base.size:
                positions = sorted(ordering.position(index) for index in found)
            else:
                positions = [p for p in range(ordering.size) if ordering.index_at(p) in found]
            self._scans[text] = array("I", positions)
        return self._scans[text]

    def _candidates(self, query: listing.Query) -> Sequence[int]:
        named = self._named(query)
        if named is not None:
            indexes = {self.base.index_of(record_id) for record_id in named}
            return [index for index in indexes if index is not None]
        if query.bounds:
            axis = query.bounds[0].axis
            ordering = self.ordering(axis)
            bounds = [b for b in query.bounds if b.axis == axis]
            return [ordering.index_at(position) for position in self._range(axis, bounds)]
        return range(self.base.size)

    def _base_holds(self, index: int, query: listing.Query) -> bool:
        for bound in query.bounds:
            if not bound.holds(self.ordering(bound.axis).key(index)[0]):
                return False
        filters = [f for f in query.filters if not f.all_base]
        if not all(f.base(index) for f in filters if f.base):
            return False
        slow = [f for f in filters if f.base is None]
        if not slow:
            return True
        record = self._decode(index)
        return all(f.holds(record) for f in slow)

    def _range(self, axis: str, bounds: list[listing.Bound]) -> range:
        ordering = self.ordering(axis)
        low, high = 0, self.base.size

        def seconds(position: int) -> int:
            return int(ordering.key(ordering.index_at(position))[0])

        for bound in bounds:
            everything = range(self.base.size)
            if bound.after is not None:
                low = max(low, bisect_right(everything, bound.after, key=seconds))
            if bound.before is not None:
                high = min(high, bisect_left(everything, bound.before, key=seconds))
        return range(low, max(low, high))


def _time_ordering(base: listing.Base, timeline: Any, name: str) -> listing.Ordering:
    return listing.Ordering(
        base.size,
        timeline.index_at,
        lambda index: (timeline.at(index), base.id_of(index)),
        lambda record: (dates.to_seconds(record[name]), record["id"]),
    )


def sort_key(record: Record, name: str) -> listing.Key:
    """Return the key of an order by a field's value."""
    value = record.get({"title": "name", "popularity": "total_sales"}.get(name, name), "")
    if name == "name" and "first_name" in record:
        value = f"{record['first_name']} {record['last_name']}"
    if name == "price":
        value = float(value or 0)
    return (value.casefold() if isinstance(value, str) else value, record["id"])


def _holds(record: Record, query: listing.Query) -> bool:
    for bound in query.bounds:
        text = record.get(TIME_FIELDS[bound.axis])
        if text is None or not bound.holds(dates.to_seconds(text)):
            return False
    return all(f.holds(record) for f in query.filters)
