"""Stores whose warehouses overlap in a chain: what there is for each of them and for all."""

from decimal import Decimal

import pytest
from msgspec import structs

from woosync.domain import allocation, allocation_limits
from woosync.domain.allocation import Holder, Limit

#: One sells from warehouse 1, two from both, three from warehouse 2.
CHAIN = {1: frozenset({1}), 2: frozenset({1, 2}), 3: frozenset({2})}


def limits(first: int, second: int, **kept: int) -> list[Limit]:
    available = {1: Decimal(first), 2: Decimal(second)}
    back = {int(one[1:]): Decimal(units) for one, units in kept.items()}
    return [one.limit(available, back) for one in allocation_limits.areas(CHAIN)]


def chain(*held: int, shown: tuple[int, ...] | None = None) -> list[Holder]:
    return [
        Holder(store_id=store, allocation=units, expected=expected)
        for store, units, expected in zip((1, 2, 3), held, shown or held, strict=True)
    ]


def test_stores_are_linked_through_others() -> None:
    places = CHAIN | {4: frozenset({9}), 5: frozenset[int]()}
    assert [allocation_limits.linked(one, places) for one in (1, 2, 3)] == [
        frozenset({1, 2, 3})
    ] * 3
    assert allocation_limits.linked(1, {1: CHAIN[1], 3: CHAIN[3]}) == {1}
    assert allocation_limits.linked(5, places) == {5}
    assert allocation_limits.linked(6, places) == frozenset()


def test_every_union_of_warehouses_limits_the_stores_within() -> None:
    assert limits(3, 4) == [
        Limit(frozenset({1}), 3),
        Limit(frozenset({3}), 4),
        Limit(frozenset({1, 2, 3}), 7),
    ]


def test_stores_with_the_same_warehouses_have_one_limit() -> None:
    places = {1: frozenset({1, 2}), 2: frozenset({2, 1}), 3: frozenset({1, 2})}
    [area] = allocation_limits.areas(places)
    assert area.limit({1: Decimal("2.5"), 2: Decimal(3)}, {2: Decimal(1)}) == Limit(
        frozenset({1, 2, 3}), 4
    )


def test_a_store_keeps_back_where_all_its_goods_are() -> None:
    assert [one.units for one in limits(9, 9, s1=2)] == [7, 9, 16]
    assert [one.units for one in limits(9, 9, s1=2, s2=5)] == [7, 9, 13]


def test_what_a_warehouse_lacks_is_missing_for_those_that_sell_from_it() -> None:
    assert [one.units for one in limits(-2, 5)] == [-2, 5, 3]
    assert allocation.parts_of(limits(-2, 5), chain(0, 0, 0)) == {1: 0, 2: 2, 3: 1}


def test_a_store_gets_less_than_its_share_where_its_warehouses_have_less() -> None:
    assert allocation.parts_of(limits(10, 10), chain(0, 0, 0)) == {1: 7, 2: 7, 3: 6}
    assert allocation.parts_of(limits(1, 9), chain(0, 0, 0)) == {1: 1, 2: 5, 3: 4}
    assert allocation.parts_of(limits(0, 9), chain(0, 0, 0)) == {1: 0, 2: 5, 3: 4}


def test_a_ceiling_leaves_units_to_those_that_can_sell_them() -> None:
    one, two, three = chain(0, 0, 0)
    wanting = [one, structs.replace(two, wanted=1), three]
    assert allocation.parts_of(limits(4, 6), wanting) == {1: 4, 2: 1, 3: 5}


def test_weights_count_within_the_limits() -> None:
    one, two, three = chain(0, 0, 0)
    heavy = [structs.replace(one, share=8), two, three]
    assert allocation.parts_of(limits(10, 10), heavy) == {1: 10, 2: 5, 3: 5}


def test_missing_units_are_taken_where_they_are_missing() -> None:
    assert allocation.reallocate(limits(2, 10), chain(5, 5, 5)) == {1: 2, 2: 5, 3: 5}
    assert allocation.reallocate(limits(10, 2), chain(4, 8, 2)) == {1: 4, 2: 6, 3: 2}


def test_units_that_a_far_store_shows_are_given_to_nobody() -> None:
    given = allocation.reallocate(limits(5, 5), chain(2, 0, 0, shown=(2, 0, 9)))
    assert given == {1: 2, 2: 0, 3: 3}
    given = allocation.reallocate(limits(5, 5), chain(0, 0, 5, shown=(0, 2, 5)))
    assert given == {1: 3, 2: 2, 3: 5}


def test_stores_in_a_ring_are_limited_together() -> None:
    ring = {n: frozenset({n, (n + 1) % 4}) for n in range(4)}
    found = allocation_limits.areas(ring)
    assert [len(one.stores) for one in found] == [1] * 4 + [2] * 4 + [4]
    available = dict.fromkeys(range(4), Decimal(1))
    cut = allocation.parts_of(
        [one.limit(available, {}) for one in found],
        [Holder(store_id=n, allocation=0, expected=0) for n in range(4)],
    )
    assert cut == dict.fromkeys(range(4), 1)


@pytest.mark.parametrize("debt", [0, 2])
def test_beyond_a_bound_each_store_counts_on_one_warehouse(debt: int) -> None:
    tangle = {n: frozenset({n, 50}) for n in range(10)} | {10: frozenset({50}), 11: frozenset({9})}
    found = allocation_limits.areas(tangle)
    assert len(found) == 11
    available = dict.fromkeys(range(10), Decimal(3)) | {50: Decimal(-debt)}
    units = {min(one.stores): one.limit(available, {}).units for one in found}
    assert units == dict.fromkeys(range(10), 3 - debt) | {10: -debt}
    assert {9, 11} in [set(one.stores) for one in found]
