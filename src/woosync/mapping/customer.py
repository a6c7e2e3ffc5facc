"""Customers and addresses between the wire and the domain."""

from typing import Any

from woosync.domain.customer import NOWHERE, Address, Customer
from woosync.mapping import scalars
from woosync.woo.wire import parts
from woosync.woo.wire.customer import WooCustomer

_text = scalars.text


def to_domain(wire: WooCustomer) -> Customer:
    """Turn a customer of the wire into the record that both sides agree on."""
    return Customer(
        email=wire.email or "",
        first_name=scalars.plain(wire.first_name),
        last_name=scalars.plain(wire.last_name),
        username=wire.username or "",
        role=wire.role or "",
        is_paying=scalars.flag(wire.is_paying_customer),
        billing=address_of(wire.billing),
        shipping=address_of(wire.shipping),
    )


def to_wire(customer: Customer, *, creating: bool = False) -> dict[str, Any]:
    """Return what to send so that the store holds the customer.

    The role and whether they have paid cannot be set, the user name only on creation. An empty
    e-mail is left out, because the store refuses one.
    """
    body: dict[str, Any] = {
        "first_name": scalars.escaped(customer.first_name),
        "last_name": scalars.escaped(customer.last_name),
        "billing": billing_to_wire(customer.billing),
        "shipping": shipping_to_wire(customer.shipping),
    }
    if customer.email:
        body["email"] = customer.email
    if creating and customer.username:
        body["username"] = customer.username
    return body


def address_of(wire: parts.MaybeAddress) -> Address:
    """Read an address; PHP sends an empty one as []."""
    if not isinstance(wire, parts.Address):
        return NOWHERE
    return Address(
        first_name=wire.first_name or "",
        last_name=wire.last_name or "",
        company=wire.company or "",
        address_1=_text(wire.address_1),
        address_2=_text(wire.address_2),
        city=_text(wire.city),
        state=_text(wire.state),
        postcode=_text(wire.postcode),
        country=wire.country or "",
        email=wire.email or "",
        phone=_text(wire.phone),
    )


def shipping_to_wire(address: Address) -> dict[str, Any]:
    """Write a shipping address, which has no e-mail."""
    return {
        "first_name": address.first_name,
        "last_name": address.last_name,
        "company": address.company,
        "address_1": address.address_1,
        "address_2": address.address_2,
        "city": address.city,
        "state": address.state,
        "postcode": address.postcode,
        "country": address.country,
        "phone": address.phone,
    }


def billing_to_wire(address: Address) -> dict[str, Any]:
    """Write a billing address; an empty e-mail is left out, because the store refuses one."""
    body = shipping_to_wire(address)
    return body | {"email": address.email} if address.email else body
