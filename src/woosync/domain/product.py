"""Products and variations as both sides agree on them; the stock level is apart, in `stock`."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from woosync.domain.ids import WooId

#: Who counts the stock: the product itself, nobody, or (variations only) its parent.
ManageStock = Literal["yes", "no", "parent"]


@dataclass(frozen=True, slots=True)
class Term:
    """A category or tag of the store."""

    id: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture in the store's media library; id 0 is one that the store does not have yet."""

    id: int = 0
    src: str = ""
    name: str = ""
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A property such as colour with its options, one for a variation; id 0: the product's own."""

    id: int = 0
    name: str = ""
    options: tuple[str, ...] = ()
    visible: bool = True
    variation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product or variation: the fields that a person can set on either side.

    Names are plain text (no HTML entities), descriptions are HTML. Amounts are canonical Decimals
    in the store's currency (`money`), measures in the store's units, times aware UTC. Every field
    has a default so that older stored snapshots can be read.
    """

    kind: str = "simple"
    name: str = ""
    slug: str = ""
    sku: str | None = None
    global_unique_id: str | None = None
    status: str = "publish"
    catalog_visibility: str = "visible"
    featured: bool = False
    description: str = ""
    short_description: str = ""
    regular_price: Decimal | None = None
    sale_price: Decimal | None = None
    sale_from: datetime | None = None
    sale_to: datetime | None = None
    tax_status: str = "taxable"
    tax_class: str = ""
    manage_stock: ManageStock = "no"
    backorders: str = "no"
    low_stock_amount: int | None = None
    sold_individually: bool = False
    weight: Decimal | None = None
    length: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None
    shipping_class: str = ""
    categories: tuple[Term, ...] = ()
    tags: tuple[Term, ...] = ()
    images: tuple[Image, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    parent: WooId | None = None
    external_url: str = ""
    virtual: bool = False
    downloadable: bool = False
    menu_order: int = 0
