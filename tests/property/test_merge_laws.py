from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from property import records
from woosync.domain import merge
from woosync.domain.merge import Decide, Decision, FieldChange, Side

laws = settings(max_examples=200, deadline=None, derandomize=True)
sides = st.sampled_from(Side)


def prefer(side: Side) -> Decide:
    def decide(change: FieldChange) -> Decision:
        return Decision(side=side, reason="-", suggestion=side, suggestion_reason="-")

    return decide


def never(change: FieldChange) -> Decision:
    raise AssertionError(f"no conflict was expected in {change.field}")


def leaves(record: Any, prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if isinstance(value, msgspec.Struct):
            found |= leaves(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


@laws
@given(records.triples, sides)
def test_every_field_follows_the_rule(triple: Any, side: Side) -> None:
    base, ours, theirs = (leaves(record) for record in triple)
    merged = merge.three_way(*triple, decide=prefer(side))
    expected, taken, kept, conflicts = {}, set(), set(), set()
    for name, before in base.items():
        expected[name] = ours[name]
        if ours[name] == theirs[name]:
            continue
        if theirs[name] == before:
            kept.add(name)
        elif ours[name] == before:
            taken.add(name)
            expected[name] = theirs[name]
        else:
            conflicts.add(name)
            expected[name] = (ours if side is Side.OURS else theirs)[name]
    assert leaves(merged.value) == expected
    assert (set(merged.taken), set(merged.kept)) == (taken, kept)
    assert {conflict.field for conflict in merged.conflicts} == conflicts


@laws
@given(records.triples, sides)
def test_no_changed_value_is_lost_in_silence(triple: Any, side: Side) -> None:
    base, ours, theirs = (leaves(record) for record in triple)
    merged = merge.three_way(*triple, decide=prefer(side))
    value = leaves(merged.value)
    recorded = {conflict.field: conflict for conflict in merged.conflicts}
    for name, before in base.items():
        for changed in (ours[name], theirs[name]):
            if changed not in (before, value[name]):
                assert changed in (recorded[name].ours, recorded[name].theirs)
                assert recorded[name].base == before


@laws
@given(records.triples, sides)
def test_swapping_the_sides_and_the_policy_changes_nothing(triple: Any, side: Side) -> None:
    base, ours, theirs = triple
    one = merge.three_way(base, ours, theirs, decide=prefer(side))
    other = merge.three_way(base, theirs, ours, decide=prefer(side.other))
    assert one.value == other.value
    assert (set(one.taken), set(one.kept)) == (set(other.kept), set(other.taken))
    mirrored = {(conflict.field, conflict.theirs, conflict.ours) for conflict in other.conflicts}
    assert {(found.field, found.ours, found.theirs) for found in one.conflicts} == mirrored


@laws
@given(records.triples)
def test_one_side_unchanged_means_the_other_side_whole(triple: Any) -> None:
    base, changed, _ = triple
    taken = merge.three_way(base, base, changed, decide=never)
    kept = merge.three_way(base, changed, base, decide=never)
    assert taken.value == kept.value == changed
    assert taken.taken == kept.kept == merge.differences(base, changed)
    assert taken.kept == kept.taken == ()


@laws
@given(records.triples)
def test_equal_sides_agree_whatever_the_base(triple: Any) -> None:
    base, both, _ = triple
    for before in (base, None):
        assert merge.three_way(before, both, both, decide=never) == merge.Merge(both)


@laws
@given(records.triples, sides)
def test_our_own_write_coming_back_changes_nothing(triple: Any, side: Side) -> None:
    merged = merge.three_way(*triple, decide=prefer(side)).value
    echo = merge.three_way(merged, merged, merged, decide=never)
    assert echo == merge.Merge(merged)


@laws
@given(records.triples, sides)
def test_merging_again_over_the_new_base_keeps_the_result(triple: Any, side: Side) -> None:
    theirs = triple[2]
    merged = merge.three_way(*triple, decide=prefer(side)).value
    again = merge.three_way(theirs, merged, theirs, decide=never)
    assert again.value == merged
    assert again.taken == ()


@laws
@given(records.triples, sides)
def test_a_first_link_loses_nothing_that_anybody_typed(triple: Any, side: Side) -> None:
    _, ours, theirs = triple
    merged = merge.three_way(None, ours, theirs, decide=prefer(side))
    value, recorded = leaves(merged.value), {found.field: found for found in merged.conflicts}
    for name, mine in leaves(ours).items():
        yours = leaves(theirs)[name]
        if mine == yours:
            assert value[name] == mine
        elif merge.is_empty(mine) or merge.is_empty(yours):
            assert value[name] == (yours if merge.is_empty(mine) else mine)
            assert name not in recorded
        else:
            assert (recorded[name].ours, recorded[name].theirs) == (mine, yours)
            assert recorded[name].base is None


@laws
@given(records.small_records, records.small_records)
def test_differences_are_exactly_the_leaves_that_differ(one: Any, other: Any) -> None:
    if type(one) is type(other):
        left, right = leaves(one), leaves(other)
        assert set(merge.differences(one, other)) == {
            name for name in left if left[name] != right[name]
        }
