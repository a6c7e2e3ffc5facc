from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from unit.wire import samples
from woosync import errors
from woosync.domain.customer import Customer
from woosync.domain.order import Order
from woosync.domain.product import Product, Term
from woosync.mapping import order, snapshot
from woosync.woo.wire import order as wire


def test_a_snapshot_is_readable_json() -> None:
    record = Product(
        name="Blå",
        regular_price=Decimal("19.90"),
        sale_from=datetime(2026, 11, 13, 1, 42, 10, tzinfo=UTC),
        categories=(Term("a", "A"),),
    )
    text = snapshot.encode(record).decode()
    assert '"name":"Blå"' in text
    assert '"regular_price":"19.90"' in text
    assert '"sale_from":"2026-11-13T01:42:10Z"' in text
    assert '"categories":[{"slug":"a","name":"A"}]' in text
    assert snapshot.decode(text, Product) == record


def test_an_order_with_all_its_lines_comes_back_exactly() -> None:
    record = order.to_domain(wire.decode(samples.order()))
    data = snapshot.encode(record)
    again = snapshot.decode(data, Order)
    assert again == record
    assert snapshot.encode(again) == data


def test_an_older_snapshot_takes_defaults_and_a_newer_ones_extras_are_passed_over() -> None:
    assert snapshot.decode(b'{"email": "a@b.test", "gone": [1]}', Customer) == Customer(
        email="a@b.test"
    )


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"email": 5}', b"null"])
def test_what_is_no_snapshot_is_refused(data: bytes) -> None:
    with pytest.raises(snapshot.SnapshotUnreadable, match="base of a customer") as caught:
        snapshot.decode(data, Customer)
    assert isinstance(caught.value, errors.RecordError)
    assert caught.value.remedy


def test_any_struct_will_do() -> None:

    class Small(msgspec.Struct, frozen=True):
        amount: Decimal = Decimal(0)

    assert snapshot.decode(snapshot.encode(Small(Decimal("1.5"))), Small) == Small(Decimal("1.5"))
