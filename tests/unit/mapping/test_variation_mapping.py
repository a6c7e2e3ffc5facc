from decimal import Decimal
from typing import Any

import pytest

from unit.wire import samples
from woosync.domain.product import Attribute, Image, Product
from woosync.domain.stock import StockLevel
from woosync.mapping import scalars, store_ids, variation
from woosync.woo.wire import variation as wire


def read(**changes: Any) -> Product:
    return variation.to_domain(wire.decode(samples.variation(**changes)))


def test_a_recorded_variation_is_read() -> None:
    assert read() == Product(
        kind="variation",
        name="Grün, groß",
        sku="VAR-001-6",
        regular_price=Decimal("47.31"),
        tax_class="parent",
        manage_stock="yes",
        attributes=(
            Attribute("Colour", ("Grün",), visible=True, variation=True),
            Attribute("Größe", ("groß",), visible=True, variation=True),
        ),
        parent=1035,
    )


def test_it_is_the_same_by_whichever_route_it_came() -> None:
    through_products = {
        "name": "Crème Variable Hammer 1 - Grün, groß",
        "slug": "creme-variable-hammer-1-grun-gros",
        "catalog_visibility": "hidden",
        "short_description": "",
        "sold_individually": False,
        "images": [],
        "categories": [],
    }
    assert read(**through_products) == read()


def test_an_attribute_open_to_any_option_has_none() -> None:
    found = read(attributes=[{"id": 3, "name": "Colour", "option": ""}])
    assert found.attributes == (Attribute("Colour", (), visible=True, variation=True),)
    assert not found.name


@pytest.mark.parametrize(
    ("changes", "images"),
    [
        ({"image": None}, ()),
        ({"image": []}, ()),
        ({"image": {"id": 0, "src": ""}}, ()),
        ({"image": {"id": 5, "src": "x", "alt": "&lt;"}}, (Image("x", "", "<"),)),
        ({"image": None, "images": [{"id": 5, "src": "x"}]}, (Image("x"),)),
    ],
)
def test_its_picture_is_read_from_either_form(
    changes: dict[str, Any], images: tuple[Image, ...]
) -> None:
    assert read(**changes).images == images


def test_the_parents_stock_is_shown_but_not_its_own() -> None:
    parents = {"manage_stock": "parent", "stock_quantity": 17, "backorders": "yes"}
    found = read(**parents)
    assert (found.manage_stock, found.backorders) == ("parent", "no")
    level = variation.stock_of(wire.decode(samples.variation(**parents)))
    assert level == StockLevel(17, "parent", "instock")
    assert level.own is None


def test_it_is_written_without_what_follows_from_its_route() -> None:
    ids = store_ids.of(wire.decode(samples.variation()))
    body = variation.to_wire(read(manage_stock="parent"), ids)
    assert body["attributes"] == [
        {"id": 3, "option": "Grün"},
        {"name": "Größe", "option": "groß"},
    ]
    assert body["manage_stock"] is False
    assert not {"name", "type", "slug", "parent_id", "image", "stock_quantity"} & body.keys()
    pictured = {"image": {"id": 5, "src": "x"}}
    ids = store_ids.of(wire.decode(samples.variation(**pictured)))
    assert variation.to_wire(read(**pictured), ids)["image"]["id"] == 5


def test_a_bad_value_names_the_variation() -> None:
    with pytest.raises(scalars.BadValue) as caught:
        read(regular_price="abc")
    assert caught.value.record == "variation 1041"
