"""Pull a store: cursor -> page -> ingest -> cursor saved, for all collections at once.

`pull` is what entry points call. A kill at any point loses nothing: every page is committed
with the cursor that stands for it, and what is read twice is recognised.
"""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import Any

import msgspec

from woosync import errors
from woosync.domain import ids
from woosync.flows.ingest import accounting, concord
from woosync.flows.ingest.streams import CUSTOMERS, ENTITIES, ORDERS, PRODUCTS, VARIATIONS, Stream
from woosync.flows.pull import again, belongings, changes, full, levels, part, sweep, variations
from woosync.flows.pull.run import Options, Part, Progress, Run
from woosync.postgres import log, runs

__all__ = ["ENTITIES", "Options", "Part", "Progress", "Report", "Run", "pull"]

#: Seconds between two words to the caller; so many of them later progress is saved, for those who
#: ask the database, and so many later the requests sent with it.
HEARTBEAT, SAVED, COUNTED = 1.0, 2, 10
OnProgress = Callable[[Mapping[ids.Entity, Progress]], None]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """How a pull went: counts by collection, requests sent, seconds taken, what to look at."""

    run_id: int
    mode: str
    state: str
    counts: Mapping[str, Mapping[str, int]]
    requests: int
    seconds: float
    warnings: tuple[str, ...] = msgspec.field(default=())

    @property
    def records(self) -> int:
        """Return how many records were looked at."""
        return sum(count["seen"] for count in self.counts.values())


async def pull(run: Run, *, on_progress: OnProgress) -> Report:
    """Pull what `run.options` names; the caller holds the store's run lock.

    Streams go on when another fails; then the first error is raised after the run is closed.
    """
    started = time.perf_counter()
    chosen = [stream for name in run.options.entities for stream in ENTITIES[name]]
    for stream in chosen:
        await run.load_cursor(stream.entity)
    mode = run.mode = _mode(run, chosen)
    async with _beating(run, on_progress):
        failures = await _pull_streams(run, chosen)
        if not failures:
            failures = await _finish(run, chosen)
    state = "failed" if failures else "partial" if run.warnings else "completed"
    report = Report(
        run_id=run.context.run_id or 0,
        mode=mode,
        state=state,
        counts={entity.value: count.as_dict() for entity, count in run.counts.items()},
        requests=run.client.calls.total,
        seconds=time.perf_counter() - started,
        warnings=tuple(run.warnings),
    )
    await _close(run, report, failures)
    if failures:
        raise failures[0]
    return report


async def _pull_streams(run: Run, chosen: list[Stream]) -> list[errors.WoosyncError]:
    """Pull the streams side by side and return what went wrong."""
    if run.options.part is not None:
        pulling = part.pull(run, chosen, run.options.part)
        return _failures([*await asyncio.gather(pulling, return_exceptions=True)])
    work: list[Coroutine[Any, Any, object]] = []
    if CUSTOMERS in chosen:  # first: where nothing changed they take two requests in turn
        work.append(_pull_customers(run))
    if PRODUCTS in chosen:
        work.append(_pull_products(run))
        if run.capabilities.variations_route:
            work.append(_pull_stream(run, VARIATIONS))
    if ORDERS in chosen:
        work.append(_pull_orders(run, chosen))
    return _failures(await asyncio.gather(*work, return_exceptions=True))


def _failures(results: list[object]) -> list[errors.WoosyncError]:
    """Return our errors; anything else is a defect and goes up as it is."""
    failed: list[errors.WoosyncError] = []
    for result in results:
        if isinstance(result, errors.WoosyncError):
            failed.append(result)
        elif isinstance(result, BaseException):
            raise result
    return failed


def _mode(run: Run, chosen: list[Stream]) -> str:
    if run.options.part is not None:
        return "part"
    return "full" if any(_is_full(run, stream) for stream in chosen) else "incremental"


def _is_full(run: Run, stream: Stream) -> bool:
    cursor = run.cursors[stream.entity]
    return (
        run.options.full
        or run.options.force
        or cursor.watermark is None
        or (cursor.scan is not None)
    )


async def _pull_stream(run: Run, stream: Stream) -> None:
    """Pull all of a stream, or what changed; after a resumed scan both, so that nothing is left."""
    if _is_full(run, stream):
        await full.scan(run, stream, run.cursors[stream.entity])
        if stream.entity not in run.resumed:
            return
    try:
        await changes.pull_changes(run, stream, run.cursors[stream.entity])
    except changes.ClockMendedError as mended:
        run.warnings.append(f"{mended.message} All {stream.route} were read again.")
        await full.scan(run, stream, run.cursors[stream.entity])


async def _pull_products(run: Run) -> None:
    by_product = not run.capabilities.variations_route
    if by_product and _is_full(run, PRODUCTS):
        await variations.forget(run)
    await _pull_stream(run, PRODUCTS)
    if by_product and PRODUCTS.entity in run.seen:
        await variations.forget(run)
    if by_product:
        await variations.pull(run)


async def _pull_customers(run: Run) -> None:
    cursor = run.cursors[CUSTOMERS.entity]
    if _is_full(run, CUSTOMERS) or run.options.scan_customers:
        await full.scan(run, CUSTOMERS, cursor)
    else:
        await changes.pull_customers(run, CUSTOMERS, cursor)


async def _pull_orders(run: Run, chosen: list[Stream]) -> None:
    await _pull_stream(run, ORDERS)
    if run.cursors[ORDERS.entity].orders and CUSTOMERS in chosen:
        await changes.pull_customers_of(run, CUSTOMERS, ORDERS)


async def _finish(run: Run, chosen: list[Stream]) -> list[errors.WoosyncError]:
    """Look for deleted and for mended records where it is time, then see to belongings."""
    try:
        swept = [stream for stream in chosen if _wants_sweep(run, stream)]
        for stream in swept:
            if stream is VARIATIONS and not run.capabilities.variations_route:
                await variations.sweep(run)
            else:
                await sweep.sweep(run, stream)
        bad_refunds = run.options.part is None and await again.look(run, chosen)
        await _close_conflicts(run, chosen)
        await levels.settle(run)
        await belongings.settle(run, again=bool(swept) or bad_refunds)
    except errors.WoosyncError as error:
        return [error]
    return []


async def _close_conflicts(run: Run, chosen: list[Stream]) -> None:
    """Close the conflicts that an edit here has settled."""
    if run.context.dry_run:
        return
    async with run.writing() as tx:
        for stream in chosen:
            await concord.look(tx, run.context, stream.noun)


def _wants_sweep(run: Run, stream: Stream) -> bool:
    if run.options.sweep is not None or run.options.part is not None:
        return bool(run.options.sweep) and run.options.part is None
    swept = run.cursors[stream.entity].swept_at
    whole = stream.entity in run.seen or stream.entity in run.resumed
    return whole or swept is None or run.now() - swept > run.options.sweep_every


@contextlib.asynccontextmanager
async def _beating(run: Run, on_progress: OnProgress) -> AsyncIterator[None]:
    """Tell the progress to the caller, and less often to `sync_runs`."""

    async def beat() -> None:
        for count in itertools.count(1):
            await asyncio.sleep(HEARTBEAT)
            on_progress(run.progress)
            if count % SAVED == 0:
                await _save_progress(run, counted=count % COUNTED == 0)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, errors.WoosyncError):
            await task
        on_progress(run.progress)


async def _save_progress(run: Run, *, counted: bool = True) -> None:
    if run.context.run_id is None:
        return
    progress = {entity.value: one.as_dict() for entity, one in run.progress.items()}
    async with run.database.statements() as tx:
        await runs.save_progress(tx, run.context.run_id, progress, mode=run.mode)
        if counted:
            await accounting.save_calls(tx, run.context.store_id, run.client)


async def _close(run: Run, report: Report, failures: list[errors.WoosyncError]) -> None:
    """Save how the run ended; a dead database must not hide the error that ended it."""
    if run.context.run_id is None:
        return
    first = failures[0].message if failures else ""
    with contextlib.suppress(errors.WoosyncError):
        await _save_progress(run)
        async with run.database.transaction() as tx:
            await runs.finish(
                tx, run.context.run_id, state=report.state, counts=report.counts, error=first
            )
            event = log.Event(
                entity="run", event=report.state, cause=first, after={"counts": report.counts}
            )
            await log.save(
                tx,
                run.context.store_id,
                [event],
                run_id=run.context.run_id,
                actor=run.context.actor,
                now=run.now(),
            )
