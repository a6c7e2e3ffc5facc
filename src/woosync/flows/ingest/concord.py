"""Close open conflicts on which both sides have come to agree by themselves."""

from collections.abc import Sequence
from typing import TypeVar

from woosync.domain import merge
from woosync.flows.ingest import deciding
from woosync.flows.ingest.context import Context, Noun, Settled
from woosync.postgres import conflicts, links
from woosync.postgres.engine import Transaction

T = TypeVar("T", bound=merge.Record)


async def close(
    tx: Transaction, context: Context, noun: Noun[T], settled: Sequence[Settled[T]]
) -> None:
    """Close the open conflicts of records just saved whose field is now the same on both sides."""
    known = {one.local_id: one for one in settled if one.before is not None}
    if not known:
        return
    waiting = await conflicts.load_open(tx, context.store_id, noun.entity, list(known))
    agreed = [
        conflicts.Agreed(one.id, deciding.plain(ours))
        for one in waiting
        if (ours := _at(known[one.local_id].value, one.field)) is not _NOWHERE
        and ours == _at(known[one.local_id].incoming.theirs, one.field)
    ]
    await conflicts.save_agreed(tx, agreed)


async def look(tx: Transaction, context: Context, noun: Noun[T]) -> None:
    """Look at the open conflicts of records edited here since: the store's last state is the base.

    Those that go on get our new value.
    """
    edited = await conflicts.load_edited(tx, context.store_id, noun.entity)
    if not edited:
        return
    ours = await noun.load(tx, [one.local_id for one in edited])
    stored = await links.load_bases(
        tx, context.store_id, noun.entity, [one.woo_id for one in edited]
    )
    agreed: list[conflicts.Agreed] = []
    renewed: list[conflicts.Agreed] = []
    for one in edited:
        base = deciding.base_of(context, noun, stored.get(one.woo_id))
        if base is None or one.local_id not in ours:
            continue
        value = _at(ours[one.local_id].record, one.field)
        into = agreed if value == _at(base, one.field) else renewed
        if value is not _NOWHERE:
            into.append(conflicts.Agreed(one.id, deciding.plain(value)))
    await conflicts.save_agreed(tx, agreed)
    await conflicts.save_ours(tx, renewed)


_NOWHERE = object()


def _at(record: object, field: str) -> object:
    """Return a field by its dotted name; one that an older version knew is nowhere."""
    try:
        return deciding.value_at(record, field)
    except AttributeError:
        return _NOWHERE
