"""What happened in a base order: who bought what, for how much, and what was refunded.

Orders and refunds are both written from these facts, so they agree.
"""
# ruff: noqa: PLR2004  # residues of the index are the data itself

from dataclasses import dataclass

from woosim import chance
from woosim.base import customers, families, layout, products, variations, words

ITEM_ROOM = 16
"""Item ids kept for an order: lines 0-3, tax 4, shipping 5, fees 6-7, coupon 8, refunds 9-10."""
HOLDS_STOCK = frozenset({"processing", "completed", "on-hold", "refunded"})
_STATUSES = (
    *("completed",) * 8,
    *("processing",) * 4,
    *("on-hold", "pending", "cancelled", "failed"),
)
_PAID = frozenset({"processing", "completed", "refunded"})
_TAX_RATE = 8_875

_Thing = tuple[int, int, int, str, str, str, str, int, bool]
"""Product, variation, child, name, parent name, SKU, guid, cents, whether stock is kept."""
_GONE: _Thing = (0, 0, -1, "Discontinued lamp", "", "", "", 1_999, False)


@dataclass(slots=True)
class Line:
    """One bought thing; money in cents, texts as insides of JSON strings.

    `child` is the variation's number in its family, or -1; a `product_id` of 0 is a product that
    the shop no longer has.
    """

    product_id: int
    variation_id: int
    child: int
    name: str
    parent_name: str
    sku: str
    guid: str
    quantity: int
    subtotal: int
    total: int
    subtotal_tax: int
    tax: int
    reduced: bool


@dataclass(slots=True)
class Facts:
    """One order; money in cents. `customer` is a user's index, 0 for a guest."""

    index: int
    status: str
    customer: int
    taxed: bool
    coupon: bool
    lines: list[Line]
    shipping: int
    fees: tuple[tuple[str, int], ...]
    shipping_tax: int = 0
    cart_tax: int = 0
    discount: int = 0
    discount_tax: int = 0
    total: int = 0

    def __post_init__(self) -> None:
        """Add up the money."""
        goods = sum([cents for _, cents in self.fees])
        for line in self.lines:
            goods += line.total
            self.discount += line.subtotal - line.total
            self.discount_tax += line.subtotal_tax - line.tax
            self.cart_tax += line.tax
        if self.taxed:
            self.shipping_tax = tax_on(self.shipping)
            self.cart_tax += sum([tax_on(cents) for _, cents in self.fees])
        self.total = goods + self.shipping + self.shipping_tax + self.cart_tax

    @property
    def paid(self) -> bool:
        """Whether the order was paid."""
        return self.status in _PAID

    def refund(self, child: int) -> tuple[int, Line | None]:
        """Return (amount, refunded line) of the order's n-th refund: one unit of the line."""
        if self.status == "refunded":
            return self.total, None
        first = self.lines[0]
        unit = first.total // first.quantity
        return (100, None) if child or not unit else (unit, first)


def tax_on(cents: int) -> int:
    """Return the New York sales tax on an amount, rounded half up."""
    return (cents * _TAX_RATE + 50_000) // 100_000


class OrderFacts:
    """The facts of base orders, by index."""

    def __init__(
        self,
        ids: layout.Layout,
        goods: products.Products,
        variants: variations.Variations,
        buyers: customers.Customers,
    ) -> None:
        self.ids = ids
        self._goods = goods
        self._variants = variants
        self.buyers = buyers
        self._families = families.Families(ids)
        self.seed = chance.mix(ids.seed, 6)

    def of(self, index: int) -> Facts:
        """Return what happened in an order."""
        bits = chance.mix(self.seed, index)
        customer = self._customer(bits)
        taxed = customer > 0 and customer % 13 != 0 and self._in_new_york(customer)
        coupon = index % 10 == 3
        count = 1 + (bits >> 40) % 4 if self.ids.products else 0
        status = self._status(index, bits)
        lines = [
            self._line(index, place, status, taxed=taxed, coupon=coupon) for place in range(count)
        ]
        fees = (("Gift wrap", 250), ("Discount fee", -100))[: (index % 12 == 5) + (index % 24 == 5)]
        shipping = 0 if index % 4 == 0 else 500
        return Facts(index, status, customer, taxed, coupon, lines, shipping, fees)

    def status(self, index: int) -> str:
        """Return an order's status."""
        return self._status(index, chance.mix(self.seed, index))

    def customer(self, index: int) -> int:
        """Return the index of an order's customer, 0 for a guest."""
        return self._customer(chance.mix(self.seed, index))

    def _customer(self, bits: int) -> int:
        if bits % 5 == 0 or not self.ids.customers:
            return 0
        return 1 + (bits >> 8) % self.ids.customers

    def _in_new_york(self, customer: int) -> bool:
        return self.buyers.address(customer)[1] == words.PLACES_JSON[0][0]

    def _status(self, index: int, bits: int) -> str:
        if self.ids.refunds.count(index):
            return "refunded" if index % 40 in {7, 27} else "completed"
        return _STATUSES[(bits >> 32) & 15]

    def _line(self, index: int, place: int, status: str, *, taxed: bool, coupon: bool) -> Line:
        bits = chance.mix(self.seed ^ 0xA5A5, index * 4 + place)
        quantity = 1 + bits % 4
        gone = place == 0 and index % 97 == 50
        gone = place == 0 and index % 97 == 50
        thing = _GONE if gone else self._bought(bits >> 8)
        subtotal = thing[7] * quantity
        total = subtotal - (subtotal + 5) // 10 if coupon else subtotal
        return Line(
            *thing[:7],
            quantity,
            subtotal,
            total,
            subtotal_tax=tax_on(subtotal) if taxed else 0,
            tax=tax_on(total) if taxed else 0,
            reduced=thing[8] and status in HOLDS_STOCK,
        )

    def _bought(self, bits: int) -> _Thing:
        if self.ids.simple and (bits % 6 or not self._variants.size):
            index = (bits >> 4) % self.ids.simple
            name, sku, guid, cents = self._goods.line_facts(index)
            managed = self._goods.manages_stock(index)
            return (self._goods.id_of(index), 0, -1, name, "", sku, guid, cents, managed)
        rank = (bits >> 4) % self._variants.size
        family, child = self.ids.children.locate(rank)
        parent = self.ids.simple + family
        parent_name = self._goods.name(parent)
        managed = self._families.stock_mode(family, child) != "none"
        return (
            *(self._goods.id_of(parent), self._variants.id_of(rank), child),
            *(f"{parent_name} - {families.child_name(child)}", parent_name),
            *(f"{self._goods.sku(parent)}-{child + 1}", self._variants.guid(rank)),
            *(self._families.cents(rank), managed),
        )
