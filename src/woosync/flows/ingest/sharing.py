"""Tell the other stores that share a record what one store has changed of it, or given up."""

from collections.abc import Collection, Sequence
from typing import TypeVar

import msgspec

from woosync.domain import ids
from woosync.flows.ingest.context import Context, Noun, Settled
from woosync.postgres import links, outbox, stock
from woosync.postgres.engine import Transaction

T = TypeVar("T", bound=msgspec.Struct)
GOODS = frozenset({ids.Entity.PRODUCT, ids.Entity.VARIATION})


async def mark(
    tx: Transaction,
    context: Context,
    noun: Noun[T],
    settled: Sequence[Settled[T]],
    custom: Collection[int],
) -> None:
    """Mark changed records for the other stores; what the sync writes is marked by no trigger.

    `custom` are the store's ids of records whose custom fields were changed.
    """
    changed = [
        one.local_id
        for one in settled
        if one.before is not None
        and (one.value != one.before.record or one.incoming.woo_id in custom)
    ]
    if not changed:
        return
    found = await links.load_sharing(tx, context.store_id, noun.entity, changed)
    for store_id, local_ids in found.items():
        await outbox.mark(tx, store_id, noun.entity.value, local_ids)


async def free(
    tx: Transaction, context: Context, entity: ids.Entity, local_ids: Sequence[int]
) -> None:
    """Let the other stores sell what this one was given of goods that it sells no more."""
    if not local_ids or entity not in GOODS:
        return
    await stock.free(tx, context.store_id, local_ids)
    found = await links.load_sharing(tx, context.store_id, entity, local_ids)
    for store_id, shared in found.items():
        await outbox.mark(tx, store_id, outbox.STOCK, shared)
