"""Goods that several stores sell from the same warehouses: what each may show of them."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec
from msgspec import structs

from woosync.domain import allocation
from woosync.domain import stock as protocol
from woosync.flows.ingest import common_goods
from woosync.flows.ingest.context import Context
from woosync.postgres import stock_links
from woosync.postgres.engine import Transaction

NONE = Decimal(0)


class Pool(msgspec.Struct):
    """What a store and those it shares goods with have of some products."""

    context: Context
    goods: common_goods.Goods
    available: Mapping[int, Decimal]

    def own(self, product_id: int) -> stock_links.StockLink | None:
        """Return this store's link of a product."""
        own_id = self.context.store_id
        links = self.goods.links.get(product_id, ())
        return next((one for one in links if one.store_id == own_id), None)

    def reallocated(
        self, product_id: int, own: stock_links.StockLink
    ) -> tuple[list[stock_links.StockLink], stock_links.StockLink]:
        """Return (links of other stores that change, this store's link) with new allocations."""
        others = self.goods.others(product_id, own.store_id) if own.state != "unmanaged" else []
        if not others:
            return [], structs.replace(own, allocation=None, wanted=None)
        links = sorted([own, *others], key=lambda one: one.store_id)
        limits = self.goods.limits(product_id, links)
        given = allocation.reallocate(limits, [self._holder(one) for one in links])
        after = {one.store_id: _given(one, given[one.store_id]) for one in links}
        changed = [after[one.store_id] for one in others if after[one.store_id] != one]
        return changed, after[own.store_id]

    def target(self, product_id: int, own: stock_links.StockLink) -> Decimal:
        """Return the level that this store is to show."""
        limits = [limit for limit in (own.allocation, own.wanted) if limit is not None]
        shared = own.allocation is not None
        buffer = own.buffer or Decimal(self.context.stock.buffer)
        whole = own.expected == own.expected.to_integral_value()
        return protocol.target(
            self.available.get(product_id, NONE),
            buffer=NONE if shared else buffer,
            ceiling=min(limits, default=None),
            fractions=self.context.stock.fractions or not whole,
        )

    def _holder(self, link: stock_links.StockLink) -> allocation.Holder:
        """Return a store's part; what it shows is certain only once both sides agreed on it."""
        held = link.expected if link.allocation is None else link.allocation
        certain = link.state == "clean" and link.agreed_seq >= link.seq
        shown = link.expected if certain else max(link.expected, held)
        return allocation.Holder(
            store_id=link.store_id,
            allocation=max(math.floor(held), 0),
            expected=max(math.ceil(shown), 0),
            share=self.goods.sellers[link.store_id].share,
            wanted=None if link.wanted is None else max(math.floor(link.wanted), 0),
        )


async def load(tx: Transaction, context: Context, product_ids: Sequence[int]) -> Pool:
    """Load and lock the links of products with all stores, and what there is of them."""
    goods = await common_goods.load(tx, context.store_id, product_ids)
    available = await stock_links.load_available(tx, context.warehouses, product_ids)
    return Pool(context, goods, available)


def _given(link: stock_links.StockLink, units: int) -> stock_links.StockLink:
    """Return the link with its allocation; a ceiling that is reached has done its work."""
    wanted = link.wanted if link.wanted is not None and units > link.wanted else None
    return structs.replace(link, allocation=Decimal(units), wanted=wanted)
