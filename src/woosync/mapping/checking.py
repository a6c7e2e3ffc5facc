"""Look at values before they are sent: a store's batch route takes nearly anything. Pure."""

import re
from collections.abc import Collection, Iterator
from decimal import Decimal

import msgspec

from woosync.domain import order_status
from woosync.domain.customer import Customer
from woosync.domain.order import Order
from woosync.domain.product import Product

_EMAIL = re.compile(r"[^@\s,;<>()\"]+@[^@\s,;<>()\"]+\.[^@\s.,;<>()\"]+")
_ENUMS: dict[str, Collection[str]] = {
    "status": ("draft", "pending", "private", "publish", "future"),
    "catalog_visibility": ("visible", "catalog", "search", "hidden"),
    "tax_status": ("taxable", "shipping", "none"),
    "backorders": ("no", "notify", "yes"),
}
#: Characters that the store's columns hold; longer ones are cut or refused there.
_LONGEST = {
    "sku": 100,
    "global_unique_id": 100,
    "slug": 200,
    "name": 1000,
    "email": 100,
    "username": 60,
}
_LONGEST_TEXT = 60_000
_AMOUNTS = ("regular_price", "sale_price", "weight", "length", "width", "height")
_EARLIEST_MENU, _LATEST_MENU = -(2**31), 2**31 - 1


class Problem(msgspec.Struct, frozen=True):
    """Why the value of a field (dotted name) is not sent."""

    field: str
    reason: str


def product(record: Product, names: Collection[str]) -> Iterator[Problem]:
    """Look at the fields of a product or variation that are about to be sent."""
    for name in names:
        value = getattr(record, name, None)
        if name in _ENUMS and value not in _ENUMS[name]:
            yield Problem(name, f"{value!r} is none of {', '.join(_ENUMS[name])}")
        if name in _AMOUNTS and isinstance(value, Decimal) and value < 0:
            yield Problem(name, "it is negative")
        yield from _length(name, value)
    if "name" in names and record.kind != "variation" and not record.name.strip():
        yield Problem("name", "it is empty")
    if "sku" in names and record.sku and ("<" in record.sku or "%" in record.sku):
        yield Problem("sku", "a store takes < and % out of it")
    if "images" in names:
        yield from _images(record)
    if "menu_order" in names and not _EARLIEST_MENU <= record.menu_order <= _LATEST_MENU:
        yield Problem("menu_order", "it is out of range")
    yield from _sale(record, names)


def _sale(record: Product, names: Collection[str]) -> Iterator[Problem]:
    """A store silently drops a sale price that is not below the regular one."""
    sale, regular = record.sale_price, record.regular_price
    if sale is None or not {"sale_price", "regular_price"} & set(names):
        return
    field = "sale_price" if "sale_price" in names else "regular_price"
    if regular is None or sale >= regular:
        yield Problem(field, "the sale price is not below the regular price")


def _images(record: Product) -> Iterator[Problem]:
    for image in record.images:
        if image.src and not image.src.startswith(("https://", "http://")):
            yield Problem("images", f"{image.src!r:.80} is no address of a picture")
            return


def customer(record: Customer, names: Collection[str]) -> Iterator[Problem]:
    """Look at the fields of a customer that are about to be sent."""
    if "email" in names and not _EMAIL.fullmatch(record.email):
        yield Problem("email", f"{record.email!r} is no e-mail address")
    if "billing.email" in names:
        if not record.billing.email:
            yield Problem("billing.email", "a store does not take an empty one")
        elif not _EMAIL.fullmatch(record.billing.email):
            yield Problem("billing.email", f"{record.billing.email!r} is no e-mail address")
    for name in names:
        head, _, rest = name.partition(".")
        value = getattr(record, head, None)
        yield from _length(name, getattr(value, rest, None) if rest else value)


def order(
    before: Order, record: Order, names: Collection[str], *, known: Collection[str]
) -> Iterator[Problem]:
    """Look at the fields of an order that are sent; `known` are the store's statuses."""
    if "status" in names:
        reason = order_status.refusal(before.status, record.status, known=known)
        if reason:
            yield Problem("status", reason)
    if "billing.email" in names and not _EMAIL.fullmatch(record.billing.email):
        yield Problem("billing.email", f"{record.billing.email!r} is no e-mail address")
    if "customer_note" in names:
        yield from _length("customer_note", record.customer_note)


def _length(name: str, value: object) -> Iterator[Problem]:
    longest = _LONGEST.get(name, _LONGEST_TEXT)
    if isinstance(value, str) and len(value) > longest:
        yield Problem(name, f"it is longer than {longest} characters")
