"""How a product looks outside: the fields that stores and back office agree on, and our own."""

from datetime import datetime
from typing import Literal

import pydantic

from woosync.entrypoints.api import records, schemas, values

Manages = Literal["yes", "no", "parent"]


class Term(schemas.Body):
    """A category or tag, by name."""

    name: values.Text = pydantic.Field(min_length=1)
    slug: values.Text = ""


class Image(schemas.Body):
    """A picture; the store fetches it from `src`."""

    src: values.Text = ""
    name: values.Text = ""
    alt: values.Text = ""


class Attribute(schemas.Body):
    """A property such as colour with its options; of a variation, with the one it has."""

    name: values.Text = ""
    options: tuple[values.Text, ...] = ()
    visible: bool = True
    variation: bool = False


class TermOut(schemas.Answer):
    """A category or tag."""

    name: str = ""
    slug: str = ""


class ImageOut(schemas.Answer):
    """A picture."""

    src: str = ""
    name: str = ""
    alt: str = ""


class AttributeOut(schemas.Answer):
    """A property with its options."""

    name: str = ""
    options: tuple[str, ...] = ()
    visible: bool = True
    variation: bool = False


class Product(records.Shared):
    """A product or variation. `onHand` is over all warehouses, null where it was never counted."""

    parent_id: int | None
    supplier_id: int | None
    variation_ids: list[int]
    on_hand: values.QuantityOut | None
    kind: str = pydantic.Field(alias="type")
    name: str
    sku: str | None
    global_unique_id: str | None
    status: str
    description: str
    short_description: str
    regular_price: values.AmountOut | None
    sale_price: values.AmountOut | None
    manage_stock: str
    slug: str = ""
    catalog_visibility: str = "visible"
    featured: bool = False
    sale_from: datetime | None = None
    sale_to: datetime | None = None
    tax_status: str = "taxable"
    tax_class: str = ""
    backorders: str = "no"
    low_stock_amount: values.QuantityOut | None = None
    sold_individually: bool = False
    weight: values.MeasureOut | None = None
    length: values.MeasureOut | None = None
    width: values.MeasureOut | None = None
    height: values.MeasureOut | None = None
    shipping_class: str = ""
    categories: tuple[TermOut, ...] = ()
    tags: tuple[TermOut, ...] = ()
    images: tuple[ImageOut, ...] = ()
    attributes: tuple[AttributeOut, ...] = ()
    external_url: str = ""
    virtual: bool = False
    downloadable: bool = False
    menu_order: int = 0


class Changes(schemas.Body):
    """What to change; what is left out stays. A metadata key set to null goes away."""

    supplier_id: schemas.Id | None = None
    kind: values.Word = pydantic.Field("simple", alias="type")
    name: values.Text = ""
    sku: values.Text | None = None
    global_unique_id: values.Text | None = None
    status: values.Word = "publish"
    description: values.LongText = ""
    short_description: values.LongText = ""
    regular_price: values.Price | None = None
    sale_price: values.Price | None = None
    manage_stock: Manages = "no"
    slug: values.Text = ""
    catalog_visibility: Literal["visible", "catalog", "search", "hidden"] = "visible"
    featured: bool = False
    sale_from: values.Moment | None = None
    sale_to: values.Moment | None = None
    tax_status: Literal["taxable", "shipping", "none"] = "taxable"
    tax_class: values.Text = ""
    backorders: Literal["no", "notify", "yes"] = "no"
    sold_individually: bool = False
    weight: values.Price | None = None
    length: values.Price | None = None
    width: values.Price | None = None
    height: values.Price | None = None
    shipping_class: values.Text = ""
    categories: tuple[Term, ...] = ()
    tags: tuple[Term, ...] = ()
    images: tuple[Image, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    external_url: values.Text = ""
    virtual: bool = False
    downloadable: bool = False
    menu_order: int = pydantic.Field(0, ge=-(2**31), le=2**31 - 1)
    metadata: values.Free | None = None


class NewProduct(Changes):
    """A product to add."""

    name: values.Text = pydantic.Field(min_length=1)
    parent_id: schemas.Id | None = None
