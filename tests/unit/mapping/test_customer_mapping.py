from typing import Any

import pytest

from unit.wire import samples
from woosync.domain.customer import NOWHERE, Address, Customer
from woosync.mapping import customer
from woosync.woo.wire import customer as wire


def read(**changes: Any) -> Customer:
    return customer.to_domain(wire.decode(samples.customer(**changes)))


def test_a_recorded_customer_is_read() -> None:
    address = Address(**samples.ADDRESS)
    found = read()
    assert (found.first_name, found.last_name) == ("A & B", "O'Neil \\ x")
    assert found.shipping == address
    assert found.billing.email == "Billing@Example.test"
    assert (found.email, found.username) == ("customer0005@example.test", "cust0005")
    assert (found.role, found.is_paying) == ("customer", True)


def test_addresses_are_kept_as_typed() -> None:
    found = read().billing
    assert (found.city, found.company, found.postcode) == (" Köln ", "Söhne & Co <x>", "abc")


@pytest.mark.parametrize(
    ("billing", "address"),
    [
        ([], NOWHERE),
        (None, NOWHERE),
        ({}, NOWHERE),
        ({"city": None, "postcode": 10115, "phone": 555}, Address(postcode="10115", phone="555")),
    ],
)
def test_an_address_in_any_form_is_read(billing: Any, address: Address) -> None:
    assert read(billing=billing).billing == address


@pytest.mark.parametrize("empty", ["first_name", "last_name", "email", "username", "role"])
def test_null_texts_are_empty(empty: str) -> None:
    assert getattr(read(**{empty: None}), empty) == ""


def test_a_customer_is_written_without_what_the_store_refuses() -> None:
    body = customer.to_wire(Customer(username="u", billing=Address(city="Bonn")))
    assert not {"email", "username", "role", "is_paying_customer"} & body.keys()
    assert "email" not in body["billing"]
    assert "email" not in body["shipping"]
    assert body["billing"]["city"] == "Bonn"


def test_the_user_name_is_sent_on_creation_only() -> None:
    assert customer.to_wire(read(), creating=True)["username"] == "cust0005"
    assert "username" not in customer.to_wire(read())
