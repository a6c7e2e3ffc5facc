"""The base variations, by their rank among all variations of the store."""
# ruff: noqa: PLR2004  # residues of the index are the data itself

from typing import Any

from woosim import chance, options
from woosim.base import families, layout, products, timeline

SLOTS = (
    *("id", "created", "created_gmt", "modified", "modified_gmt", "slug", "query", "sku", "guid"),
    *("price", "status", "manage", "quantity", "stock_status", "backorders", "allowed"),
    *("backordered", "attributes", "name", "parent"),
)


_NOTHING = '""'
_STOCK_PART: dict[str, Any] = {
    "on_sale": "false",
    "status": '"«status»"',
    "purchasable": "true",
    **dict.fromkeys(("virtual", "downloadable"), "false"),
    "downloads": "[]",
    **dict.fromkeys(("download_limit", "download_expiry"), "-1"),
    "tax_status": '"taxable"',
    "tax_class": _NOTHING,
    "manage_stock": "«manage»",
    "stock_quantity": "«quantity»",
    "stock_status": '"«stock_status»"',
    "backorders": '"«backorders»"',
    "backorders_allowed": "«allowed»",
    "backordered": "«backordered»",
    "low_stock_amount": "null",
    "weight": _NOTHING,
    "dimensions": dict.fromkeys(("length", "width", "height"), _NOTHING),
    "shipping_class": _NOTHING,
    "shipping_class_id": "0",
    "image": "null",
    "gallery_image_ids": "[]",
    "attributes": "«attributes»",
    "menu_order": "0",
    "meta_data": "[]",
    "name": '"«name»"',
    "parent_id": "«parent»",
}


def schema(home: str) -> dict[str, Any]:
    """Return what a variation looks like, without `_links`; `home` is the address as JSON text."""
    return {
        "id": "«id»",
        "type": '"variation"',
        "date_created": '"«created»"',
        "date_created_gmt": '"«created_gmt»"',
        "date_modified": '"«modified»"',
        "date_modified_gmt": '"«modified_gmt»"',
        "description": _NOTHING,
        "permalink": f'"{home}\\/product\\/«slug»\\/«query»"',
        "sku": '"«sku»"',
        "global_unique_id": '"«guid»"',
        "price": '"«price»"',
        "regular_price": '"«price»"',
        "sale_price": _NOTHING,
        **dict.fromkeys(("date_on_sale_from", "date_on_sale_from_gmt"), "null"),
        **dict.fromkeys(("date_on_sale_to", "date_on_sale_to_gmt"), "null"),
        **_STOCK_PART,
    }


class Variations:
    """Base variations on demand, by rank."""

    kind = "variation"
    slots = SLOTS

    def __init__(
        self, chosen: options.Options, ids: layout.Layout, parents: products.Products
    ) -> None:
        self._ids = ids
        self._parents = parents
        self._families = families.Families(ids)
        self._seed = chance.mix(chosen.seed, 4)
        self.zone = parents.zone
        self.size = ids.children.total
        epoch = int(chosen.epoch.timestamp())
        middle = epoch - 120 * products.DAY
        self.created = timeline.Timeline(
            self.size, self._seed, start=middle - 700 * products.DAY, end=middle
        )
        self.modified = timeline.Timeline(self.size, self._seed + 1, start=middle, end=epoch)

    def id_of(self, index: int) -> int:
        """Return the variation's id."""
        return self._ids.variation_id(index)

    def index_of(self, record_id: int) -> int | None:
        """Return the rank of an id, or None."""
        return self._ids.variation_rank(record_id)

    def index_of_sku(self, sku: str) -> int | None:
        """Return the rank of the variation with this SKU (any case), or None."""
        prefix, _, child = sku.lower().rpartition("-")
        parent = self._parents.index_of_sku(prefix)
        if not child.isdecimal() or parent is None or parent < self._ids.simple:
            return None
        family, number = parent - self._ids.simple, int(child) - 1
        known = 0 <= number < self._ids.children.count(family) and child == str(number + 1)
        return self._ids.children.rank(family, number) if known else None

    def sku(self, index: int) -> str:
        """Return the SKU."""
        family, child = self._ids.children.locate(index)
        return f"{self._parents.sku(self._ids.simple + family)}-{child + 1}"

    def guid(self, index: int) -> str:
        """Return the global unique id; one variation in 10 has one."""
        return f"4100000{index:06}" if index % 10 == 0 else ""

    def parent_id(self, index: int) -> int:
        """Return the id of the variable product."""
        return self._ids.product_id(self._ids.simple + self._ids.children.locate(index)[0])

    def inherits_stock(self, index: int) -> bool:
        """Tell whether the parent keeps this variation's stock."""
        return self._families.stock_mode(*self._ids.children.locate(index)) == "parent"

    def stock(self, index: int) -> tuple[str, ...]:
        """Return (manage, quantity, backorders, allowed, backordered, stock status) as text."""
        family, child = self._ids.children.locate(index)
        mode = self._families.stock_mode(family, child)
        if mode == "none":
            return ("false", "null", "no", "false", "false", "instock")
        if mode == "parent":
            parent = self._ids.simple + family
            *stock, _, state = self._parents.stock(parent, self._parents.bits(parent))[1:]
            return ('"parent"', *stock, state)
        quantity = 0 if index % 13 == 6 else chance.mix(self._seed, index) % 80
        state = "instock" if quantity else "outofstock"
        return ("true", str(quantity), "no", "false", "false", state)

    def draw(self, index: int) -> tuple[str, ...]:
        """Return the values of `SLOTS`."""
        family, child = self._ids.children.locate(index)
        parent = self._ids.simple + family
        manage, quantity, backorders, allowed, backordered, state = self.stock(index)
        return (
            *(str(self.id_of(index)), *self.zone.pair(self.created.at(index))),
            *(*self.zone.pair(self.modified.at(index)), self._parents.slug(parent)),
            *(families.child_query(child), self.sku(index)),
            self.guid(index),
            products.price_text(self._families.cents(index)),
            *("private" if index % 29 == 13 else "publish", manage, quantity, state, backorders),
            *(allowed, backordered, families.child_attributes(child), families.child_name(child)),
            str(self._ids.product_id(parent)),
        )
