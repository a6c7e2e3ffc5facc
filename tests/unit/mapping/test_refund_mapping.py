from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from unit.wire import samples
from woosync.domain.ids import WooId
from woosync.domain.order import Refund, RefundLine
from woosync.mapping import refund, scalars
from woosync.woo.wire import refund as wire


def read(order: int | None = None, **changes: Any) -> Refund:
    decoded = wire.decode(samples.refund(**changes))
    return refund.to_domain(decoded, None if order is None else WooId(order))


def test_a_recorded_refund_is_read_with_positive_numbers() -> None:
    assert read() == Refund(
        order=2664,
        amount=Decimal("357.79"),
        reason="Damaged \u2013 défaut",
        created=datetime(2026, 11, 23, 1, 48, 17, tzinfo=UTC),
        lines=(
            RefundLine(
                id=5726,
                refunded=5717,
                product=360,
                name="Premium Mug 326",
                sku="SKU-00326",
                quantity=Decimal(1),
                total=Decimal("357.79"),
            ),
        ),
    )


def test_below_an_order_the_order_is_told_by_the_caller() -> None:
    assert read(order=7, parent_id=None).order == 7
    assert read(order=7, parent_id=2664).order == 2664


def test_a_refund_of_no_order_is_refused() -> None:
    with pytest.raises(scalars.BadValue, match="names no order") as caught:
        read(parent_id=None)
    assert caught.value.record == "refund 2665"


def test_zero_has_no_sign() -> None:
    assert str(read().lines[0].tax) == "0"


def test_the_gateway_is_asked_for_money_only_where_it_is_meant() -> None:
    body = refund.to_wire(read(), restock=True)
    assert (body["api_refund"], body["api_restock"]) == (False, True)
    assert body["amount"] == "357.79"
    assert body["line_items"] == [{"id": 5717, "quantity": 1, "refund_total": "357.79"}]
    assert refund.to_wire(read(refunded_payment=True), restock=False)["api_refund"] is True


@pytest.mark.parametrize("value", [None, "", 0, [], {"a": 1}, 1.5])
def test_a_line_that_names_no_order_line_is_read(value: Any) -> None:
    meta = [{"key": "_refunded_item_id", "value": value}]
    lines = [samples.REFUND["line_items"][0] | {"meta_data": meta}]
    assert read(line_items=lines).lines[0].refunded is None


def test_lines_that_are_of_no_known_order_line_are_left_to_the_amount() -> None:
    lines = [samples.REFUND["line_items"][0] | {"meta_data": []}]
    assert refund.to_wire(read(line_items=lines), restock=False)["line_items"] == []
