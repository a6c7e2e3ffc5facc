"""Find records that are gone: WooCommerce deletes for good without telling anybody."""

from collections.abc import Sequence

from msgspec import structs

from woosync import errors
from woosync.domain.idset import IdSet
from woosync.flows import ingest
from woosync.flows.ingest.streams import Stream
from woosync.flows.pull import changes
from woosync.flows.pull.run import Run
from woosync.postgres import links, log
from woosync.woo import lookup, paging

#: More missing records than this, and more than this share, is taken for a fault of the store.
ALWAYS_ALLOWED = 20
SHARE = 0.1
SLICE = 10_000
LOOKS = 2


async def sweep(run: Run, stream: Stream) -> None:
    """Compare the ids of both sides: mark what is gone, fetch what was missed.

    A missing record is looked up again by id, twice and beside one that is known to exist,
    before it is marked. Suspiciously many (more than 20 and 10 %, or all of several) are left
    alone unless the caller allowed it.
    """
    seen = run.seen.get(stream.entity)
    if seen is None:
        seen = IdSet()
        await read_ids(run, stream, seen)
    missing, live, witness = await compare(run, stream, seen)
    if await is_held(run, stream, len(missing), live):
        return
    await confirm(run, stream, missing, witness)
    await save_done(run, stream)


async def is_held(run: Run, stream: Stream, missing: int, live: int) -> bool:
    """Tell whether so many missing ones are suspicious and not allowed; then also the user."""
    nothing_listed = missing == live > 1
    suspicious = nothing_listed or missing > max(ALWAYS_ALLOWED, live * SHARE)
    if not suspicious or run.options.allow_deletes:
        return False
    await _hold(run, stream, missing, live)
    return True


async def save_done(run: Run, stream: Stream) -> None:
    """Save that the stream was looked through now."""
    current = run.cursors[stream.entity]
    await run.save_cursor(stream.entity, structs.replace(current, swept_at=run.now()))


async def read_ids(run: Run, stream: Stream, seen: IdSet) -> None:
    """Read all ids of the store into `seen`; a record nobody knows here is fetched at once."""
    query = {**stream.query, "_fields": "id"}
    async for page in paging.fetch_scan(run.client, stream.route, query, start=paging.START):
        ids = [record.id for record in page.records]
        for woo_id in ids:
            seen.add(woo_id)
        async with run.database.transaction() as tx:
            known = await links.load(tx, run.context.store_id, stream.entity, ids)
        unknown = [i for i in ids if i not in known or known[i].tombstoned]
        if unknown:
            await changes.pull_listed(run, stream, unknown)


async def compare(run: Run, stream: Stream, seen: IdSet) -> tuple[list[int], int, int | None]:
    """Return the missing ids, how many live ones there are, and one that is in the store."""
    missing: list[int] = []
    live, after, witness = 0, 0, None
    while True:
        async with run.database.transaction() as tx:
            part = await links.load_live_ids(
                tx, run.context.store_id, stream.entity, after=after, limit=SLICE
            )
        for woo_id, _ in part:
            if woo_id in seen:
                witness = woo_id
            else:
                missing.append(woo_id)
        live += len(part)
        if len(part) < SLICE:
            return missing, live, witness
        after = part[-1][0]


async def confirm(run: Run, stream: Stream, missing: Sequence[int], witness: int | None) -> None:
    """Look each missing id up again; mark as trashed or deleted what the store really lacks."""
    for start in range(0, len(missing), changes.INCLUDE - 1):
        await _confirm(run, stream, missing[start : start + changes.INCLUDE - 1], witness)


async def _confirm(run: Run, stream: Stream, missing: Sequence[int], witness: int | None) -> None:
    gone = set(missing)
    for _ in range(LOOKS):
        gone -= await _listed(run, stream, sorted(gone), witness, status=None)
    trashed = (
        await _listed(run, stream, sorted(gone), None, status="trash") if stream.trash else set()
    )
    for reason, ids in (("trashed", trashed), ("deleted", gone - trashed)):
        if ids:
            await remove(run, stream, sorted(ids), reason=reason)


async def remove(run: Run, stream: Stream, woo_ids: Sequence[int], *, reason: str) -> None:
    """Mark records as gone from the store."""
    async with run.writing() as tx:
        result = await ingest.remove(tx, run.context, stream.noun, woo_ids, reason=reason)
    if result.counts.deleted and stream.entity in run.cursors:
        current = run.cursors[stream.entity]
        run.cursors[stream.entity] = structs.replace(current, due=True)
    run.count(stream).add(result.counts)
    for step in result.plan if run.context.dry_run else ():
        run.on_plan(step)


async def _listed(
    run: Run, stream: Stream, woo_ids: list[int], witness: int | None, *, status: str | None
) -> set[int]:
    """Return which of the ids the store lists; raises when it does not even list the witness."""
    if not woo_ids:
        return set()
    asked = woo_ids if witness is None else [*woo_ids, witness]
    query = changes.listed(stream, asked) | {"_fields": "id"}
    if status:
        query["status"] = status
    page = await lookup.fetch_page(run.client, stream.route, query, size=len(asked))
    found = {record.id for record in page.records}
    if witness is not None and witness not in found:
        raise errors.TemporaryError(
            f"The store does not list {stream.entity} {witness}, which it listed a moment ago.",
            remedy="Nothing was deleted here; run the pull again when the store is well.",
        )
    return found


async def _hold(run: Run, stream: Stream, missing: int, live: int) -> None:
    warning = (
        f"{missing} of {live} {stream.route} are gone from the store; nothing was deleted here. "
        "If that is right, run the pull again with --allow-deletes."
    )
    run.warnings.append(warning)
    if run.context.dry_run:
        return
    event = log.Event(
        entity=stream.entity.value, event="held", category="mass deletion", cause=warning
    )
    async with run.database.transaction() as tx:
        await log.save(
            tx,
            run.context.store_id,
            [event],
            run_id=run.context.run_id,
            actor=run.context.actor,
            now=run.now(),
        )
