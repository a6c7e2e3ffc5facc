"""Which records a push looks at: those that wait, those that were named, or all that differ."""

import itertools
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

from woosync import errors
from woosync.domain import merge
from woosync.flows.ingest import deciding
from woosync.flows.ingest.streams import Stream
from woosync.flows.push import custom
from woosync.flows.push.run import Run
from woosync.postgres import links, outbox, pushing

SOON = timedelta(seconds=10)
SLICE = 1000


class NotHereError(errors.RefusedError):
    """A record that was named does not exist here."""


async def mark(run: Run) -> None:
    """Mark what was asked for beside what waits already; a dry run marks nothing.

    Raises NotHereError for ids that no live record has.
    """
    options = run.options
    if options.dry_run or (options.local_ids is None and not options.everything):
        return
    for stream in options.streams:
        found = await _asked(run, stream)
        for begin in range(0, len(found), SLICE):
            async with run.database.transaction() as tx:
                part = found[begin : begin + SLICE]
                await outbox.mark(tx, run.store_id, stream.entity.value, part)


async def check(run: Run) -> None:
    """Refuse ids that no live record has; raises NotHereError."""
    options = run.options
    if options.local_ids is None:
        return
    known: set[int] = set()
    for stream in options.streams:
        known |= set(await _asked(run, stream))
    missing = sorted(set(options.local_ids) - known)
    if missing:
        raise NotHereError(
            f"There is no live record here with the id {', '.join(map(str, missing[:10]))}.",
            remedy="Name records by their id in the back office: `woosync export` shows them.",
        )


async def claim(run: Run, stream: Stream) -> AsyncIterator[Sequence[outbox.Claimed]]:
    """Claim and give what is to be pushed, part by part; in a dry run without claiming."""
    options = run.options
    if options.dry_run:
        for part in await _foreseen(run, stream):
            yield part
        return
    for _ in range(options.claims) if options.claims else itertools.count():
        async with run.database.transaction() as tx:
            claimed = await outbox.claim(
                tx,
                run.store_id,
                [stream.entity.value],
                limit=options.size,
                lease=options.lease,
                among=options.local_ids,
            )
        if not claimed:
            return
        yield claimed


async def _foreseen(run: Run, stream: Stream) -> list[list[outbox.Claimed]]:
    async with run.database.transaction() as tx:
        waiting = await pushing.load_waiting(
            tx, run.store_id, [stream.entity.value], among=run.options.local_ids, limit=10_000
        )
    local_ids = dict.fromkeys(local_id for _, local_id in waiting)
    local_ids |= dict.fromkeys(await _asked(run, stream))
    claims = [
        outbox.Claimed(
            store_id=run.store_id,
            entity=stream.entity.value,
            local_id=local_id,
            generation=0,
            attempts=0,
            changed_at=run.now(),
        )
        for local_id in local_ids
    ]
    size = run.options.size
    return [claims[begin : begin + size] for begin in range(0, len(claims), size)]


async def _asked(run: Run, stream: Stream) -> list[int]:
    """Return the local ids that the options name or mean, besides those that wait."""
    options = run.options
    if options.local_ids is not None:
        async with run.database.transaction() as tx:
            return await pushing.load_named(tx, stream.entity.value, options.local_ids)
    if not options.everything:
        return []
    found = await _different(run, stream, options.since)
    if run.rules.creates(stream.entity):
        async with run.database.transaction() as tx:
            found += await pushing.load_unlinked(tx, run.store_id, stream.entity.value)
    return found


async def _different(run: Run, stream: Stream, since: datetime | None) -> list[int]:
    """Find the linked records that are not as the store was last seen to have them."""
    found: list[int] = []
    after = 0
    while True:
        async with run.database.transaction() as tx:
            part = await links.load_live_ids(
                tx, run.store_id, stream.entity, after=after, limit=SLICE
            )
            bases = await links.load_bases(
                tx, run.store_id, stream.entity, [woo_id for woo_id, _ in part]
            )
            local_ids = [local_id for _, local_id in part]
            ours = await stream.noun.load(tx, local_ids)
            own = custom.differing(run, stream, await custom.load(tx, run, stream, local_ids))
        for woo_id, local_id in part:
            mine = ours.get(local_id)
            if mine is None or (since and (mine.edited_at is None or mine.edited_at < since)):
                continue
            base = deciding.base_of(run.context, stream.noun, bases.get(woo_id))
            if base is None or local_id in own or merge.differences(base, mine.record):
                found.append(local_id)
        if len(part) < SLICE:
            return found
        after = part[-1][0]
