"""Goods that several stores sell: who shares them, be it through others, and what there is."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from woosync.domain import allocation, allocation_limits
from woosync.postgres import stock, stock_links
from woosync.postgres.engine import Transaction


class Goods(msgspec.Struct):
    """The locked links of some products with all stores, and what each warehouse has of them."""

    sellers: Mapping[int, stock_links.Seller] = msgspec.field(default_factory=dict)
    links: Mapping[int, Sequence[stock_links.StockLink]] = msgspec.field(default_factory=dict)
    available: Mapping[int, Mapping[int, Decimal]] = msgspec.field(default_factory=dict)
    linked: dict[tuple[int, frozenset[int]], frozenset[int]] = msgspec.field(default_factory=dict)
    areas: dict[frozenset[int], list[allocation_limits.Area]] = msgspec.field(default_factory=dict)

    def others(self, product_id: int, store_id: int) -> list[stock_links.StockLink]:
        """Return the links of other stores that share a product with a store, also far ones."""
        counting = {
            one.store_id: one
            for one in self.links.get(product_id, ())
            if one.state != "unmanaged" and one.store_id in self.sellers
        }
        if not counting.keys() - {store_id} or store_id not in self.sellers:
            return []
        stores = frozenset({store_id, *counting})
        if (store_id, stores) not in self.linked:
            linked = allocation_limits.linked(store_id, self._places(stores)) - {store_id}
            self.linked[store_id, stores] = linked
        return [one for other, one in counting.items() if other in self.linked[store_id, stores]]

    def limits(
        self, product_id: int, links: Iterable[stock_links.StockLink]
    ) -> list[allocation.Limit]:
        """Return how many units there are for these stores, which are all that share a product."""
        kept = {
            one.store_id: one.buffer or Decimal(self.sellers[one.store_id].buffer) for one in links
        }
        stores = frozenset(kept)
        if stores not in self.areas:
            self.areas[stores] = allocation_limits.areas(self._places(stores))
        available = self.available.get(product_id, {})
        return [area.limit(available, kept) for area in self.areas[stores]]

    def _places(self, stores: Iterable[int]) -> dict[int, frozenset[int]]:
        return {one: self.sellers[one].warehouses for one in stores}


async def has_neighbours(tx: Transaction, store_id: int) -> bool:
    """Tell whether any store sells from a warehouse that this one sells from; locks nothing."""
    sellers = await stock_links.load_sellers(tx)
    places = {one.store_id: one.warehouses for one in sellers.values()}
    return len(allocation_limits.linked(store_id, places)) > 1


async def load(tx: Transaction, store_id: int, product_ids: Sequence[int]) -> Goods:
    """Load and lock the links of products with all stores; what there is of those shared."""
    links = await stock_links.load_shared(tx, product_ids)
    goods = Goods(await stock_links.load_sellers(tx), links)
    shared = [one for one in links if goods.others(one, store_id)]
    if shared:
        goods.available = await stock.load_by_warehouse(tx, shared)
    return goods
