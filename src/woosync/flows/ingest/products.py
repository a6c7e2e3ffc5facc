"""Products and variations: their rows, and the levels that the store shows of them."""

from collections.abc import Sequence
from datetime import datetime
from types import ModuleType
from typing import Any

import msgspec
from msgspec import structs

from woosync.domain import ids, product
from woosync.flows.ingest import levels
from woosync.flows.ingest.context import Context, Incoming, Settled
from woosync.mapping import product as product_mapping
from woosync.mapping import variation as variation_mapping
from woosync.postgres import products, stock_links
from woosync.postgres.engine import Transaction
from woosync.postgres.records import Row, Saved
from woosync.woo.wire import product as wire_product
from woosync.woo.wire import variation as wire_variation

Records = Sequence[Settled[product.Product]]


class ProductNoun(msgspec.Struct, frozen=True):
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
        return wire, structs.replace(record, parent=None), record.parent

    async def find(
        self, tx: Transaction, context: Context, unlinked: Sequence[Incoming[product.Product]]
    ) -> dict[int, int]:
        """Recognise products by SKU, each local product once; also one that the store deleted."""
        by_sku = {item.theirs.sku.lower(): item.woo_id for item in unlinked if item.theirs.sku}
        known = await products.load_by_sku(
            tx, context.store_id, list(by_sku), returning=self.entity
        )
        return {by_sku[sku]: local_id for sku, local_id in known.items()}

    def gives_way(self, record: product.Product) -> bool:
        """Tell whether the store takes a record over at the first link: never."""
        return False

    async def hold(self, tx: Transaction, local_ids: Sequence[int]) -> None:
        """Let nobody else write these records until the transaction ends."""
        await products.SHELF.hold(tx, local_ids)

    async def load(
        self, tx: Transaction, local_ids: Sequence[int]
    ) -> dict[int, Saved[product.Product]]:
        """Load products by local id."""
        return await products.SHELF.load(tx, local_ids)

    async def next_ids(self, tx: Transaction, amount: int) -> list[int]:
        """Draw local ids."""
        return await products.SHELF.next_ids(tx, amount)

    async def save(self, tx: Transaction, context: Context, settled: Records) -> None:
        """Save products and note the levels that the store shows."""
        new = [row(context, one) for one in settled if one.before is None]
        changed = [row(context, one) for one in settled if one.before is not None]
        await products.SHELF.save_new(tx, new)
        await products.SHELF.save_changed(tx, changed)
        shown = [(one, self.mapping.stock_of(one.incoming.wire).own) for one in settled]
        await levels.save(tx, context, shown)

    async def preview(
        self, tx: Transaction, context: Context, settled: Records
    ) -> dict[int, dict[str, object]]:
        """Tell which levels are not the expected ones, by store id."""
        known = [one.local_id for one in settled if one.before is not None]
        expected = await stock_links.load_expected(tx, context.store_id, known) if known else {}
        shown = [(one, self.mapping.stock_of(one.incoming.wire).own) for one in settled]
        return {
            one.incoming.woo_id: {"stock": {"here": expected[one.local_id], "becomes": level}}
            for one, level in shown
            if one.local_id in expected and level is not None and level != expected[one.local_id]
        }

    async def save_restored(self, tx: Transaction, local_ids: Sequence[int]) -> None:
        """Bring soft-deleted records back."""
        await products.SHELF.save_restored(tx, local_ids)

    async def save_deleted(self, tx: Transaction, local_ids: Sequence[int], now: datetime) -> None:
        """Soft-delete products."""
        await products.SHELF.save_deleted(tx, local_ids, now=now)


def row(context: Context, one: Settled[product.Product]) -> Row[product.Product]:
    """Return the row of a settled product, the store's raw JSON as its metadata."""
    value, theirs = one.value, one.incoming.theirs
    # The same pictures, wherever the store has moved them; a new record has its own already.
    if value.images is not theirs.images and value.images == theirs.images:
        value = structs.replace(value, images=theirs.images)
    return Row(one.local_id, value, metadata(context, one.incoming.raw), (context.supplier_id,))


def metadata(context: Context, raw: bytes) -> bytes:
    """Return a record's metadata: the store's own JSON under the store's key."""
    return b'{"woocommerce":{"%b":%b}}' % (context.store_key.encode(), raw)


PRODUCTS = ProductNoun(ids.Entity.PRODUCT, wire_product, product_mapping)
VARIATIONS = ProductNoun(ids.Entity.VARIATION, wire_variation, variation_mapping)
