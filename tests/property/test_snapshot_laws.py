from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from property import records
from woosync.domain import money
from woosync.mapping import snapshot

laws = settings(max_examples=150, deadline=None, derandomize=True)


@laws
@given(records.records)
def test_a_snapshot_comes_back_exactly(record: Any) -> None:
    data = snapshot.encode(record)
    again = snapshot.decode(data, type(record))
    assert again == record
    assert snapshot.encode(again) == data


@laws
@given(records.amounts, st.integers(0, 6))
def test_equal_amounts_have_equal_bytes(amount: Decimal, zeros: int) -> None:
    padded = f"{amount:f}" + ("" if amount % 1 else ".") + "0" * zeros
    assert snapshot.encode(money.parse(padded)) == snapshot.encode(amount)


@laws
@given(records.amounts)
def test_a_written_amount_is_read_back(amount: Decimal) -> None:
    assert money.parse(money.text_of(amount)) == amount
