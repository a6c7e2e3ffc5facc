"""The smallest patch, what a store would spoil, and what it shows in a form of its own."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from msgspec import structs

from property import records
from woosync.domain import merge, order_status
from woosync.domain.customer import Address, Customer
from woosync.domain.ids import Entity
from woosync.domain.order import Order
from woosync.domain.product import Image, Product, Term
from woosync.flows.push import rules
from woosync.mapping import checking, likeness, patch, store_ids

NONE = store_ids.NONE


@given(records.products, records.products)
def test_a_patch_names_nothing_that_both_sides_hold(base: Product, ours: Product) -> None:
    names = merge.differences(base, ours)
    whole = patch.to_wire(Entity.PRODUCT, ours, NONE)
    body = patch.body(Entity.PRODUCT, base, ours, names, NONE)
    before = patch.to_wire(Entity.PRODUCT, base, NONE)
    for key, value in body.items():
        assert value != before.get(key)
        assert isinstance(value, dict) or value == whole[key]
    assert patch.body(Entity.PRODUCT, ours, ours, (), NONE) == {}
    assert patch.with_fields(base, ours, names) == ours


def test_of_an_address_only_the_changed_line_is_sent() -> None:
    base = Customer(email="a@b.de", billing=Address(city="Ulm", postcode="89073"))
    ours = structs.replace(base, billing=Address(city="Bonn", postcode="89073"))
    body = patch.body(Entity.CUSTOMER, base, ours, ["billing.city"], NONE)
    assert body == {"billing": {"city": "Bonn"}}


def test_a_new_record_says_only_what_it_has() -> None:
    made = Product(name="A < B", sku="X", regular_price=Decimal("9.5"), weight=Decimal(2))
    assert patch.new_body(Entity.PRODUCT, made, NONE) == {
        "type": "simple",
        "name": "A &lt; B",
        "sku": "X",
        "regular_price": "9.50",
        "weight": "2",
        "status": "publish",
        "catalog_visibility": "visible",
        "tax_status": "taxable",
    }


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("regular_price", Decimal(-1), "regular_price"),
        ("status", "nosuch", "status"),
        ("sale_price", Decimal(10), "sale_price"),
        ("name", " ", "name"),
        ("sku", "x" * 101, "sku"),
        ("sku", "a%20b", "sku"),
        ("images", (Image("file:///etc/passwd"),), "images"),
        ("backorders", "maybe", "backorders"),
    ],
)
def test_what_a_store_would_spoil_is_found_before(name: str, value: Any, field: str) -> None:
    good = Product(name="Good", regular_price=Decimal(10), sku="A")
    record = patch.with_field(good, name, value)
    assert [one.field for one in checking.product(record, [name])] == [field]
    assert not list(checking.product(good, ["name", "regular_price", "sku", "status"]))


@pytest.mark.parametrize("email", ["", "abc", "a@b", "a b@c.de", "a@b.de, c@d.de"])
def test_no_bad_address_is_sent(email: str) -> None:
    bad = Customer(email=email, billing=Address(email=email))
    found = [one.field for one in checking.customer(bad, ["email", "billing.email"])]
    assert found == ["email", "billing.email"]


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        ("pending", "processing", True),
        ("processing", "completed", True),
        ("processing", "pending", False),
        ("completed", "refunded", False),
        ("refunded", "processing", False),
        ("processing", "packed", True),
        ("packed", "completed", True),
        ("processing", "unheard-of", False),
    ],
)
def test_orders_take_known_steps(before: str, after: str, allowed: bool) -> None:  # noqa: FBT001 - a parametrized flag
    found = checking.order(Order(status=before), Order(status=after), ["status"], known={"packed"})
    assert (not list(found)) is allowed


def test_the_effect_of_a_step_on_stock_is_said() -> None:
    assert "into stock" in order_status.effect("processing", "cancelled")
    assert "out of stock" in order_status.effect("pending", "processing")


@pytest.mark.parametrize(
    ("name", "sent", "shown", "same"),
    [
        ("description", "One\n\nTwo", "<p>One</p>\n<p>Two</p>\n", True),
        ("description", "One", "<p>Two</p>\n", False),
        ("name", " Tea \\ cups", "Tea  cups", True),
        ("slug", "tea", "tea-2", True),
        ("regular_price", Decimal(1), None, False),
        ("categories", (Term("", "Tea"),), (Term("tea-2", "Tea"),), True),
        ("categories", (Term("", "Tea"),), (), False),
        ("images", (Image("https://a/b.jpg"),), (Image("https://s/b-1.jpg", "b-1"),), True),
    ],
)
def test_a_store_s_own_form_of_a_value_is_known(
    name: str,
    sent: object,
    shown: object,
    same: bool,  # noqa: FBT001 - a parametrized flag
) -> None:
    assert likeness.alike(name, sent, shown) is same


def test_rules_of_a_store_are_read_or_refused() -> None:
    found = rules.rules_of({"push": {"never": ["product.description"], "create": ["products"]}})
    assert not found.allows(Entity.VARIATION, "description")
    assert found.allows(Entity.PRODUCT, "name")
    assert found.creates(Entity.VARIATION)
    assert not found.creates(Entity.ORDER)
    assert not rules.rules_of({}).allows(Entity.ORDER, "billing.city")
    for bad in ({"create": ["orders"]}, {"never": ["nothing.x"]}, {"flips": 0}, {"what": 1}):
        with pytest.raises(rules.BadRulesError):
            rules.rules_of({"push": bad})


@pytest.mark.parametrize(
    ("name", "value", "becomes"),
    [
        ("regular_price", "15.50", Decimal("15.5")),
        ("name", "Tea", "Tea"),
        ("featured", True, True),
        ("categories", [{"slug": "tea", "name": "Tea"}], (Term("tea", "Tea"),)),
    ],
)
def test_a_person_s_value_is_read_as_the_field_wants_it(
    name: str, value: object, becomes: object
) -> None:
    assert patch.value_at(patch.with_plain(Product(), name, value), name) == becomes
    with pytest.raises(patch.NotAValueError):
        patch.with_plain(Product(), name, {"no": object})
