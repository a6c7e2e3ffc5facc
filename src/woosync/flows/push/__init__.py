"""Push to a store: claim -> look and merge -> smallest patch -> batch -> settle each -> log.

`push` is what entry points call. Everything is planned from what the store has now, so that
nothing is overwritten unseen; nothing is sent twice without a look; a kill at any point leaves
marks that the next push takes up. Stock is not pushed here.
"""

import contextlib
import time
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import structs

from woosync import errors
from woosync.flows.ingest import accounting
from woosync.flows.ingest.streams import ORDERS, Stream
from woosync.flows.push import candidates, creating, disputes, notes, updating
from woosync.flows.push.planning import Target
from woosync.flows.push.run import ENTITIES, Options, Run
from woosync.postgres import log, outbox, pushing, runs

__all__ = ["ENTITIES", "Options", "Report", "Run", "push"]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """How a push went: counts by kind of record, requests sent, seconds, what to look at."""

    run_id: int
    state: str
    counts: Mapping[str, Mapping[str, int]]
    requests: int
    seconds: float
    warnings: tuple[str, ...] = msgspec.field(default=())

    @property
    def records(self) -> int:
        """Return how many records were looked at."""
        return sum(count["seen"] for count in self.counts.values())


def named(run: Run, run_id: int, earlier: Mapping[str, Mapping[str, int]]) -> Run:
    """Return the run under its number, which may have counts already."""
    context = structs.replace(run.context, run_id=run_id)
    return structs.replace(run, context=context, earlier=earlier)


def nothing(run: Run) -> Report:
    """Return the report of a push that had nothing to do."""
    return Report(
        run_id=0, state="completed", counts={}, requests=run.client.calls.total, seconds=0.0
    )


async def push(run: Run) -> Report:
    """Push what `run.options` means; the caller holds the store's push lock.

    Ends early when the store cannot be reached, and raises that after the run is closed; what is
    left stays marked.
    """
    started = time.perf_counter()
    for stream in run.options.streams:
        if run.trouble is None:
            try:
                await _push_stream(run, stream)
            except errors.WoosyncError as error:
                run.trouble = error
    waiting = any(count.waiting or count.refused for count in run.counts.values())
    state = "failed" if run.trouble else "partial" if waiting or run.warnings else "completed"
    report = Report(
        run_id=run.context.run_id or 0,
        state=state,
        counts={entity.value: count.as_dict() for entity, count in run.counts.items()},
        requests=run.client.calls.total,
        seconds=time.perf_counter() - started,
        warnings=tuple(run.warnings),
    )
    await _close(run, report)
    if run.trouble is not None:
        raise run.trouble
    return report


async def _push_stream(run: Run, stream: Stream) -> None:
    """Push one kind of record, a claim at a time, until nothing is to be claimed any more."""
    async for claims in candidates.claim(run, stream):
        try:
            await _push_claimed(run, stream, claims)
        except errors.WoosyncError as error:
            # What is settled has no mark any more; the rest is for the next push.
            await run.give_back(claims, delay=candidates.SOON, error=error.message)
            raise
        if run.trouble is not None:
            return


async def _push_claimed(run: Run, stream: Stream, claims: Sequence[outbox.Claimed]) -> None:
    async with run.database.transaction() as tx:
        local_ids = [one.local_id for one in claims]
        links = await pushing.load_linked(tx, run.store_id, stream.entity.value, local_ids)
    known = [Target(one, links[one.local_id]) for one in claims if one.local_id in links]
    live = [one for one in known if not one.link.tombstoned]
    gone = [one for one in known if one.link.tombstoned]
    new = [one for one in claims if one.local_id not in links]
    run.count(stream.entity).seen += len(known)
    run.count(stream.entity).unchanged += len(gone)
    await run.done([one.claim for one in gone])
    if live and stream is ORDERS:
        live = await notes.send(run, live)
    if live:
        await updating.update(run, stream, live)
    if new:
        asked = run.options.local_ids is not None
        await creating.create(run, stream, new, asked=asked)


async def _close(run: Run, report: Report) -> None:
    """Save how the run ended; a dead database must not hide the error that ended it."""
    if run.context.run_id is None:
        return
    cause = run.trouble.message if run.trouble else ""
    with contextlib.suppress(errors.WoosyncError):
        async with run.database.transaction() as tx:
            await accounting.save_calls(tx, run.store_id, run.client)
            counts = added(run.earlier, report.counts)
            await runs.finish(
                tx, run.context.run_id, state=report.state, counts=counts, error=cause
            )
            if run.options.automatic and report.state == "completed":
                return  # what was sent is in the log record by record
            event = log.Event(
                entity="run", event=report.state, cause=cause, after={"counts": report.counts}
            )
            await disputes.save_log(tx, run, [event])


def added(
    one: Mapping[str, Mapping[str, int]], other: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, int]]:
    """Return the sum of two counts by kind of record and fate."""
    return {
        entity: {
            name: one.get(entity, {}).get(name, 0) + other.get(entity, {}).get(name, 0)
            for name in {**one.get(entity, {}), **other.get(entity, {})}
        }
        for entity in {**one, **other}
    }
