"""What is written and comes back from a store is what was meant; and no JSON breaks the reading."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from property import echo_store, wires
from unit.wire import samples
from woosync import errors
from woosync.mapping import (
    customer,
    order,
    product,
    refund,
    scalars,
    snapshot,
    store_ids,
    variation,
)
from woosync.woo.wire import customer as customer_wire
from woosync.woo.wire import order as order_wire
from woosync.woo.wire import product as product_wire
from woosync.woo.wire import refund as refund_wire
from woosync.woo.wire import variation as variation_wire

laws = settings(max_examples=150, deadline=None, derandomize=True)
NOUNS: dict[str, Any] = {
    "product": (product_wire, product, samples.PRODUCT),
    "variation": (variation_wire, variation, samples.VARIATION),
    "customer": (customer_wire, customer, samples.CUSTOMER),
    "order": (order_wire, order, samples.ORDER),
    "refund": (refund_wire, refund, samples.REFUND),
}


def read(noun: str, record: Any) -> Any:
    wire, mapping, _ = NOUNS[noun]
    return mapping.to_domain(wire.decode(msgspec.json.encode(record)))


def ids_of(noun: str, record: Any) -> store_ids.StoreIds:
    return store_ids.of(NOUNS[noun][0].decode(msgspec.json.encode(record)))


@laws
@given(wires.products())
def test_a_product_written_to_the_store_comes_back_the_same(held: dict[str, Any]) -> None:
    meant = read("product", held)
    answer = echo_store.product_answer(held, product.to_wire(meant, ids_of("product", held)))
    assert read("product", answer) == meant


@laws
@given(wires.variations())
def test_a_variation_written_to_the_store_comes_back_the_same(held: dict[str, Any]) -> None:
    meant = read("variation", held)
    answer = echo_store.product_answer(held, variation.to_wire(meant, ids_of("variation", held)))
    assert read("variation", answer) == meant


@laws
@given(wires.customers())
def test_a_customer_written_to_the_store_comes_back_the_same(held: dict[str, Any]) -> None:
    meant = read("customer", held)
    answer = echo_store.person_answer(held, customer.to_wire(meant))
    assert read("customer", answer) == meant


@laws
@given(wires.orders())
def test_an_order_written_to_the_store_comes_back_the_same(held: dict[str, Any]) -> None:
    meant = read("order", held)
    answer = echo_store.person_answer(held, order.to_wire(meant))
    assert read("order", answer) == meant


@laws
@given(st.integers(1, 99), st.decimals(0, 9999, places=2), st.integers(1, 5) | st.just(0.5))
def test_a_refund_made_in_the_store_is_the_one_that_was_meant(
    line: int, amount: Any, quantity: float
) -> None:
    item = samples.REFUND["line_items"][0] | {
        "quantity": -quantity,
        "total": f"-{amount}",
        "meta_data": [{"id": 1, "key": "_refunded_item_id", "value": str(line)}],
    }
    meant = read("refund", samples.REFUND | {"amount": str(amount), "line_items": [item]})
    made = read("refund", echo_store.refund_answer(2664, refund.to_wire(meant, restock=True)))
    assert (made.order, made.amount, made.reason) == (meant.order, meant.amount, meant.reason)
    assert made.paid_back == meant.paid_back
    seen = [(one.refunded, one.quantity, one.total) for one in made.lines]
    assert seen == [(one.refunded, one.quantity, one.total) for one in meant.lines]


@laws
@given(wires.names)
def test_a_name_survives_the_store(stored: str) -> None:
    meant = scalars.plain(stored)
    assert scalars.plain(echo_store.stored_name(scalars.escaped(meant))) == meant


@pytest.mark.parametrize("noun", NOUNS)
@settings(max_examples=300, deadline=None, derandomize=True)
@given(data=st.data())
def test_whatever_stands_in_a_field_it_is_read_or_refused_with_a_sentence(
    noun: str, data: st.DataObject
) -> None:
    record = dict(NOUNS[noun][2])
    for key in data.draw(st.lists(st.sampled_from(sorted(record)), min_size=1, max_size=3)):
        value = record[key]
        inside = isinstance(value, list) and value and isinstance(value[0], dict) and value[0]
        if inside and data.draw(st.booleans()):
            inner = data.draw(st.sampled_from(sorted(value[0])))
            record[key] = [value[0] | {inner: data.draw(wires.anything)}]
        else:
            record[key] = data.draw(wires.anything)
    try:
        found = read(noun, record)
    except errors.RecordError as error:
        assert error.message.startswith(f"The {noun}")  # noqa: PT017 - either outcome is fine
        assert error.remedy  # noqa: PT017 - as above
        return
    stored = snapshot.encode(found)
    assert b"\\u0000" not in stored
    assert snapshot.decode(stored, type(found)) == found
