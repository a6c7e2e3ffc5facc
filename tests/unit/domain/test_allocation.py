"""Who may sell how many of goods that several stores share."""

from hypothesis import given
from hypothesis import strategies as st

from woosync.domain import allocation
from woosync.domain.allocation import Holder, Limit


def holder(store: int, held: int, shown: int | None = None, **more: int) -> Holder:
    expected = held if shown is None else shown
    return Holder(store_id=store, allocation=held, expected=expected, **more)


def one_limit(budget: int, holders: list[Holder]) -> list[Limit]:
    return [Limit(frozenset(one.store_id for one in holders), budget)]


def reallocate(budget: int, holders: list[Holder]) -> dict[int, int]:
    return allocation.reallocate(one_limit(budget, holders), holders)


def test_units_are_split_by_weight_and_none_is_lost() -> None:
    assert allocation.split(10, {1: 1, 2: 1}) == {1: 5, 2: 5}
    assert allocation.split(10, {1: 2, 2: 1}) == {1: 7, 2: 3}
    assert allocation.split(1, {1: 1, 2: 1}) == {1: 1, 2: 0}
    assert allocation.split(-3, {1: 1}) == {1: 0}


def test_nothing_moves_while_nothing_comes_or_goes() -> None:
    assert reallocate(10, [holder(1, 9), holder(2, 1)]) == {1: 9, 2: 1}


def test_new_goods_go_where_most_is_missing() -> None:
    assert reallocate(12, [holder(1, 9), holder(2, 1)]) == {1: 9, 2: 3}


def test_lost_goods_are_taken_where_most_is_beyond_the_share() -> None:
    assert reallocate(6, [holder(1, 9), holder(2, 1)]) == {1: 5, 2: 1}
    assert reallocate(0, [holder(1, 9), holder(2, 1)]) == {1: 0, 2: 0}


def test_units_move_only_when_the_one_store_shows_no_more() -> None:
    before = [holder(1, 10, wanted=4), holder(2, 0)]
    assert reallocate(10, before) == {1: 10, 2: 0}
    after = [holder(1, 10, 4, wanted=4), holder(2, 0)]
    assert reallocate(10, after) == {1: 4, 2: 6}


def test_units_that_another_store_may_still_show_are_not_given_out() -> None:
    assert reallocate(10, [holder(1, 2, 8), holder(2, 0)]) == {1: 5, 2: 2}


HOLDERS = st.lists(
    st.tuples(
        st.integers(0, 30), st.integers(0, 30), st.integers(1, 4), st.none() | st.integers(0, 30)
    ),
    min_size=1,
    max_size=4,
)


@given(budget=st.integers(-5, 60), drawn=HOLDERS)
def test_no_more_is_given_out_than_there_is(
    budget: int, drawn: list[tuple[int, int, int, int | None]]
) -> None:
    holders = [
        Holder(store_id=n, allocation=held, expected=shown, share=share, wanted=wanted)
        for n, (held, shown, share, wanted) in enumerate(drawn)
    ]
    given_out = reallocate(budget, holders)
    assert sum(given_out.values()) <= max(budget, 0)
    assert all(units >= 0 for units in given_out.values())
    for one in holders:
        raised = given_out[one.store_id] > one.allocation
        elsewhere = sum(
            max(given_out[other.store_id], other.expected)
            for other in holders
            if other.store_id != one.store_id
        )
        assert not raised or given_out[one.store_id] + elsewhere <= budget or elsewhere > budget
