"""The collections of a store: where they are, and what to ask for."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from woosync.domain import ids
from woosync.flows.ingest import customers, orders, products, refunds
from woosync.flows.ingest.context import Noun
from woosync.mapping import product as product_mapping
from woosync.mapping import variation as variation_mapping
from woosync.woo.wire import customer as wire_customer
from woosync.woo.wire import order as wire_order
from woosync.woo.wire import product as wire_product
from woosync.woo.wire import refund as wire_refund
from woosync.woo.wire import variation as wire_variation


class Stream(msgspec.Struct, frozen=True):
    """One collection of the store: where it is, what to ask for, whether it has a trash.

    `level` reads the stock level that a record itself accounts for, None where it counts none.
    """

    noun: Noun[Any]
    route: str
    query: Mapping[str, str]
    trash: bool = True
    level: Callable[[Any], Decimal | None] | None = None

    @property
    def entity(self) -> ids.Entity:
        """Return the kind of record."""
        return self.noun.entity


PRODUCTS = Stream(
    products.PRODUCTS,
    "products",
    {"_fields": wire_product.FIELDS},
    level=lambda wire: product_mapping.stock_of(wire).own,
)
VARIATIONS = Stream(
    products.VARIATIONS,
    "variations",
    {"_fields": wire_variation.FIELDS},
    level=lambda wire: variation_mapping.stock_of(wire).own,
)
CUSTOMERS = Stream(
    customers.CUSTOMERS,
    "customers",
    {"_fields": wire_customer.FIELDS, "role": "all"},
    trash=False,
)
ORDERS = Stream(orders.ORDERS, "orders", {"_fields": wire_order.FIELDS})
REFUNDS = Stream(refunds.REFUNDS, "refunds", {"_fields": wire_refund.FIELDS}, trash=False)

#: Fields that only a store writes, or that follow from others: nothing is to be said about them.
STORE_ONLY = frozenset({"is_paying", "parent", "role", "username"})
#: What a user may name, and the streams behind it.
ENTITIES: Mapping[str, tuple[Stream, ...]] = {
    "customers": (CUSTOMERS,),
    "products": (PRODUCTS, VARIATIONS),
    "orders": (ORDERS,),
}
