"""Goods that several stores sell from the same warehouses: what each may show of them."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec
from msgspec import structs

from woosync.domain import allocation
from woosync.domain import stock as protocol
from woosync.flows.ingest.context import Context
from woosync.postgres import stock_links
from woosync.postgres.engine import Transaction

NONE = Decimal(0)


class Pool(msgspec.Struct):
    """The links of some products with all stores, and what is available of them."""

    context: Context
    sellers: Mapping[int, stock_links.Seller]
    links: Mapping[int, Sequence[stock_links.StockLink]]
    available: dict[int, Decimal] = msgspec.field(default_factory=dict)
    common: dict[int, Decimal] = msgspec.field(default_factory=dict)

    def own(self, product_id: int) -> stock_links.StockLink | None:
        """Return this store's link of a product."""
        own_id = self.context.store_id
        return next((one for one in self.links.get(product_id, ()) if one.store_id == own_id), None)

    def others(self, product_id: int) -> list[stock_links.StockLink]:
        """Return the links of other stores that sell the same goods."""
        ours = set(self.context.warehouses)
        return [
            one
            for one in self.links.get(product_id, ())
            if one.store_id != self.context.store_id
            and one.state != "unmanaged"
            and (seller := self.sellers.get(one.store_id)) is not None
            and seller.warehouses & ours
        ]

    async def load_available(self, tx: Transaction, product_ids: Sequence[int]) -> None:
        """Load what this store's warehouses have, and all those that feed stores it shares with."""
        self.available = await stock_links.load_available(tx, self.context.warehouses, product_ids)
        groups: dict[frozenset[int], list[int]] = {}
        for product_id in product_ids:
            others = self.others(product_id)
            if others:
                union = set(self.context.warehouses).union(
                    *(self.sellers[one.store_id].warehouses for one in others)
                )
                groups.setdefault(frozenset(union), []).append(product_id)
        for warehouses, shared in groups.items():
            self.common |= await stock_links.load_available(tx, sorted(warehouses), shared)

    def reallocated(
        self, product_id: int, own: stock_links.StockLink
    ) -> tuple[list[stock_links.StockLink], stock_links.StockLink]:
        """Return (links of other stores that change, this store's link) with new allocations."""
        others = self.others(product_id)
        if not others:
            return [], structs.replace(own, allocation=None, wanted=None)
        links = [own, *others]
        # The same whichever of the stores plans, or they would give units back and forth.
        kept = max(one.buffer or Decimal(self.sellers[one.store_id].buffer) for one in links)
        budget = math.floor(self.common.get(product_id, NONE) - kept)
        given = allocation.reallocate(budget, [self._holder(one) for one in links])
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
            share=self.sellers[link.store_id].share,
            wanted=None if link.wanted is None else max(math.floor(link.wanted), 0),
        )


def _given(link: stock_links.StockLink, units: int) -> stock_links.StockLink:
    """Return the link with its allocation; a ceiling that is reached has done its work."""
    wanted = link.wanted if link.wanted is not None and units > link.wanted else None
    return structs.replace(link, allocation=Decimal(units), wanted=wanted)
