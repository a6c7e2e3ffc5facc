from typing import Never

from msgspec.structs import replace

from woosync.domain import merge
from woosync.domain.customer import Address, Customer
from woosync.domain.merge import Decision, FieldChange, Side
from woosync.domain.product import Product, Term

BASE = Customer(email="a@b.test", first_name="Ana", billing=Address(city="Bonn", phone="1"))


def prefer(side: Side, *, is_open: bool = False) -> merge.Decide:
    def decide(change: FieldChange) -> Decision:
        return Decision(
            side=side, reason="told so", is_open=is_open, suggestion=side, suggestion_reason="-"
        )

    return decide


def never(change: FieldChange) -> Never:
    raise AssertionError(f"no conflict was expected in {change.field}")


def test_one_side_changed_and_is_taken_or_kept() -> None:
    changed = replace(BASE, first_name="Anna")
    taken = merge.three_way(BASE, BASE, changed, decide=never)
    assert (taken.value, taken.taken, taken.kept) == (changed, ("first_name",), ())
    kept = merge.three_way(BASE, changed, BASE, decide=never)
    assert (kept.value, kept.taken, kept.kept) == (changed, (), ("first_name",))


def test_changes_of_both_sides_to_different_fields_of_one_address_both_stay() -> None:
    ours = replace(BASE, billing=replace(BASE.billing, phone="2"))
    theirs = replace(BASE, billing=replace(BASE.billing, city="Köln"))
    merged = merge.three_way(BASE, ours, theirs, decide=never)
    assert merged.value.billing == Address(city="Köln", phone="2")
    assert (merged.taken, merged.kept) == (("billing.city",), ("billing.phone",))


def test_the_same_change_on_both_sides_is_agreement() -> None:
    both = replace(BASE, first_name="Anna")
    assert merge.three_way(BASE, both, both, decide=never) == merge.Merge(both)


def test_different_changes_of_one_field_are_a_conflict_with_all_three_values() -> None:
    ours, theirs = replace(BASE, first_name="Anna"), replace(BASE, first_name="Anne")
    for side, value in ((Side.OURS, "Anna"), (Side.THEIRS, "Anne")):
        merged = merge.three_way(BASE, ours, theirs, decide=prefer(side))
        assert merged.value.first_name == value
        (conflict,) = merged.conflicts
        assert (conflict.field, conflict.base) == ("first_name", "Ana")
        assert (conflict.ours, conflict.theirs) == ("Anna", "Anne")
        assert (conflict.decision.side, conflict.reason) == (side, "told so")
        assert not merged.is_open


def test_a_merge_is_open_while_one_of_its_conflicts_waits_for_a_person() -> None:
    ours, theirs = replace(BASE, first_name="Anna"), replace(BASE, first_name="Anne")
    assert merge.three_way(BASE, ours, theirs, decide=prefer(Side.OURS, is_open=True)).is_open


def test_on_the_first_link_an_empty_side_takes_the_others_value_and_the_rest_conflicts() -> None:
    ours = Customer(email="a@b.test", first_name="Ana", last_name="", billing=Address(city="Bonn"))
    theirs = Customer(
        email="A@b.test", first_name="", last_name="Lima", billing=Address(city="Köln", phone="1")
    )
    seen = []

    def decide(change: FieldChange) -> Decision:
        seen.append(change)
        return prefer(Side.OURS)(change)

    merged = merge.three_way(None, ours, theirs, decide=decide)
    assert merged.value == Customer(
        email="a@b.test",
        first_name="Ana",
        last_name="Lima",
        billing=Address(city="Bonn", phone="1"),
    )
    assert (merged.taken, merged.kept) == (("last_name", "billing.phone"), ("first_name",))
    assert [change.field for change in seen] == ["email", "billing.city"]
    assert all(change.first_link and change.base is None for change in seen)


def test_no_amount_is_empty_but_nothing_false_or_zero_is() -> None:
    assert merge.is_empty(None)
    assert merge.is_empty("")
    assert merge.is_empty(())
    assert merge.is_empty(Address())
    assert not any(
        merge.is_empty(value) for value in (0, False, "0", (Term("a"),), Address(city="x"))
    )


def test_lists_are_one_value() -> None:
    base = Product(categories=(Term("a"),))
    ours = replace(base, categories=(Term("a"), Term("b")))
    theirs = replace(base, categories=(Term("a"), Term("c")))
    merged = merge.three_way(base, ours, theirs, decide=prefer(Side.THEIRS))
    assert merged.value == theirs
    assert [conflict.field for conflict in merged.conflicts] == ["categories"]


def test_differences_name_nested_fields() -> None:
    other = replace(BASE, email="x@y.test", billing=replace(BASE.billing, phone="2"))
    assert merge.differences(BASE, other) == ("email", "billing.phone")
    assert merge.differences(BASE, BASE) == ()


def test_an_unchanged_record_comes_back_as_the_same_object() -> None:
    theirs = replace(BASE, email="x@y.test")
    ours = replace(BASE, email="z@y.test")
    assert merge.three_way(BASE, ours, theirs, decide=prefer(Side.OURS)).value is ours
