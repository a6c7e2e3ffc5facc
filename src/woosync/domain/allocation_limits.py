"""How much there is for stores whose warehouses overlap, be it only in a chain. Pure.

Parts can be served from the warehouses exactly when, for every union of the stores' warehouses,
the stores that sell from nothing else together have no more than it holds (Hall's condition).
Unions of warehouses that no store connects say nothing more than their parts do.
"""

import math
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from woosync.domain.allocation import Limit

#: More unions than this are not reckoned with: then each store counts on one warehouse alone.
MOST_AREAS = 256
NONE = Decimal(0)

#: The warehouses that each store sells from, by store id.
Places = Mapping[int, frozenset[int]]


class Area(msgspec.Struct, frozen=True):
    """A union of stores' warehouses, and the stores that sell from nothing else.

    `debtors` are warehouses whose goods do not count, but what they lack does.
    """

    warehouses: frozenset[int]
    stores: frozenset[int]
    debtors: frozenset[int] = frozenset()

    def limit(self, available: Mapping[int, Decimal], kept: Mapping[int, Decimal]) -> Limit:
        """Return how many units there are, from what warehouses have and stores keep back."""
        goods = sum((available.get(one, NONE) for one in self.warehouses), NONE)
        debts = sum((min(available.get(one, NONE), NONE) for one in self.debtors), NONE)
        back = max((kept.get(one, NONE) for one in self.stores), default=NONE)
        return Limit(self.stores, math.floor(goods + debts - back))


def linked(store_id: int, places: Places) -> frozenset[int]:
    """Return the store and all that share warehouses with it, with those, and so on."""
    found: set[int] = set()
    fresh = {store_id} & places.keys()
    while fresh:
        found |= fresh
        reached = frozenset[int]().union(*(places[one] for one in fresh))
        fresh = {one for one, ours in places.items() if one not in found and ours & reached}
    return frozenset(found)


def areas(places: Places) -> list[Area]:
    """Return every connected union of the stores' warehouses, the inner ones first.

    With more than `MOST_AREAS` of them the stores get parts that are right, but may be too small:
    each counts on its first warehouse by number alone.
    """
    unions = _unions(places)
    if unions is not None:
        return _ordered([_area(one, places) for one in unions])
    single = {one: frozenset({min(ours)}) for one, ours in places.items() if ours}
    everything = frozenset[int]().union(*places.values())
    narrow = [_area(one, single) for one in set(single.values())]
    return _ordered(
        [Area(one.warehouses, one.stores, everything - one.warehouses) for one in narrow]
    )


def _unions(places: Places) -> set[frozenset[int]] | None:
    """Return the connected unions of these sets; None if there are too many."""
    sets = {ours for ours in places.values() if ours}
    found, fresh = set(sets), set(sets)
    while fresh and len(found) <= MOST_AREAS:
        fresh = {one | other for one in fresh for other in sets if one & other} - found
        found |= fresh
    return None if len(found) > MOST_AREAS else found


def _area(union: frozenset[int], places: Places) -> Area:
    return Area(union, frozenset(one for one, ours in places.items() if ours and ours <= union))


def _ordered(found: list[Area]) -> list[Area]:
    return sorted(found, key=lambda one: (len(one.stores), sorted(one.stores)))
