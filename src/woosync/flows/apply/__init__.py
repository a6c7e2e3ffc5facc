"""Apply deliveries: claim -> coalesce by object -> refetch in bulk -> ingest -> close.

What a delivery says is never believed; it says where to look. So copies, disorder and delay lead
to the same rows. A kill at any point leaves deliveries claimed; when the lease ends they are
applied again, which changes nothing that is there already.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from woosync import errors
from woosync.domain import conflict_policy
from woosync.flows import ingest
from woosync.flows.apply import hints as hinting
from woosync.flows.apply import levels, orders, products
from woosync.flows.apply.work import Fate, Work
from woosync.flows.ingest import accounting, around
from woosync.postgres import deliveries, stores
from woosync.postgres.engine import Database
from woosync.woo.capabilities import Capabilities
from woosync.woo.client import StoreClient

log = logging.getLogger("woosync")

#: So many deliveries are taken at once; what a shop sends in a burst becomes few requests.
BATCH = 500
#: After so many seconds what a dead worker had claimed is free again.
LEASE = 300.0
ATTEMPTS = 3
#: Seconds until the second and the third attempt.
DELAYS = (30.0, 180.0)
#: What fails because the store cannot answer is no attempt, for so long after the delivery came;
#: it waits as long again as it has waited, and an hour at most.
OUTAGE = timedelta(hours=12)
LONGEST_WAIT = 3600.0
#: A body that came before within this time is marked as a repeat.
REPEAT_WINDOW = timedelta(days=7).total_seconds()

UNTOLD: Fate = (deliveries.IGNORED, "the store does not tell of it")
ABANDONED: Fate = (deliveries.PARKED, "the process that applied it died, each time")

Resource = Callable[[Work, Mapping[int, hinting.Hint]], Awaitable[dict[int, Fate]]]
#: In this order, so that what others belong to comes first.
RESOURCES: Mapping[str, Resource] = {
    "customer": orders.apply_customers,
    "product": products.apply,
    "order": orders.apply,
}


class DefectError(errors.TemporaryError):
    """Something that nobody foresaw stopped a batch; the traceback is in the log."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Whose deliveries to apply, and with what."""

    database: Database
    store: stores.Store
    client: StoreClient
    learn: Callable[[], Awaitable[Capabilities]]
    rules: conflict_policy.Rules
    clock: Callable[[], datetime]
    actor: str = "webhook"


class Report(msgspec.Struct):
    """What became of how many deliveries, and of the records they told of."""

    handled: int = 0
    ignored: int = 0
    parked: int = 0
    put_back: int = 0
    counts: ingest.Counts = msgspec.field(default_factory=ingest.Counts)


class Outcome(msgspec.Struct):
    """How a batch ended: fates by delivery, and what is tried again with the error and its wait."""

    fates: dict[int, Fate] = msgspec.field(default_factory=dict)
    again: dict[int, errors.WoosyncError] = msgspec.field(default_factory=dict)
    defect: Exception | None = None


async def apply(job: Job) -> Report:
    """Apply what waits for the store until nothing does; one process at a time works on a store.

    Trouble with the store ends in the report, not in an error: what failed waits for its next
    attempt, or is parked after the third; a store that is down is waited for. Raises the errors
    of `postgres.errors`.
    """
    report = Report()
    while await _is_waiting(job):
        async with deliveries.alone(job.database, job.store.id) as alone:
            if not alone:
                break  # who holds the lock looks once more when it has let go
            await _work_off(job, report)
    return report


async def _work_off(job: Job, report: Report) -> None:
    """Apply everything that waits, then settle the levels that came with it."""
    try:
        work = await _work(job, report)
    except errors.WoosyncError as error:
        await _drain(job, error, report)
        return
    await _drain(job, work, report)
    try:
        await levels.settle(work, lambda: _drain(job, work, report))
    except errors.TemporaryError as error:
        log.info(
            "levels are settled with the next pull",
            extra={"store": job.store.key, "cause": error.message},
        )


async def _drain(job: Job, work: Work | errors.WoosyncError, report: Report) -> None:
    """Apply batch after batch; without the means to (an error instead) all of them fail."""
    while claimed := await _claim(job):
        await _apply_claimed(job, work, claimed, report)


async def _claim(job: Job) -> list[deliveries.Delivery]:
    async with job.database.transaction(relaxed=True) as tx:
        return await deliveries.claim(tx, job.store.id, now=job.clock(), lease=LEASE, limit=BATCH)


async def _is_waiting(job: Job) -> bool:
    async with job.database.transaction() as tx:
        return await deliveries.is_waiting(tx, job.store.id, now=job.clock())


async def _apply_claimed(
    job: Job,
    work: Work | errors.WoosyncError,
    claimed: list[deliveries.Delivery],
    report: Report,
) -> None:
    """Apply a batch and close it; who is stopped meanwhile gives it back uncounted."""
    try:
        outcome = await _outcome(work, claimed)
    except asyncio.CancelledError:
        await asyncio.shield(_give_back(job, claimed))
        raise
    await _close(job, claimed, outcome, report)
    if outcome.defect is not None:
        raise outcome.defect


async def _outcome(work: Work | errors.WoosyncError, claimed: list[deliveries.Delivery]) -> Outcome:
    """Bring the objects that a batch tells of up to date; trouble with one kind stays its own."""
    outcome = Outcome({one.id: ABANDONED for one in claimed if one.attempts > ATTEMPTS})
    hints = hinting.read(one for one in claimed if one.attempts <= ATTEMPTS)
    outcome.fates |= {one: (deliveries.IGNORED, why) for one, why in hints.ignored.items()}
    last = {one.id for one in claimed if one.attempts >= ATTEMPTS}
    for name, resource in RESOURCES.items():
        for told in _parts(hints.of(name), last):
            await _look_at(work, resource, told, outcome)
    return outcome


def _parts(
    told: Mapping[int, hinting.Hint], last: Collection[int]
) -> Iterator[Mapping[int, hinting.Hint]]:
    """Yield what is looked at together; alone what is tried for the `last` time.

    So a defect parks what it comes from, and not what came beside it.
    """
    alone = {one for one, hint in told.items() if not set(hint.deliveries).isdisjoint(last)}
    if together := {one: hint for one, hint in told.items() if one not in alone}:
        yield together
    for one in alone:
        yield {one: told[one]}


async def _look_at(
    work: Work | errors.WoosyncError,
    resource: Resource,
    told: Mapping[int, hinting.Hint],
    outcome: Outcome,
) -> None:
    """Bring objects up to date and add what became of their deliveries; never raises."""
    if isinstance(work, errors.WoosyncError):
        _fail(outcome, told.values(), work)
        return
    try:
        fates = await resource(work, told)
    except errors.WoosyncError as error:
        _fail(outcome, told.values(), error)
    except Exception as error:  # noqa: BLE001 - raised when all that was claimed is closed
        outcome.defect = error
        known = DefectError(f"A defect of woosync: {type(error).__name__}.")
        _fail(outcome, told.values(), known)
    else:
        for hint in told.values():
            outcome.fates |= dict.fromkeys(hint.deliveries, fates.get(hint.woo_id, UNTOLD))


def _fail(outcome: Outcome, told: Iterable[hinting.Hint], error: errors.WoosyncError) -> None:
    """Try what an error stopped again, unless trying again will not help."""
    for hint in told:
        if isinstance(error, errors.TemporaryError):
            outcome.again |= dict.fromkeys(hint.deliveries, error)
        else:
            outcome.fates |= dict.fromkeys(hint.deliveries, (deliveries.PARKED, error.message))


async def _work(job: Job, report: Report) -> Work:
    capabilities = await job.learn()
    store = job.store
    async with job.database.transaction() as tx:
        context = await around.load_context(
            tx,
            store,
            run_id=None,
            actor=job.actor,
            rules=job.rules,
            clock=job.clock,
            baseline_orders=not await around.has_read_orders(tx, store.id),
        )
    return Work(
        database=job.database,
        client=job.client,
        capabilities=capabilities,
        context=context,
        counts=report.counts,
    )


async def _close(
    job: Job, claimed: list[deliveries.Delivery], outcome: Outcome, report: Report
) -> None:
    """Save what became of a batch: closed, parked, or back in the queue with a delay."""
    now, fates = job.clock(), outcome.fates
    back: dict[tuple[datetime, str, bool], list[int]] = {}
    for one in claimed:
        error = outcome.again.get(one.id)
        if error is None:
            continue
        counted = isinstance(error, DefectError) or now - one.received_at > OUTAGE
        if counted and one.attempts >= ATTEMPTS:
            fates[one.id] = (deliveries.PARKED, error.message)
        else:
            asked = getattr(error, "retry_after", None) or 0.0
            wait = max(_wait(one, now, counted=counted), asked)
            again = (now + timedelta(seconds=wait), error.message, counted)
            back.setdefault(again, []).append(one.id)
    async with job.database.transaction(relaxed=True) as tx:
        await deliveries.close(tx, job.store.id, fates, now=now, window=REPEAT_WINDOW)
        for (at, cause, counted), ids in back.items():
            await deliveries.put_back(tx, job.store.id, ids, at=at, cause=cause, counted=counted)
        await accounting.save_calls(tx, job.store.id, job.client)
    states = [state for state, _ in fates.values()]
    report.handled += states.count(deliveries.HANDLED)
    report.ignored += states.count(deliveries.IGNORED)
    report.parked += states.count(deliveries.PARKED)
    report.put_back += sum(map(len, back.values()))


def _wait(one: deliveries.Delivery, now: datetime, *, counted: bool) -> float:
    """Return the seconds until a delivery is tried again, in few steps: alike ones go together."""
    if counted:
        return DELAYS[min(one.attempts, len(DELAYS)) - 1]
    age, wait = (now - one.received_at).total_seconds(), DELAYS[0]
    while wait * 2 <= min(age, LONGEST_WAIT):
        wait *= 2
    return wait


async def _give_back(job: Job, claimed: list[deliveries.Delivery]) -> None:
    async with job.database.transaction(relaxed=True) as tx:
        await deliveries.put_back(
            tx, job.store.id, [one.id for one in claimed], at=job.clock(), cause="", counted=False
        )
