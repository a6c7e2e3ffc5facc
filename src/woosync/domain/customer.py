"""Customers with their addresses, and the guests that only an order's billing address tells of."""

from typing import Protocol

import msgspec


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A billing or shipping address as typed; country and state are usually codes ("US", "NY")."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    address_1: str = ""
    address_2: str = ""
    city: str = ""
    state: str = ""
    postcode: str = ""
    country: str = ""
    email: str = ""
    phone: str = ""


#: An address in which nothing was typed.
NOWHERE = Address()


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """An account of the store, or a guest (role "guest", no username)."""

    email: str = ""
    first_name: str = ""
    last_name: str = ""
    username: str = ""
    role: str = "customer"
    is_paying: bool = False
    billing: Address = NOWHERE
    shipping: Address = NOWHERE


class Addressed(Protocol):
    """Whatever carries the two addresses of a sale; an order does."""

    @property
    def billing(self) -> Address:
        """Return who pays."""

    @property
    def shipping(self) -> Address:
        """Return where it goes."""


def normalised_email(email: str) -> str:
    """Return the form in which two spellings of one mailbox are equal: lower case, trimmed."""
    return email.strip().lower()


def guest_of(order: Addressed) -> Customer | None:
    """Return the guest who placed the order, known by normalised e-mail; None without e-mail."""
    billing = order.billing
    email = normalised_email(billing.email)
    if not email:
        return None
    return Customer(
        email=email,
        first_name=billing.first_name,
        last_name=billing.last_name,
        role="guest",
        billing=billing,
        shipping=order.shipping,
    )
