"""The middle that pull and webhooks share: records in, rows and bases and conflicts and log out.

`prepare` decodes what differs, `save` merges and writes it inside the caller's transaction, so
that the caller's cursor or inbox mark is committed together with the rows it stands for.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from woosync import errors
from woosync.domain import merge
from woosync.flows.ingest import concord, custom, deciding, reading, sharing, telling
from woosync.flows.ingest.context import Context, Counts, Incoming, Noun, Prepared, Result
from woosync.postgres import conflicts, links, log, quarantine
from woosync.postgres.engine import Transaction
from woosync.woo import paging

T = TypeVar("T", bound=merge.Record)

#: So many records are decoded at a stretch; between, a transaction under way goes on. Decoding a
#: page at once let PostgreSQL wait for a third of the time of a first import.
SLICE = 8

__all__ = [
    "Context",
    "Counts",
    "Incoming",
    "Noun",
    "Prepared",
    "Result",
    "prepare",
    "reject",
    "remove",
    "save",
]


async def prepare(
    tx: Transaction, context: Context, noun: Noun[T], records: Sequence[paging.Record]
) -> Prepared[T]:
    """Find the records that differ from what is here (by hash), and decode them.

    Locks nothing and writes nothing, so that it can run while other records are being saved.
    """
    unique = {record.id: record for record in records}
    hashed = [(record, reading.digest(record.raw)) for record in unique.values()]
    known = {} if context.force else await _known(tx, context, noun, [r.id for r in records])
    fresh = [
        (record, digest)
        for record, digest in hashed
        if _differs(
            known.get(record.id), digest, record.modified, bad=_is_bad(context, noun, record.id)
        )
    ]
    prepared: Prepared[T] = Prepared(len(records))
    for begin in range(0, len(fresh), SLICE):
        incoming, bad = reading.read(noun, fresh[begin : begin + SLICE])
        prepared.incoming += incoming
        prepared.bad += bad
        await asyncio.sleep(0)
    return prepared


async def save(
    tx: Transaction, context: Context, noun: Noun[T], incoming: Sequence[Incoming[T]]
) -> Result:
    """Merge prepared records with what is here and save them, with links, conflicts and log.

    In a dry run nothing is saved and `plan` tells the changes. Raises DatabaseBusyError when
    another process was quicker (try again) and DatabaseRejectedError when a value does not fit.
    """
    await links.lock(tx, context.store_id, noun.locks)
    known = await _known(tx, context, noun, [item.woo_id for item in incoming])
    fresh = [
        item
        for item in incoming
        if context.force
        or _differs(
            known.get(item.woo_id),
            item.digest,
            item.modified,
            bad=_is_bad(context, noun, item.woo_id),
        )
    ]
    decided = await _decide(tx, context, noun, fresh, known)
    result = Result()
    for one in decided:
        telling.tell(context, noun, one, result)
    if context.dry_run:
        settled = [one.settled for one in decided]
        telling.add(result, await noun.preview(tx, context, settled))
        kept = await custom.load(tx, context, noun, settled)
        telling.add(result, custom.preview(context, noun, settled, kept))
    else:
        await _write(tx, context, noun, decided, result.events)
    return result


async def _known(
    tx: Transaction, context: Context, noun: Noun[T], woo_ids: Sequence[int]
) -> dict[int, links.Link]:
    return await links.load(tx, context.store_id, noun.entity, woo_ids)


def _is_bad(context: Context, noun: Noun[T], woo_id: int) -> bool:
    """Tell whether a record was in quarantine when the run began."""
    return bool(context.quarantined) and (noun.entity.value, str(woo_id)) in context.quarantined


def _differs(
    link: links.Link | None, digest: bytes, modified: datetime | None, *, bad: bool
) -> bool:
    """Tell whether a record is news: another content, and not older than what is here.

    A `bad` one is news also when its content is as before: it is in quarantine until it is saved.
    """
    if link is None or link.tombstoned:
        return True
    older = modified and link.woo_modified_at and modified < link.woo_modified_at
    return (bad or link.wire_hash != digest) and not older


async def _decide(
    tx: Transaction,
    context: Context,
    noun: Noun[T],
    incoming: Sequence[Incoming[T]],
    known: dict[int, links.Link],
) -> list[deciding.Decided[T]]:
    unlinked = [item for item in incoming if item.woo_id not in known]
    local_ids = {woo_id: link.local_id for woo_id, link in known.items()}
    if unlinked:
        # Two stores must not add the same product or customer at the same time.
        await links.lock(tx, 0, noun.locks)
        local_ids |= await noun.find(tx, context, unlinked)
    found = {item.woo_id: local_ids[item.woo_id] for item in unlinked if item.woo_id in local_ids}
    left = await links.load_left(tx, context.store_id, noun.entity, found) if found else {}
    known |= {new: links.Link(local_ids[new], None, tombstoned=True) for new in left}
    missing = [item.woo_id for item in incoming if item.woo_id not in local_ids]
    if not context.dry_run:
        # Neither an edit here nor another store that shares the record may come in between.
        await noun.hold(tx, list(local_ids.values()))
    ours = await noun.load(tx, list(local_ids.values())) if local_ids else {}
    wanted = [*known, *left.values()]
    bases = await links.load_bases(tx, context.store_id, noun.entity, wanted) if known else {}
    bases |= {new: bases[old] for new, old in left.items() if old in bases}
    new_ids = (
        range(-1, -len(missing) - 1, -1)
        if context.dry_run
        else await noun.next_ids(tx, len(missing))
    )
    local_ids |= dict(zip(missing, new_ids, strict=True))
    return deciding.settle(
        context, noun, incoming, deciding.Standing(known, local_ids, ours, bases, left)
    )


async def _write(
    tx: Transaction,
    context: Context,
    noun: Noun[T],
    decided: Sequence[deciding.Decided[T]],
    events: Sequence[log.Event],
) -> None:
    now = context.clock()
    settled = [one.settled for one in decided]
    renumbered = {one.was: one.incoming.woo_id for one in settled if one.was is not None}
    await links.save_renumbered(tx, context.store_id, noun.entity, renumbered)
    kept = await custom.load(tx, context, noun, settled)
    await noun.save(tx, context, settled)
    fields = await custom.save(tx, context, noun, settled, kept)
    await sharing.mark(tx, context, noun, settled, fields)
    restored = [one.local_id for one in settled if one.restored]
    if restored:
        await noun.save_restored(tx, restored)
    states = [
        links.NewState(
            woo_id=one.incoming.woo_id,
            local_id=one.local_id,
            woo_parent_id=one.incoming.parent_id,
            wire_hash=one.incoming.digest,
            base=one.incoming.base,
            woo_modified_at=one.incoming.modified,
        )
        for one in settled
    ]
    flags = [one.linked for one in settled]
    fresh = [state for state, linked in zip(states, flags, strict=True) if not linked]
    renewed = [state for state, linked in zip(states, flags, strict=True) if linked]
    await links.save_new(tx, context.store_id, noun.entity, fresh, now=now)
    await links.save_changed(tx, context.store_id, noun.entity, renewed, now=now)
    found = [conflict for one in decided for conflict in one.disputed]
    await conflicts.save(tx, context.store_id, found, run_id=context.run_id)
    await concord.close(tx, context, noun, settled)
    await _release(tx, context, noun, [one.incoming.woo_id for one in settled])
    await _log(tx, context, telling.with_custom(events, fields))


async def _release(
    tx: Transaction, context: Context, noun: Noun[T], woo_ids: Sequence[int]
) -> None:
    mended = [str(woo_id) for woo_id in woo_ids if _is_bad(context, noun, woo_id)]
    if mended:
        await quarantine.release(tx, context.store_id, noun.entity.value, mended)


async def _log(tx: Transaction, context: Context, events: Sequence[log.Event]) -> None:
    await log.save(
        tx,
        context.store_id,
        events,
        run_id=context.run_id,
        actor=context.actor,
        now=context.clock(),
    )


async def reject(
    tx: Transaction, context: Context, bad: Sequence[quarantine.Entry], result: Result
) -> None:
    """Set records aside that could not be read or saved."""
    if not bad:
        return
    result.counts.quarantined += len(bad)
    if context.dry_run:
        return
    await quarantine.save(tx, context.store_id, bad, run_id=context.run_id)
    new = [one for one in bad if (one.entity, one.record) not in context.quarantined]
    events = [
        log.Event(
            entity=one.entity,
            event="failed",
            woo_id=int(one.record) if one.record.isdigit() else None,
            category=errors.RecordError.__name__,
            cause=one.reason,
        )
        for one in new
    ]
    await _log(tx, context, events)


async def remove(
    tx: Transaction, context: Context, noun: Noun[T], woo_ids: Sequence[int], *, reason: str
) -> Result:
    """Mark records as gone from the store and soft-delete them here."""
    result = Result()
    await links.lock(tx, context.store_id, noun.locks)
    local = await links.load_local_ids(tx, context.store_id, noun.entity, woo_ids)
    result.counts.deleted = len(local)
    result.plan = [
        {"entity": noun.entity.value, "id": woo_id, "action": "deleted", "reason": reason}
        for woo_id in local
    ]
    if context.dry_run or not local:
        return result
    now = context.clock()
    await links.save_tombstones(
        tx, context.store_id, noun.entity, list(local), reason=reason, now=now
    )
    await sharing.free(tx, context, noun.entity, list(local.values()))
    shared = await links.load_linked_elsewhere(
        tx, context.store_id, noun.entity, list(local.values())
    )
    await noun.save_deleted(tx, [one for one in local.values() if one not in shared], now)
    events = [
        log.Event(
            entity=noun.entity.value,
            event="deleted",
            woo_id=woo_id,
            local_id=local_id,
            cause=reason,
        )
        for woo_id, local_id in local.items()
    ]
    await _log(tx, context, events)
    return result
