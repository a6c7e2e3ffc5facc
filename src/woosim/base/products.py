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
_IN = ("false", "null", "no", "false", "false", "null", "instock")
_OUT = (*_IN[:6], "outofstock")
_STATUSES = {7: "draft", 17: "pending", 27: "private"}
_ABOUT = ("<p>Description of ", " \\u2014 \\u201cquoted\\u201d &amp; entities<\\/p>\\n")
_RELATED = 512
_Window = tuple[str, str, str, str]


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
        self._related = [self._related_ids(n) for n in range(_RELATED)]
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
        return _cents(index, chance.mix(self._seed, index))

    def name(self, index: int) -> str:
        """Return the name as the inside of a JSON string."""
        return f"{words.TITLES_JSON[chance.mix(self._seed, index) & 255]} {index + 1}"

    def line_facts(self, index: int) -> tuple[str, str, str, int]:
        """Return (name, SKU, global unique id, price in cents) as an order's line has them."""
        bits = chance.mix(self._seed, index)
        name = f"{words.TITLES_JSON[bits & 255]} {index + 1}"
        return name, self.sku(index), self.guid(index), _cents(index, bits)

    def guid(self, index: int) -> str:
        """Return the global unique id; one simple product in 10 has one."""
        return f"4000000{index + 1:06}" if index % 10 == 9 else ""

    def slug(self, index: int) -> str:
        """Return the slug."""
        return f"{words.TITLE_SLUGS[chance.mix(self._seed, index) & 255]}-{index + 1}"

    def status(self, index: int) -> str:
        """Return the status: mostly publish."""
        return _STATUSES.get(index % 60, "publish")

    def manages_stock(self, index: int) -> bool:
        """Tell whether the product keeps its own stock level."""
        if index >= self._ids.simple:
            return (index - self._ids.simple) % 5 == 4
        return index % 9 != 3

    def stock(self, index: int, bits: int) -> tuple[str, str, str, str, str, str, str]:
        """Return (manage, quantity, backorders, allowed, backordered, low, status) as text."""
        if not self.manages_stock(index):
            return _OUT if index % 81 == 12 else _IN
        backorders = ("notify", "no", "yes", "no")[index // 10 % 4] if index % 10 == 0 else "no"
        quantity = 0 if index % 23 == 11 else (bits >> 24) % 150
        if index % 80 == 20:
            quantity = -3
        low = "5" if index % 30 == 9 else "null"
        if backorders == "no":
            state = "instock" if quantity > 0 else "outofstock"
            return ("true", str(quantity), "no", "false", "false", low, state)
        backordered = "true" if quantity < 0 else "false"
        state = "instock" if quantity > 0 else "onbackorder"
        return ("true", str(quantity), backorders, "true", backordered, low, state)

    def bits(self, index: int) -> int:
        """Return the product's share of chance."""
        return chance.mix(self._seed, index)

    def times(self, index: int) -> tuple[str, str, str, str]:
        """Return (created, created gmt, modified, modified gmt)."""
        return self.zone.pair(self.created.at(index)) + self.zone.pair(self.modified.at(index))

    def draw(self, index: int) -> tuple[str, ...]:
        """Return the values of `product_schema.SLOTS`."""
        if index >= self._ids.simple:
            return self._draw_variable(index)
        bits = chance.mix(self._seed, index)
        title, cents, n = bits & 255, _cents(index, bits), index + 1
        sku = "" if index % 32 == 31 else f"SKU-{n:06}"
        made, changed = self.created.at(index), self.modified.at(index)
        manage, quantity, backorders, allowed, backordered, low, state = self.stock(index, bits)
        bits >>= 32
        shipped = "false" if index % 25 == 11 else "true"
        length, width, height = _DIMENSIONS[index & 3]
        self._asked += 1
        return (
            str(index + self._ids.first),
            f"{words.TITLES_JSON[title]} {n}",
            f"{words.TITLE_SLUGS[title]}-{n}",
            *self.zone.pair(made),
            *self.zone.pair(changed),
            "simple",
            _STATUSES.get(index % 60, "publish"),
            "true" if index % 19 == 5 else "false",
            "" if index & 3 else f"{_ABOUT[0]}{sku}{_ABOUT[1]}",
            sku,
            *_prices(index, cents, self._sales),
            "true" if cents else "false",
            str(bits % 60),
            "false" if shipped == "true" else "true",
            *(manage, quantity, backorders, allowed, backordered, low),
            "" if bits & 4 else f"{(bits >> 3) % 10}.{(bits >> 7) % 100:02}",
            *(length, width, height, shipped, words.CATEGORIES_JSON[bits & 3], "[]", "[]"),
            _markup(index, cents),
            self._related[(bits + self._asked) % _RELATED],
            _meta(index) if index % 12 == 6 else "[]",
            *(state, "false", self.guid(index)),
        )

    def _related_ids(self, number: int) -> str:
        """Return one of the lists of related products; WooCommerce shows another every time."""
        chosen = {chance.mix(number, n) % max(1, self._ids.simple) for n in range(5)}
        return f"[{','.join(str(self._ids.first + index) for index in chosen)}]"

    def _draw_variable(self, index: int) -> tuple[str, ...]:
        family = index - self._ids.simple
        low_cents, high_cents = self._families.price_range(family)
        price, high = price_text(low_cents), price_text(high_cents)
        markup = price_html(price) + (f" &ndash; {price_html(high)}" if high != price else "")
        bits = self.bits(index)
        *stock, low, state = self.stock(index, bits)
        children = self._ids.children.count(family)
        return (
            *(str(self.id_of(index)), self.name(index), self.slug(index), *self.times(index)),
            *("variable", self.status(index), "false", "", self.sku(index), price, "", ""),
            *(*_NO_SALE, "false", "true", str(bits % 90), "false"),
            *(*stock, low, "", "", "", "", "true", words.CATEGORIES_JSON[family & 3]),
            *(families.parent_attributes(children), self._families.child_ids(family), markup),
            *(self._related[family % _RELATED], "[]", state, "true", ""),
        )


def _cents(index: int, bits: int) -> int:
    return 0 if index % 50 == 49 else 199 + (bits >> 8) % 49_801


def _regular(index: int, cents: int) -> str:
    return price_text(cents) + ("05" if index % 37 == 36 else "")


def _prices(index: int, cents: int, sales: tuple[_Window, _Window]) -> tuple[str, ...]:
    """Return (price, regular, sale, from, from gmt, to, to gmt, on sale) as text."""
    if not cents:
        return ("", "", "", *_NO_SALE, "false")
    regular = _regular(index, cents)
    place = index % 10
    if place not in {4, 5}:
        return (regular, regular, "", "null", "null", "null", "null", "false")
    sale = price_text(cents * 4 // 5)
    if index % 20 == 15:
        return (regular, regular, sale, *sales[1], "false")
    return (sale, regular, sale, *(sales[0] if place == 4 else _NO_SALE), "true")


def _markup(index: int, cents: int) -> str:
    """Return price_html."""
    if not cents:
        return ""
    regular = _regular(index, cents)
    if index % 10 not in {4, 5} or index % 20 == 15:
        return _AMOUNT + regular + _END
    sale = price_html(price_text(cents * 4 // 5))
    return f'<del aria-hidden=\\"true\\">{price_html(regular)}<\\/del> {sale}'


def _meta(index: int) -> str:
    return f'[{{"id":{index * 3 + 7},"key":"_erp_ref","value":"ERP-{index:06}"}}]'
