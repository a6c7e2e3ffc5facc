"""Refunds, under the order they belong to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from woosync import errors
from woosync.domain import ids, order
from woosync.flows.ingest.context import Context, Incoming, Settled
from woosync.flows.ingest.products import metadata
from woosync.mapping import refund as mapping
from woosync.postgres import links, orders
from woosync.postgres.engine import Transaction
from woosync.postgres.records import Row, Saved
from woosync.woo.wire import refund as wire


class OrderMissingError(errors.TemporaryError):
    """A refund came before its order."""


class RefundNoun(msgspec.Struct, frozen=True):
    """Refunds."""

    entity: ids.Entity = ids.Entity.REFUND
    kind: type[order.Refund] = order.Refund
    locks: Sequence[ids.Entity] = (ids.Entity.REFUND,)

    def read(self, raw: bytes) -> tuple[Any, order.Refund, int | None]:
        """Decode raw JSON."""
        decoded = wire.decode(raw)
        record = mapping.to_domain(decoded)
        return decoded, record, record.order

    async def find(
        self, tx: Transaction, context: Context, unlinked: Sequence[Incoming[order.Refund]]
    ) -> dict[int, int]:
        """Recognise nothing: a refund exists in one store only."""
        return {}

    def gives_way(self, record: order.Refund) -> bool:
        """Tell whether the store takes a record over at the first link: never."""
        return False

    async def hold(self, tx: Transaction, local_ids: Sequence[int]) -> None:
        """Let nobody else write these records until the transaction ends."""
        await orders.REFUNDS.hold(tx, local_ids)

    async def load(
        self, tx: Transaction, local_ids: Sequence[int]
    ) -> dict[int, Saved[order.Refund]]:
        """Load refunds by local id."""
        return await orders.REFUNDS.load(tx, local_ids)

    async def next_ids(self, tx: Transaction, amount: int) -> list[int]:
        """Draw local ids."""
        return await orders.REFUNDS.next_ids(tx, amount)

    async def save(
        self, tx: Transaction, context: Context, settled: Sequence[Settled[order.Refund]]
    ) -> None:
        """Save refunds; raises OrderMissingError when an order has not arrived yet."""
        wanted = sorted({one.value.order for one in settled})
        known = await links.load(tx, context.store_id, ids.Entity.ORDER, wanted)
        missing = [woo_id for woo_id in wanted if woo_id not in known]
        if missing:
            raise OrderMissingError(f"The orders {missing} of some refunds have not arrived yet.")
        rows = [
            (
                one.before,
                Row(
                    one.local_id,
                    one.value,
                    metadata(context, one.incoming.raw),
                    (known[one.value.order].local_id,),
                ),
            )
            for one in settled
        ]
        await orders.REFUNDS.save_new(tx, [row for before, row in rows if before is None])
        await orders.REFUNDS.save_changed(tx, [row for before, row in rows if before is not None])

    async def preview(
        self, tx: Transaction, context: Context, settled: Sequence[Settled[order.Refund]]
    ) -> dict[int, dict[str, object]]:
        """Tell what a save would change besides fields: nothing that is worth a line."""
        return {}

    async def save_restored(self, tx: Transaction, local_ids: Sequence[int]) -> None:
        """Bring soft-deleted records back."""
        await orders.REFUNDS.save_restored(tx, local_ids)

    async def save_deleted(self, tx: Transaction, local_ids: Sequence[int], now: datetime) -> None:
        """Soft-delete refunds."""
        await orders.REFUNDS.save_deleted(tx, local_ids, now=now)


REFUNDS = RefundNoun()
