from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from unit.wire import samples
from woosync.domain import customer
from woosync.domain import order as orders
from woosync.domain.order import Order
from woosync.mapping import order, scalars
from woosync.woo.wire import order as wire


def read(**changes: Any) -> Order:
    return order.to_domain(wire.decode(samples.order(**changes)))


def line(**changes: Any) -> orders.Line:
    return order.to_domain(wire.decode(samples.order_with_line(**changes))).lines[0]


def test_a_recorded_order_is_read() -> None:
    found = read()
    assert (found.number, found.status, found.currency) == ("2664", "completed", "USD")
    assert found.created == datetime(2026, 11, 22, 12, 58, 10, tzinfo=UTC)
    assert found.paid is None
    assert (found.total, found.discount_total) == (Decimal("2273.38"), Decimal("252.43"))
    assert found.lines == (
        orders.Line(
            id=5718,
            product=1035,
            variation=1036,
            name="Crème Hammer & Co - Red",
            sku="VAR-001-1",
            quantity=Decimal(4),
            subtotal=Decimal("333.88"),
            total=Decimal("300.5"),
            tax=Decimal("26.67"),
            reduced_stock=Decimal(4),
        ),
    )
    assert found.shipping_lines[0].method == "flat_rate"
    assert found.fee_lines[0].total == -1
    assert found.coupon_lines[0].tax == 0
    assert found.tax_lines[0].rate_percent == Decimal("8.875")


def test_refunds_of_an_order_are_positive() -> None:
    assert read().refunds == (
        orders.RefundHead(id=2665, reason="Damaged", total=Decimal("357.79")),
    )


def test_a_guest_has_no_account_but_an_email() -> None:
    found = read()
    assert found.customer is None
    guest = customer.guest_of(found)
    assert guest is not None
    assert guest.email == "guest1260@guest.test"
    assert read(customer_id=8).customer == 8


@pytest.mark.parametrize(
    ("meta", "held"),
    [
        ([], 0),
        (None, 0),
        ([{"key": "_reduced_stock", "value": "2"}], 2),
        ([{"key": "_reduced_stock", "value": 2}], 2),
        ([{"key": "_reduced_stock", "value": ""}], 0),
        ([{"key": "_reduced_stock", "value": None}], 0),
        ([{"key": "_reduced_stock", "value": "2.0"}], 2),
        ([{"key": "other", "value": [1]}, {"key": "_reduced_stock", "value": "1"}], 1),
        ({"3": {"key": "_reduced_stock", "value": "1"}}, 1),
    ],
)
def test_what_a_line_holds_of_the_stock_is_read_from_its_meta(meta: Any, held: int) -> None:
    assert line(meta_data=meta).reduced_stock == held


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"product_id": 0, "variation_id": 0}, "product", None),
        ({"product_id": 0, "variation_id": 0}, "variation", None),
        ({"sku": None}, "sku", None),
        ({"sku": ""}, "sku", None),
        ({"name": None}, "name", ""),
        ({"quantity": "3"}, "quantity", 3),
        ({"quantity": -1}, "quantity", -1),
        ({"total": "0.00"}, "total", Decimal(0)),
        ({"total": ""}, "total", Decimal(0)),
        ({"subtotal": 5.5}, "subtotal", Decimal("5.5")),
    ],
)
def test_an_odd_line_is_read(changes: dict[str, Any], field: str, value: Any) -> None:
    assert getattr(line(**changes), field) == value


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": "a few"},
        {"meta_data": [{"key": "_reduced_stock", "value": "half"}]},
        {"total": "much"},
        {"product_id": "abc"},
    ],
)
def test_what_cannot_be_meant_names_the_order(changes: dict[str, Any]) -> None:
    with pytest.raises(scalars.BadValue) as caught:
        line(**changes)
    assert caught.value.record == "order 2664"


def test_goods_sold_by_weight_keep_their_fractions() -> None:
    found = line(quantity=1.5, meta_data=[{"key": "_reduced_stock", "value": "0.5"}])
    assert (found.quantity, found.reduced_stock) == (Decimal("1.5"), Decimal("0.5"))


@pytest.mark.parametrize("number", ["", None])
def test_an_order_without_a_number_has_its_id(number: Any) -> None:
    assert read(number=number).number == "2664"


def test_a_plugin_may_number_orders_its_own_way() -> None:
    assert read(number="2026/0042").number == "2026/0042"


def test_only_what_a_back_office_may_change_is_sent() -> None:
    body = order.to_wire(read(), meta={"erp": "x", "old": None})
    assert body.keys() == {"status", "customer_note", "billing", "shipping", "meta_data"}
    assert body["meta_data"] == [{"key": "erp", "value": "x"}, {"key": "old", "value": None}]
    assert "meta_data" not in order.to_wire(read())


@pytest.mark.parametrize("status", ["trash", "checkout-draft", "auto-draft"])
def test_a_status_that_is_no_choice_is_not_sent(status: str) -> None:
    assert "status" not in order.to_wire(replace(read(), status=status))
