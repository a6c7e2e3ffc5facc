import copy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from unit.wire import samples
from woosync.domain.product import Attribute, Image, Product, Term
from woosync.domain.stock import StockLevel
from woosync.mapping import product, scalars, store_ids
from woosync.woo.wire import product as wire


def read(**changes: Any) -> Product:
    return product.to_domain(wire.decode(samples.product(**changes)))


def test_a_recorded_product_is_read() -> None:
    assert read() == Product(
        kind="simple",
        name="Blue & Œuvre 40",
        slug="blue-oeuvre-40",
        sku="SKU-00040",
        global_unique_id="4000000000040",
        description="<p>Description — “quoted” & entities</p>\n",
        short_description="<p>Short 40</p>\n",
        regular_price=Decimal("58.88"),
        sale_price=Decimal("47.1"),
        sale_from=datetime(2026, 11, 13, 1, 42, 10, tzinfo=UTC),
        manage_stock="yes",
        backorders="yes",
        weight=Decimal("9.37"),
        length=Decimal(10),
        width=Decimal("5.5"),
        height=Decimal(2),
        categories=(Term("hard-soft", "Hard & Soft"),),
        images=(Image("https://shop.test/a.jpg", "a", "A & B"),),
    )


def test_reading_changes_nothing_of_what_was_decoded() -> None:
    decoded = wire.decode(samples.product())
    before = copy.deepcopy(decoded)
    product.to_domain(decoded)
    assert decoded == before


def test_what_moves_by_itself_is_no_part_of_the_record() -> None:
    moved = read(
        stock_quantity=3, stock_status="outofstock", price="1", date_modified_gmt=None, permalink=""
    )
    assert moved == read()


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"name": "A &amp; B"}, "name", "A & B"),
        ({"name": "A & B"}, "name", "A & B"),
        ({"name": "&amp;lt; &#8211; &hearts;"}, "name", "&lt; \u2013 \u2665"),
        ({"name": None}, "name", ""),
        ({"name": "e\u0301 vs \u00e9"}, "name", "e\u0301 vs \u00e9"),
        ({"sku": ""}, "sku", None),
        ({"sku": None}, "sku", None),
        ({"sku": 123}, "sku", "123"),
        ({"sku": "00123"}, "sku", "00123"),
        ({"global_unique_id": ""}, "global_unique_id", None),
        ({"global_unique_id": 4006381333931}, "global_unique_id", "4006381333931"),
        ({"regular_price": ""}, "regular_price", None),
        ({"regular_price": None}, "regular_price", None),
        ({"regular_price": 19.9}, "regular_price", Decimal("19.9")),
        ({"regular_price": 20}, "regular_price", Decimal(20)),
        ({"regular_price": "0"}, "regular_price", Decimal(0)),
        ({"regular_price": 0}, "regular_price", Decimal(0)),
        ({"regular_price": "146.4405"}, "regular_price", Decimal("146.4405")),
        ({"type": "variable"}, "regular_price", None),
        ({"type": "grouped"}, "sale_price", None),
        ({"type": "subscription"}, "kind", "subscription"),
        ({"date_on_sale_from_gmt": ""}, "sale_from", None),
        ({"date_on_sale_from_gmt": "0000-00-00 00:00:00"}, "sale_from", None),
        ({"date_on_sale_from_gmt": "-0001-11-30T00:00:00"}, "sale_from", None),
        (
            {"date_on_sale_to_gmt": "2026-11-22 20:53:21"},
            "sale_to",
            datetime(2026, 11, 22, 20, 53, 21, tzinfo=UTC),
        ),
        (
            {"date_on_sale_to_gmt": "2026-11-22T20:53:21+02:00"},
            "sale_to",
            datetime(2026, 11, 22, 18, 53, 21, tzinfo=UTC),
        ),
        ({"manage_stock": "yes"}, "manage_stock", "yes"),
        ({"manage_stock": "no"}, "manage_stock", "no"),
        ({"manage_stock": 1}, "manage_stock", "yes"),
        ({"manage_stock": None}, "manage_stock", "no"),
        ({"manage_stock": False, "backorders": "notify"}, "backorders", "no"),
        ({"manage_stock": False, "low_stock_amount": 3}, "low_stock_amount", None),
        ({"low_stock_amount": "2"}, "low_stock_amount", 2),
        ({"low_stock_amount": ""}, "low_stock_amount", None),
        ({"featured": "yes"}, "featured", True),
        ({"featured": "0"}, "featured", False),
        ({"virtual": 1}, "virtual", True),
        ({"downloadable": ""}, "downloadable", False),
        ({"dimensions": []}, "length", None),
        ({"dimensions": None}, "height", None),
        ({"dimensions": {"length": 1.5, "width": None}}, "length", Decimal("1.5")),
        ({"weight": 2}, "weight", Decimal(2)),
        ({"images": [{"id": "", "src": False}]}, "images", (Image(),)),
        ({"images": {"1": {"id": "7", "src": "x"}}}, "images", (Image("x"),)),
        ({"parent_id": "12"}, "parent", 12),
        ({"parent_id": 0}, "parent", None),
        ({"menu_order": "-2"}, "menu_order", -2),
        ({"status": "trash"}, "status", "trash"),
        (
            {"categories": [{"id": 9, "name": "C"}, {"id": 3, "slug": "b", "name": "D"}]},
            "categories",
            (Term("C", "C"), Term("b", "D")),
        ),
        (
            {
                "attributes": [
                    {
                        "id": 3,
                        "name": "Colour",
                        "options": ["Red &amp; Blue", 7],
                        "variation": True,
                    },
                    {"id": 0, "name": "Größe", "visible": False, "options": {"1": "klein"}},
                ]
            },
            "attributes",
            (
                Attribute("Colour", ("Red & Blue", "7"), visible=True, variation=True),
                Attribute("Größe", ("klein",), visible=False, variation=False),
            ),
        ),
    ],
)
def test_an_oddity_of_real_stores_is_read(changes: dict[str, Any], field: str, value: Any) -> None:
    assert getattr(read(**changes), field) == value


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"regular_price": "abc"}, "regular_price is 'abc'"),
        ({"sale_price": "1.234,56"}, "sale_price"),
        ({"weight": "heavy"}, "weight"),
        ({"dimensions": {"length": "10x5"}}, "length"),
        ({"low_stock_amount": "2.5"}, "low_stock_amount"),
        ({"date_on_sale_from_gmt": "tomorrow"}, "date_on_sale_from_gmt"),
        ({"date_on_sale_from_gmt": "0001-01-01T00:00:00+02:00"}, "date_on_sale_from_gmt"),
        ({"parent_id": "abc"}, "parent_id"),
        ({"parent_id": -1}, "parent_id"),
        ({"type": "variation"}, "variation"),
        ({"menu_order": 2**40}, "menu_order"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_record_and_the_field(
    changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(scalars.BadValue) as caught:
        read(**changes)
    assert caught.value.record == "product 74"
    assert caught.value.message.startswith("The product 74 cannot be used: ")
    assert said in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({}, StockLevel(Decimal(150), "yes", "instock")),
        (
            {"stock_quantity": -4, "stock_status": "onbackorder"},
            StockLevel(Decimal(-4), "yes", "onbackorder"),
        ),
        ({"stock_quantity": None}, StockLevel(None, "yes", "instock")),
        ({"stock_quantity": "12"}, StockLevel(Decimal(12), "yes", "instock")),
        ({"stock_quantity": 12.0}, StockLevel(Decimal(12), "yes", "instock")),
        ({"stock_quantity": 1.5}, StockLevel(Decimal("1.5"), "yes", "instock")),
        ({"stock_quantity": "0.125"}, StockLevel(Decimal("0.125"), "yes", "instock")),
        ({"manage_stock": False, "stock_quantity": None}, StockLevel(None, "no", "instock")),
        ({"manage_stock": False, "stock_quantity": 9}, StockLevel(None, "no", "instock")),
    ],
)
def test_the_stock_level_is_apart(changes: dict[str, Any], level: StockLevel) -> None:
    assert product.stock_of(wire.decode(samples.product(**changes))) == level


def test_a_level_that_is_no_number_is_refused() -> None:
    decoded = wire.decode(samples.product(stock_quantity="many"))
    for read_it in (product.to_domain, product.stock_of):
        with pytest.raises(scalars.BadValue, match=r"product 74 .*stock_quantity is 'many'"):
            read_it(decoded)


def test_a_product_is_written_in_the_stores_form() -> None:
    ids = store_ids.of(wire.decode(samples.product()))
    body = product.to_wire(read(), ids)
    assert (body["regular_price"], body["sale_price"]) == ("58.88", "47.10")
    assert (body["date_on_sale_from_gmt"], body["date_on_sale_to_gmt"]) == (
        "2026-11-13T01:42:10",
        "",
    )
    assert body["manage_stock"] is True
    assert body["categories"] == [{"id": 30}]
    assert body["images"] == [{"id": 9, "name": "a", "alt": "A & B"}]
    assert body["dimensions"] == {"length": "10", "width": "5.5", "height": "2"}
    assert "stock_quantity" not in body
    assert "parent_id" not in body


def test_what_the_store_would_not_take_is_not_sent() -> None:
    variable = product.to_wire(Product(kind="variable", regular_price=Decimal(5), status="trash"))
    assert not {"regular_price", "sale_price", "status", "slug", "external_url"} & variable.keys()
    assert not {"backorders", "low_stock_amount"} & variable.keys()
    assert product.to_wire(Product(categories=(Term("new", "New"),)))["categories"] == []
    assert product.to_wire(Product(images=(Image("https://a.test/b.jpg"),)))["images"] == [
        {"src": "https://a.test/b.jpg", "name": "", "alt": ""}
    ]


def test_no_null_is_sent_except_the_one_that_clears() -> None:
    body = product.to_wire(Product(manage_stock="yes"))
    assert [key for key, value in body.items() if value is None] == ["low_stock_amount"]


def test_two_stores_agree_on_categories_pictures_and_attributes_whatever_their_ids() -> None:
    def held(first_id: int, host: str) -> dict[str, Any]:
        return {
            "categories": [{"id": first_id, "name": "Hats", "slug": "hats"}],
            "tags": [{"id": first_id + 1, "name": "Sale", "slug": "sale"}],
            "images": [{"id": first_id + 2, "src": f"https://{host}/hat.jpg", "name": "hat"}],
            "attributes": [{"id": first_id + 3, "name": "Size", "options": ["L"]}],
        }

    one, other = held(10, "one.test/2025/01"), held(70, "other.test/2026/11")
    assert read(**one) == read(**other)
    assert read(**one) != read(**one | {"images": [{"id": 12, "src": "https://one.test/cap.jpg"}]})
    body = product.to_wire(read(**one), store_ids.of(wire.decode(samples.product(**other))))
    assert body["categories"] == [{"id": 70}]
    assert body["tags"] == [{"id": 71}]
    assert body["images"] == [{"id": 72, "name": "hat", "alt": ""}]
    assert body["attributes"][0]["id"] == 73
