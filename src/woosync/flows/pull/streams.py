"""The collections a pull reads, and the cursor it keeps for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from woosync.domain import ids
from woosync.flows.ingest import customers, orders, products, refunds
from woosync.flows.ingest.context import Noun
from woosync.woo import paging
from woosync.woo.wire import customer as wire_customer
from woosync.woo.wire import order as wire_order
from woosync.woo.wire import product as wire_product
from woosync.woo.wire import refund as wire_refund
from woosync.woo.wire import variation as wire_variation


@dataclass(frozen=True, slots=True)
class Stream:
    """One collection of the store: where it is, what to ask for, whether it tells changes."""

    noun: Noun[Any]
    route: str
    query: Mapping[str, str]
    trash: bool = True

    @property
    def entity(self) -> ids.Entity:
        """Return the kind of record."""
        return self.noun.entity


PRODUCTS = Stream(products.PRODUCTS, "products", {"_fields": wire_product.FIELDS})
VARIATIONS = Stream(products.VARIATIONS, "variations", {"_fields": wire_variation.FIELDS})
CUSTOMERS = Stream(
    customers.CUSTOMERS,
    "customers",
    {"_fields": wire_customer.FIELDS, "role": "all"},
    trash=False,
)
ORDERS = Stream(orders.ORDERS, "orders", {"_fields": wire_order.FIELDS})
REFUNDS = Stream(refunds.REFUNDS, "refunds", {"_fields": wire_refund.FIELDS}, trash=False)

#: What a user may name, and the streams behind it.
ENTITIES: Mapping[str, tuple[Stream, ...]] = {
    "customers": (CUSTOMERS,),
    "products": (PRODUCTS, VARIATIONS),
    "orders": (ORDERS,),
}


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """A full scan under way: changes before `watermark` are in what it reads."""

    watermark: datetime
    position: paging.ScanPosition
    force: bool


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """Where the next pull of a stream goes on.

    `watermark`: changes up to then are here. `scan`: a full scan that is not finished.
    `rolling`: where the slow look through all customers stands. `due`: rows were saved whose
    belongings (parents, refunds, owners) have not been seen to yet. `parents`: products whose
    variations are still to be fetched, on stores that list variations by product only.
    """

    watermark: datetime | None = None
    scan: Scan | None = None
    rolling: paging.ScanPosition | None = None
    swept_at: datetime | None = None
    due: bool = False
    parents: tuple[int, ...] = ()
    last_parent: int = 0
