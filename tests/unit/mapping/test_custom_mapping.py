"""Rules of custom fields: read with clear errors, and back again without loss."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from woosync.mapping import custom

GOOD = {"entity": "product", "source": "metadata.erp.code", "target": "meta_data._erp_code"}


def rule(**changes: object) -> custom.Rule:
    (found,) = custom.rules_of({"mapping": [GOOD | changes]})
    return found


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"source": "erp.code"}, "source is a path"),
        ({"source": "metadata.woocommerce.x"}, "belongs to woosync"),
        ({"target": "regular_price"}, "target is meta_data.<key>"),
        ({"target": "meta_data._stock"}, "written by WooCommerce"),
        ({"entity": "customer"}, "begins with _"),
        ({"entity": "refund"}, "has no custom fields"),
        ({"transform": "rot13"}, "rot13"),
        ({"transform": "values"}, "values go with"),
        ({"transform": "values", "values": {"a": "x", "b": "x"}}, "no way back"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_by_number_and_reason(
    changes: dict[str, object], says: str
) -> None:
    with pytest.raises(custom.BadMappingError) as caught:
        custom.rules_of({"mapping": [{**GOOD, "target": "meta_data.first"}, GOOD | changes]})
    assert "Rule 2" in caught.value.message
    assert says in caught.value.message


@pytest.mark.parametrize(
    ("transform", "here", "store"),
    [
        ("copy", {"a": [1]}, {"a": [1]}),
        ("upper", " ab ", "AB"),
        ("number", 3.50, "3.5"),
        ("integer", 7, "7"),
        ("yes_no", True, "yes"),
        ("list", ["a", "b"], "a, b"),
        ("json", {"k": "ü"}, '{"k": "ü"}'),
    ],
)
def test_values_change_on_the_way(transform: str, here: Any, store: Any) -> None:
    assert custom.to_store(rule(transform=transform), here) == store


@pytest.mark.parametrize(
    ("transform", "odd"),
    [
        ("yes_no", ["a"]),
        ("yes_no", {"a": 1}),
        ("integer", "1e400"),
        ("integer", "0." + "0" * 30 + "1"),
        ("number", "1e999999999"),
        ("number", "NaN"),
        ("json", "[" * 100_000),
    ],
)
def test_what_a_rule_cannot_read_is_a_reason_and_no_defect(transform: str, odd: Any) -> None:
    with pytest.raises(ValueError, match=r"is no|is neither"):
        custom.to_here(rule(transform=transform), odd)


def test_numbers_keep_all_their_digits() -> None:
    digits = "12345678901234567890123456789012345"
    assert custom.to_here(rule(transform="number"), f"{digits}.{digits}0") == f"{digits}.{digits}"
    assert custom.to_here(rule(transform="integer"), digits) == int(digits)
    assert custom.to_here(rule(transform="number"), "1E2") == "100"


@given(st.lists(st.text("abc", min_size=1), min_size=1))
def test_lists_come_back(values: list[str]) -> None:
    one = rule(transform="list")
    assert custom.to_here(one, custom.to_store(one, values)) == values


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_json_comes_back(value: Any) -> None:
    one = rule(transform="json")
    assert custom.to_here(one, custom.to_store(one, value)) == value


def test_values_are_translated_both_ways_and_unknown_ones_refused() -> None:
    one = rule(transform="values", values={"A": "first", "B": "second"})
    assert custom.to_store(one, "B") == "second"
    assert custom.to_here(one, "first") == "A"
    with pytest.raises(ValueError, match="none of A, B"):
        custom.to_store(one, "C")
