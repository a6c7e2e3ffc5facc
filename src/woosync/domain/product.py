"""Products and variations as both sides agree on them; the stock level is apart, in `stock`."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from woosync.domain.ids import WooId

#: Who counts the stock: the product itself, nobody, or (variations only) its parent.
ManageStock = Literal["yes", "no", "parent"]


class Term(msgspec.Struct, frozen=True):
    """A category or tag; every store has its own id for it (`mapping.store_ids`)."""

    slug: str = ""
    name: str = ""


class Image(msgspec.Struct, frozen=True, eq=False):
    """A picture; the same file with the same texts is the same picture, wherever a store keeps it.

    A store copies pictures to its own address, so `src` as a whole would never agree.
    """

    src: str = ""
    name: str = ""
    alt: str = ""

    @property
    def file(self) -> str:
        """Return the file name in the address; the address itself where it has none."""
        return self.src.partition("?")[0].rpartition("/")[2] or self.src

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Image):
            return NotImplemented
        return (self.file, self.name, self.alt) == (other.file, other.name, other.alt)

    def __hash__(self) -> int:
        return hash((self.file, self.name, self.alt))


class Attribute(msgspec.Struct, frozen=True):
    """A property such as colour with its options, one for a variation."""

    name: str = ""
    options: tuple[str, ...] = ()
    visible: bool = True
    variation: bool = False


class Product(msgspec.Struct, frozen=True, kw_only=True):
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
