"""Which ids the base records have: plain arithmetic, no list of ids.

Posts share one id space as in WordPress: simple products, then variable products each followed by
room for its variations, then orders each followed by room for its refunds. Customers have an id
space of their own.
"""

from woosim import chance, options

FAMILY = 11
"""Ids kept for a variable product and its up to 10 variations."""
ORDER_ROOM = 3
"""Ids kept for an order and its up to 2 refunds."""
REFUNDS_PER_ROUND = [0] * 7 + [1] + [0] * 5 + [1] + [0] * 13 + [1] + [0] * 5 + [2] + [0] * 6


class Layout:
    """The id arithmetic of one store."""

    def __init__(self, chosen: options.Options) -> None:
        self.simple = chosen.products - chosen.variable
        self.variable = chosen.variable
        self.products = chosen.products
        self.orders = chosen.orders
        self.customers = chosen.customers
        self.seed = chosen.seed
        self.first = chosen.first_id
        self.families = self.first + self.simple
        self.first_order = self.families + FAMILY * self.variable
        self.next_post = self.first_order + ORDER_ROOM * self.orders
        counts = list(range(1, FAMILY))
        shuffle = chance.Shuffle(len(counts), chosen.seed)
        self.children = chance.Repeating([counts[shuffle.at(i)] for i in range(10)], self.variable)
        self.refunds = chance.Repeating(REFUNDS_PER_ROUND, self.orders)

    def product_id(self, index: int) -> int:
        """Return the id of a product: simple ones first, then variable ones."""
        if index < self.simple:
            return self.first + index
        return self.families + FAMILY * (index - self.simple)

    def product_index(self, product_id: int) -> int | None:
        """Return the index of a product's id, or None if no base product has it."""
        if self.first <= product_id < self.families:
            return product_id - self.first
        family, place = divmod(product_id - self.families, FAMILY)
        if place == 0 and 0 <= family < self.variable:
            return self.simple + family
        return None

    def variation_id(self, rank: int) -> int:
        """Return the id of the variation at a rank among all."""
        family, child = self.children.locate(rank)
        return self.families + FAMILY * family + 1 + child

    def variation_rank(self, variation_id: int) -> int | None:
        """Return the rank of a variation's id, or None if no base variation has it."""
        family, place = divmod(variation_id - self.families, FAMILY)
        if not 0 <= family < self.variable or not 0 < place <= self.children.count(family):
            return None
        return self.children.rank(family, place - 1)

    def order_id(self, index: int) -> int:
        """Return the id of an order."""
        return self.first_order + ORDER_ROOM * index

    def order_index(self, order_id: int) -> int | None:
        """Return the index of an order's id, or None if no base order has it."""
        index, place = divmod(order_id - self.first_order, ORDER_ROOM)
        return index if place == 0 and 0 <= index < self.orders else None

    def refund_id(self, rank: int) -> int:
        """Return the id of the refund at a rank among all."""
        order, child = self.refunds.locate(rank)
        return self.order_id(order) + 1 + child

    def refund_rank(self, refund_id: int) -> int | None:
        """Return the rank of a refund's id, or None if no base refund has it."""
        order, place = divmod(refund_id - self.first_order, ORDER_ROOM)
        if not 0 <= order < self.orders or not 0 < place <= self.refunds.count(order):
            return None
        return self.refunds.rank(order, place - 1)
