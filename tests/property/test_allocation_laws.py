"""What holds for any stores, warehouses and goods: nothing is promised twice, nothing lies idle."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from woosync.domain import allocation, allocation_limits
from woosync.domain.allocation import Holder, Limit

UNITS = st.integers(0, 12)
SETS = st.frozensets(st.integers(0, 3), min_size=1, max_size=3)


class World:
    """Some stores, the first of them with all that it is linked to, and their goods."""

    def __init__(self, sets: Sequence[frozenset[int]], goods: Sequence[int]) -> None:
        everybody = dict(enumerate(sets))
        linked = allocation_limits.linked(0, everybody)
        self.places = {one: everybody[one] for one in sorted(linked)}
        self.goods = dict(enumerate(goods))
        available = {one: Decimal(units) for one, units in self.goods.items()}
        self.limits = [one.limit(available, {}) for one in allocation_limits.areas(self.places)]

    def groups(self) -> Iterator[tuple[frozenset[int], int]]:
        """Give every group of stores with what all their warehouses have: Hall's condition."""
        for size in range(1, len(self.places) + 1):
            for group in itertools.combinations(self.places, size):
                reached = frozenset[int]().union(*(self.places[one] for one in group))
                yield frozenset(group), sum(self.goods[one] for one in reached)

    def fits(self, units: Mapping[int, int]) -> bool:
        return all(sum(units[one] for one in group) <= most for group, most in self.groups())

    def linked(self, store_id: int, group: frozenset[int]) -> frozenset[int]:
        within = {one: ours for one, ours in self.places.items() if one in group}
        return allocation_limits.linked(store_id, within)


WORLDS = st.builds(
    World, st.lists(SETS, min_size=1, max_size=5), st.lists(UNITS, min_size=4, max_size=4)
)
STATES = st.lists(
    st.tuples(UNITS, UNITS, st.integers(0, 3), st.none() | UNITS), min_size=5, max_size=5
)


def holders_of(world: World, states: Sequence[tuple[int, int, int, int | None]]) -> list[Holder]:
    drawn = zip(world.places, states, strict=False)
    return [
        Holder(store_id=one, allocation=held, expected=shown, share=share, wanted=wanted)
        for one, (held, shown, share, wanted) in drawn
    ]


def after(holders: Sequence[Holder], units: Mapping[int, int]) -> list[Holder]:
    """Return the stores when each shows its part; a ceiling that is reached has done its work."""
    return [
        structs.replace(
            one,
            allocation=units[one.store_id],
            expected=units[one.store_id],
            wanted=None if one.wanted is None or units[one.store_id] <= one.wanted else one.wanted,
        )
        for one in holders
    ]


@given(WORLDS, STATES)
def test_nothing_is_given_out_twice(
    world: World, states: list[tuple[int, int, int, int | None]]
) -> None:
    holders = holders_of(world, states)
    parts = allocation.parts_of(world.limits, holders)
    assert world.fits(parts)
    assert world.fits(allocation.fitted(world.limits, holders))
    units = allocation.reallocate(world.limits, holders)
    assert world.fits(units)
    assert min(units.values()) >= 0
    for one in holders:
        if units[one.store_id] > one.allocation:
            shown = {
                other.store_id: max(units[other.store_id], other.expected) for other in holders
            }
            shown[one.store_id] = units[one.store_id]
            assert all(
                sum(shown[other] for other in group) <= most
                for group, most in world.groups()
                if world.linked(one.store_id, group) == group
            )


@given(WORLDS, STATES)
def test_no_part_could_be_greater(
    world: World, states: list[tuple[int, int, int, int | None]]
) -> None:
    holders = holders_of(world, states)
    parts = allocation.parts_of(world.limits, holders)
    for one in holders:
        may_have = one.share and (one.wanted is None or parts[one.store_id] < one.wanted)
        more = parts | {one.store_id: parts[one.store_id] + 1}
        assert not may_have or not world.fits(more)


@given(WORLDS, STATES)
def test_planning_again_changes_nothing(
    world: World, states: list[tuple[int, int, int, int | None]]
) -> None:
    holders = [structs.replace(one, wanted=None) for one in holders_of(world, states)]
    units = allocation.reallocate(world.limits, holders)
    again = [structs.replace(one, allocation=units[one.store_id]) for one in holders]
    assert allocation.reallocate(world.limits, again) == units


@given(WORLDS, STATES, st.permutations(range(5)))
def test_whoever_plans_comes_to_the_same_and_leaves_nothing_idle(
    world: World, states: list[tuple[int, int, int, int | None]], order: list[int]
) -> None:
    holders = holders_of(world, states)
    for _ in range(4):
        mixed = [holders[n] for n in order if n < len(holders)]
        units = allocation.reallocate(world.limits, mixed)
        assert units == allocation.reallocate(world.limits, holders)
        holders = after(holders, units)
    assert allocation.reallocate(world.limits, holders) == units, "it comes to rest"
    for one in holders:
        more = units | {one.store_id: units[one.store_id] + 1}
        assert not one.share or one.wanted is not None or not world.fits(more)


def parts_of_one(budget: int, holders: Sequence[Holder]) -> dict[int, int]:
    """Return the parts of one shelf, reckoned plainly: by weight, ceilings first."""
    free = {one.store_id: one.share for one in holders}
    capped: dict[int, int] = {}
    while True:
        parts = allocation.split(budget - sum(capped.values()), free)
        over = {
            one.store_id: one.wanted
            for one in holders
            if one.wanted is not None and parts.get(one.store_id, -1) > one.wanted
        }
        if not over:
            return parts | capped
        capped |= over
        free = {one: share for one, share in free.items() if one not in over}


@settings(max_examples=300)
@given(st.integers(-5, 60), STATES)
def test_one_shelf_is_split_by_weight_alone(
    budget: int, states: list[tuple[int, int, int, int | None]]
) -> None:
    world = World([frozenset({0})] * len(states), [0])
    holders = holders_of(world, states)
    limit = Limit(frozenset(world.places), budget)
    assert allocation.parts_of([limit], holders) == parts_of_one(budget, holders)
