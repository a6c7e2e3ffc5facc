"""The base products: every value of product number n follows from the seed and n alone."""
# ruff: noqa: PLR2004  # residues of the index are the data itself

from woosim import chance, dates, options
from woosim.base import families, layout, product_schema, timeline, words

DAY = 86400
_AMOUNT = (
    '<span class=\\"woocommerce-Price-amount amount\\"><bdi><span class=\\"woocommerce-Price-'
    'currencySymbol\\" translate=\\"no\\">&#36;<\\/span>'
)
_END = "<\\/bdi><\\/span>"
_NO_SALE = ("null", "null", "null", "null")
_DIMENSIONS = (("", "", ""), ("", "", ""), ("", "", ""), ("10", "5.5", "2"))
_MANAGED_STATES = {"no": ("false", "outofstock"), "yes": ("true", "onbackorder")}


def price_text(cents: int) -> str:
    """Write cents as WooCommerce stores prices."""
    return f"{cents // 100}.{cents % 100:02}"


def price_html(price: str) -> str:
    """Return the marked-up price, as the inside of a JSON string."""
    return _AMOUNT + price + _END if price else ""


class Products:
    """Base products on demand, by index: simple ones first, then variable ones."""

    kind = "product"
    slots = product_schema.SLOTS

    def __init__(self, chosen: options.Options, ids: layout.Layout, zone: dates.Zone) -> None:
        self._ids = ids
        self._seed = chance.mix(chosen.seed, 1)
        self._other_seed = chance.mix(chosen.seed, 2)
        self.zone = zone
        self._families = families.Families(ids)
        self._asked = 0
        self.size = ids.products
        epoch = int(chosen.epoch.timestamp())
        middle = epoch - 120 * DAY
        self.created = timeline.Timeline(
            self.size, self._seed, start=middle - 700 * DAY, end=middle
        )
        self.modified = timeline.Timeline(self.size, self._other_seed, start=middle, end=epoch)
        self._sales = (
            self._sale_dates(epoch - 10 * DAY, epoch + 3650 * DAY),
            self._sale_dates(epoch + 3650 * DAY, epoch + 3670 * DAY),
        )

    def _sale_dates(self, start: int, end: int) -> tuple[str, str, str, str]:
        local, gmt = self.zone.local_text, dates.to_text
        return (f'"{local(start)}"', f'"{gmt(start)}"', f'"{local(end)}"', f'"{gmt(end)}"')

    def id_of(self, index: int) -> int:
        """Return the product's id."""
        return self._ids.product_id(index)

    def index_of(self, record_id: int) -> int | None:
        """Return the index of an id, or None."""
        return self._ids.product_index(record_id)

    def index_of_sku(self, sku: str) -> int | None:
        """Return the index of the product with this SKU (any case), or None."""
        prefix, _, number = sku.lower().partition("-")
        if not number.isdecimal() or prefix not in {"sku", "var"}:
            return None
        index = int(number) - 1 + (self._ids.simple if prefix == "var" else 0)
        known = 0 <= index < self.size and self.sku(index).lower() == sku.lower()
        return index if known else None

    def sku(self, index: int) -> str:
        """Return the SKU; one product in 32 has none."""
        if index >= self._ids.simple:
            return f"VAR-{index - self._ids.simple + 1:05}"
        return "" if index % 32 == 31 else f"SKU-{index + 1:06}"

    def cents(self, index: int) -> int:
        """Return the regular price in cents; 0 stands for none."""
        return 0 if index % 50 == 49 else 199 + chance.mix(self._seed, index) // 256 % 49_801

    def name(self, index: int) -> str:
        """Return the name as the inside of a JSON string."""
        return f"{words.TITLES_JSON[chance.mix(self._seed, index) & 255]} {index + 1}"

    def slug(self, index: int) -> str:
        """Return the slug."""
        return f"{words.TITLE_SLUGS[chance.mix(self._seed, index) & 255]}-{index + 1}"

    def status(self, index: int) -> str:
        """Return the status: mostly publish."""
        return {7: "draft", 17: "pending", 27: "private"}.get(index % 60, "publish")

    def manages_stock(self, index: int) -> bool:
        """Tell whether the product keeps its own stock level."""
        if index >= self._ids.simple:
            return (index - self._ids.simple) % 5 == 4
        return index % 9 != 3

    def stock(self, index: int) -> tuple[str, ...]:
        """Return (manage, quantity, backorders, allowed, backordered, low, status) as text."""
        if not self.manages_stock(index):
            status = "outofstock" if index % 81 == 12 else "instock"
            return ("false", "null", "no", "false", "false", "null", status)
        backorders = "yes" if index % 40 == 20 else "notify" if index % 40 == 0 else "no"
        quantity = -3 if index % 80 == 20 else chance.mix(self._other_seed, index) % 150
        if index % 23 == 11:
            quantity = 0
        allowed, empty = _MANAGED_STATES["no" if backorders == "no" else "yes"]
        backordered = "true" if quantity < 0 and allowed == "true" else "false"
        low = "5" if index % 30 == 9 else "null"
        state = "instock" if quantity > 0 else empty
        return ("true", str(quantity), backorders, allowed, backordered, low, state)

    def prices(self, index: int, cents: int) -> tuple[str, ...]:
        """Return (price, regular, sale, from, from gmt, to, to gmt, on sale, html) as text."""
        if not cents:
            return ("", "", "", *_NO_SALE, "false", "")
        regular = price_text(cents)
        if index % 37 == 36:
            regular += "05"
        if index % 10 not in {4, 5}:
            return (regular, regular, "", *_NO_SALE, "false", _AMOUNT + regular + _END)
        sale = price_text(cents * 4 // 5)
        if index % 20 == 15:
            return (regular, regular, sale, *self._sales[1], "false", price_html(regular))
        window = self._sales[0] if index % 10 == 4 else _NO_SALE
        markup = f'<del aria-hidden=\\"true\\">{price_html(regular)}<\\/del> {price_html(sale)}'
        return (sale, regular, sale, *window, "true", markup)

    def times(self, index: int) -> tuple[str, str, str, str]:
        """Return (created, created gmt, modified, modified gmt)."""
        local, text = self.zone.local, dates.to_text
        made, changed = self.created.at(index), self.modified.at(index)
        return (text(local(made)), text(made), text(local(changed)), text(changed))

    def draw(self, index: int) -> tuple[str, ...]:
        """Return the values of `product_schema.SLOTS`."""
        if index >= self._ids.simple:
            return self._draw_variable(index)
        bits = chance.mix(self._seed, index)
        title, bits, n = bits & 255, bits // 256, index + 1
        sku = self.sku(index)
        virtual = index % 25 == 11
        cents = 0 if index % 50 == 49 else 199 + bits % 49_801
        price, regular, sale, *window, on_sale, markup = self.prices(index, cents)
        *stock, low, state = self.stock(index)
        bits >>= 16
        return (
            *(str(self.id_of(index)), f"{words.TITLES_JSON[title]} {n}"),
            *(f"{words.TITLE_SLUGS[title]}-{n}", *self.times(index), "simple", self.status(index)),
            *(
                "true" if index % 19 == 5 else "false",
                _description(index, sku),
                sku,
                price,
                regular,
            ),
            *(sale, *window, on_sale, "true" if price else "false", str(bits % 60)),
            *("true" if virtual else "false", *stock, low),
            *(_weight(bits), *_DIMENSIONS[index & 3], "false" if virtual else "true"),
            *(words.CATEGORIES_JSON[bits & 3], "[]", "[]", markup, self._related(bits)),
            *(_meta(index), state, "false", f"4000000{n:06}" if n % 10 == 0 else ""),
        )

    def _related(self, bits: int) -> str:
        self._asked += 1  # WooCommerce shows other related products at every request
        bits ^= self._asked * 0x9E3779B1
        size = self._ids.simple or 1
        return f"[{10 + bits % size},{10 + (bits >> 7) % size},{10 + (bits >> 13) % size}]"

    def _draw_variable(self, index: int) -> tuple[str, ...]:
        family = index - self._ids.simple
        low_cents, high_cents = self._families.price_range(family)
        price, high = price_text(low_cents), price_text(high_cents)
        markup = price_html(price) + (f" &ndash; {price_html(high)}" if high != price else "")
        *stock, low, state = self.stock(index)
        children = self._ids.children.count(family)
        return (
            *(str(self.id_of(index)), self.name(index), self.slug(index), *self.times(index)),
            *("variable", self.status(index), "false", "", self.sku(index), price, "", ""),
            *(*_NO_SALE, "false", "true", str(chance.mix(self._other_seed, index) % 90), "false"),
            *(*stock, low, "", "", "", "", "true", words.CATEGORIES_JSON[family & 3]),
            *(families.parent_attributes(children), self._families.child_ids(family), markup),
            *(self._related(family), "[]", state, "true", ""),
        )


def _description(index: int, sku: str) -> str:
    if index % 4:
        return ""
    return f"<p>Description of {sku} \\u2014 \\u201cquoted\\u201d &amp; entities<\\/p>\\n"


def _weight(bits: int) -> str:
    return "" if bits & 4 else f"{(bits >> 3) % 10}.{(bits >> 7) % 100:02}"


def _meta(index: int) -> str:
    if index % 12 != 6:
        return "[]"
    return f'[{{"id":{index * 3 + 7},"key":"_erp_ref","value":"ERP-{index:06}"}}]'
