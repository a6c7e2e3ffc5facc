"""Products and variations: their rows, and the stock movements their levels lead to."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import ModuleType
from typing import Any

from woosync.domain import ids, product
from woosync.flows.ingest.context import Context, Incoming, Settled
from woosync.mapping import product as product_mapping
from woosync.mapping import variation as variation_mapping
from woosync.postgres import products
from woosync.postgres import stock as ledger
from woosync.postgres.engine import Transaction
from woosync.postgres.records import Row, Saved
from woosync.woo.wire import product as wire_product
from woosync.woo.wire import variation as wire_variation

Records = Sequence[Settled[product.Product]]


@dataclass(frozen=True, slots=True)
class ProductNoun:
    """Products or variations; they share tables and differ in their JSON."""

    entity: ids.Entity
    wire: ModuleType
    mapping: ModuleType
    kind: type[product.Product] = product.Product
    locks: Sequence[ids.Entity] = (ids.Entity.PRODUCT,)

    def read(self, raw: bytes) -> tuple[Any, product.Product, int | None]:
        """Decode raw JSON."""
        wire = self.wire.decode(raw)
        record = self.mapping.to_domain(wire)
        if record.parent is None:
            return wire, record, None
        # The parent's id belongs to one store and so to the link, not to what stores agree on.
        return wire, dataclasses.replace(record, parent=None), record.parent

    async def find(
        self, tx: Transaction, context: Context, unlinked: Sequence[Incoming[product.Product]]
    ) -> dict[int, int]:
        """Recognise products by SKU; each local product once."""
        by_sku = {item.theirs.sku.lower(): item.woo_id for item in unlinked if item.theirs.sku}
        known = await products.load_by_sku(tx, context.store_id, list(by_sku))
        return {by_sku[sku]: local_id for sku, local_id in known.items()}

    def gives_way(self, record: product.Product) -> bool:
        """Tell whether the store takes a record over at the first link: never."""
        return False

    async def load(
        self, tx: Transaction, local_ids: Sequence[int]
    ) -> dict[int, Saved[product.Product]]:
        """Load products by local id."""
        return await products.SHELF.load(tx, local_ids)

    async def next_ids(self, tx: Transaction, amount: int) -> list[int]:
        """Draw local ids."""
        return await products.SHELF.next_ids(tx, amount)

    async def save(self, tx: Transaction, context: Context, settled: Records) -> None:
        """Save products and move their stock."""
        new = [row(context, one) for one in settled if one.before is None]
        changed = [row(context, one) for one in settled if one.before is not None]
        await products.SHELF.save_new(tx, new)
        await products.SHELF.save_changed(tx, changed)
        await self._save_stock(tx, context, settled)

    async def save_restored(self, tx: Transaction, local_ids: Sequence[int]) -> None:
        """Bring soft-deleted records back."""
        await products.SHELF.save_restored(tx, local_ids)

    async def save_deleted(self, tx: Transaction, local_ids: Sequence[int], now: datetime) -> None:
        """Soft-delete products."""
        await products.SHELF.save_deleted(tx, local_ids, now=now)

    async def _save_stock(self, tx: Transaction, context: Context, settled: Records) -> None:
        counted = {
            one.local_id: (one.incoming.woo_id, level)
            for one in settled
            if (level := self.mapping.stock_of(one.incoming.wire).own) is not None
        }
        known_ids = [one.local_id for one in settled if one.before is not None]
        known = await ledger.load_links(tx, context.store_id, known_ids) if known_ids else {}
        on_hand = (
            await ledger.load_on_hand(tx, context.warehouse_id, known_ids) if known_ids else {}
        )
        openings: list[ledger.Opening] = []
        movements: list[ledger.Movement] = []
        moved: list[ledger.StockLink] = []
        for local_id, (woo_id, level) in counted.items():
            link = known.get(local_id)
            if link is None:
                before = on_hand.get(local_id, 0)
                openings.append(ledger.Opening(local_id, woo_id, level, before))
            elif level != link.expected:
                movements.append(_change(context, link, level))
                moved.append(dataclasses.replace(link, expected=level, seq=link.seq + 1))
        await ledger.news_of(tx, context.store_id)
        now, actor = context.clock(), context.actor
        store_id, warehouse_id = context.store_id, context.warehouse_id
        await ledger.save_openings(tx, store_id, warehouse_id, openings, actor=actor, now=now)
        await ledger.save_movements(tx, movements, actor=actor, now=now)
        await ledger.save_changed_links(tx, store_id, moved)


def row(context: Context, one: Settled[product.Product]) -> Row[product.Product]:
    """Return the row of a settled product, the store's raw JSON as its metadata."""
    value, theirs = one.value, one.incoming.theirs
    if value.images == theirs.images:  # the same pictures, wherever the store has moved them
        value = dataclasses.replace(value, images=theirs.images)
    return Row(one.local_id, value, metadata(context, one.incoming.raw), (context.supplier_id,))


def metadata(context: Context, raw: bytes) -> str:
    """Return a record's metadata: the store's own JSON under the store's key."""
    return f'{{"woocommerce":{{"{context.store_key}":{raw.decode()}}}}}'


def _change(context: Context, link: ledger.StockLink, level: Decimal) -> ledger.Movement:
    return ledger.Movement(
        product_id=link.product_id,
        warehouse_id=context.warehouse_id,
        qty=level - link.expected,
        kind="store_change",
        source_ref=f"store:{context.store_id}:product:{link.woo_id}:{link.seq + 1}",
        note=f"the store's level went from {link.expected} to {level}",
    )


PRODUCTS = ProductNoun(ids.Entity.PRODUCT, wire_product, product_mapping)
VARIATIONS = ProductNoun(ids.Entity.VARIATION, wire_variation, variation_mapping)
