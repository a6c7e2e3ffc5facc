from decimal import Decimal
from typing import Any

import pytest

from woosync.domain import money


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("155.50", "155.5"),
        ("155.88", "155.88"),
        ("146.4405", "146.4405"),
        ("10", "10"),
        ("100.00", "100"),
        ("1E+2", "100"),
        ("0.00", "0"),
        ("-0", "0"),
        ("-357.790", "-357.79"),
        ("00123.10", "123.1"),
        ("363.60999999999996", "363.60999999999996"),
        ("0.000000001", "1E-9"),
        ("1.0e-9", "1E-9"),
        (".5", "0.5"),
    ],
)
def test_equal_amounts_have_one_form(text: str, same: str) -> None:
    assert str(money.parse(text)) == same


@pytest.mark.parametrize(
    "text",
    [
        "abc",
        "",
        "1,5",
        "1.234,56",
        "NaN",
        "Infinity",
        "-Infinity",
        "sNaN",
        "1_000",
        "١٢",
        "1e15",
        "1e999999",
        "1e-999999",
        "1e-21",
        "0." + "1" * 21,
        "9" * 16,
        "12 €",
    ],
)
def test_what_is_no_plausible_amount_is_refused(text: str) -> None:
    with pytest.raises(money.NotAnAmount):
        money.parse(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [("15.5", "15.50"), ("15", "15"), ("15.00", "15"), ("146.4405", "146.4405"), ("-1.5", "-1.50")],
)
def test_amounts_are_written_as_shops_do(value: Any, text: str) -> None:
    assert money.text_of(Decimal(value)) == text
