"""Tell the other stores that share a record what one store has changed of it."""

from collections.abc import Sequence
from typing import TypeVar

from woosync.flows.ingest.context import Context, Noun, Settled
from woosync.postgres import links, outbox
from woosync.postgres.engine import Transaction

T = TypeVar("T")


async def mark(
    tx: Transaction, context: Context, noun: Noun[T], settled: Sequence[Settled[T]]
) -> None:
    """Mark changed records for the other stores; what the sync writes is marked by no trigger."""
    changed = [
        one.local_id for one in settled if one.before is not None and one.value != one.before.record
    ]
    if not changed:
        return
    found = await links.load_sharing(tx, context.store_id, noun.entity, changed)
    for store_id, local_ids in found.items():
        await outbox.mark(tx, store_id, noun.entity.value, local_ids)
