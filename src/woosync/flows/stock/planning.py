"""Plan: for every product whose level should be another one, an operation that says by how much."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec
from msgspec import structs

from woosync.domain import stock as protocol
from woosync.flows.stock import sharing
from woosync.flows.stock.job import Job, StockBrakeError
from woosync.postgres import engine, outbox, stock_links, stock_ops

MOST = 10_000
#: Seconds after which another run looks at operations that nobody seems to end.
COME_BACK = 60.0


class Planned(msgspec.Struct):
    """What a transaction is about to plan."""

    changed: list[stock_links.StockLink] = msgspec.field(default_factory=list)
    wishes: list[stock_ops.Wish] = msgspec.field(default_factory=list)
    changes: list[protocol.Change] = msgspec.field(default_factory=list)
    told: dict[int, list[int]] = msgspec.field(default_factory=dict)
    later: set[int] = msgspec.field(default_factory=set)


async def plan(job: Job) -> list[protocol.Op]:
    """Plan what waits, in one transaction with the marks of the outbox; return the operations.

    Raises StockBrakeError before anything is planned.
    """
    ops: list[protocol.Op] = []
    async with job.database.transaction() as tx:
        await engine.by_sync(tx)
        claimed = await _claimed(tx, job)
        candidates = await _candidates(tx, job, claimed)
        if candidates:
            planned = await _compare(tx, job, candidates)
            await _brake(tx, job, planned.changes)
            if job.options.dry_run:
                return []
            ops = await stock_ops.plan(tx, job.store_id, planned.wishes, now=job.now())
            await stock_links.save(tx, planned.changed)
            for store_id, product_ids in planned.told.items():
                await outbox.mark(tx, store_id, outbox.STOCK, product_ids)
            # Their marks stay, so that whatever happens to this process somebody comes back; the
            # next plan that finds nothing to do takes them away.
            begun = [op.product_id for op in ops]
            await outbox.defer(tx, job.store_id, outbox.STOCK, begun, seconds=COME_BACK)
            claimed = [one for one in claimed if one.local_id not in {*planned.later, *begun}]
        if not job.options.dry_run:
            await outbox.acknowledge(tx, claimed)
    job.report.planned += len(ops)
    return ops


async def _claimed(tx: engine.Transaction, job: Job) -> list[outbox.Claimed]:
    among = job.options.products
    return await outbox.peek(tx, job.store_id, outbox.STOCK, limit=MOST, among=among)


async def _candidates(
    tx: engine.Transaction, job: Job, claimed: Sequence[outbox.Claimed]
) -> list[int]:
    """Return the products to compare: what waits, what was named, or all that differ."""
    if job.options.products is not None:
        return list(job.options.products)
    found = {one.local_id for one in claimed}
    if job.options.sweep:
        found |= await _untold(tx, job)
    return sorted(found)


async def _untold(tx: engine.Transaction, job: Job) -> set[int]:
    """Return all products whose level may be another one than it should."""
    found: set[int] = set()
    after = 0
    while True:
        part = await stock_links.load_untold(
            tx,
            job.store_id,
            warehouses=job.context.warehouses,
            buffer=job.context.stock.buffer,
            after=after,
            limit=MOST,
        )
        found |= set(part)
        if len(part) < MOST:
            return found
        after = part[-1]


async def _compare(tx: engine.Transaction, job: Job, candidates: Sequence[int]) -> Planned:
    """Compare what the store shows with what it should show, under the lock of the links."""
    pool = await sharing.load(tx, job.context, candidates)
    addresses = await stock_links.load_addresses(tx, job.store_id, candidates)
    planned = Planned()
    seen = job.seen
    for product_id in candidates:
        own = pool.own(product_id)
        if own is None:
            continue
        others, own = pool.reallocated(product_id, own)
        for other in others:
            planned.changed.append(other)
            planned.told.setdefault(other.store_id, []).append(product_id)
        if own.state in {"op", "unknown"}:
            planned.later.add(product_id)
        elif own.state == "clean" and product_id in addresses:
            target = pool.target(product_id, own)
            if seen is not None and own.expected - target > seen.get((product_id, own.seq), 0):
                planned.later.add(product_id)
            else:
                own = _wish(job, planned, own, target)
        if own != pool.own(product_id):
            planned.changed.append(own)
    return planned


def _wish(
    job: Job, planned: Planned, own: stock_links.StockLink, target: Decimal
) -> stock_links.StockLink:
    """Wish for the target where the level is another one; return the link with its operation."""
    delta = target - own.expected
    if not delta:
        return own
    planned.changes.append(protocol.Change(own.expected, target))
    planned.wishes.append(stock_ops.Wish(own.product_id, own.seq + 1, delta, expected=own.expected))
    if job.options.dry_run:
        job.report.plan.append(
            {
                "product": own.product_id,
                "woo_id": own.woo_id,
                "seq": own.seq,
                "level": float(own.expected),
                "becomes": float(target),
            }
        )
    return structs.replace(own, seq=own.seq + 1, state="op")


async def _brake(tx: engine.Transaction, job: Job, changes: Sequence[protocol.Change]) -> None:
    if job.options.yes or job.options.dry_run or not changes:
        return
    units, products = await stock_links.load_totals(tx, job.store_id)
    told = protocol.trips(changes, units=units, products=products, brake=job.context.stock.brake)
    if told is not None:
        raise StockBrakeError(
            f"This run would {told} in the store {job.store_key}; nothing was sent.",
            remedy=f"If that is right, run `woosync push stock --store {job.store_key} --yes`; "
            "`--dry-run` shows every change.",
        )


def by_product(ops: Sequence[protocol.Op]) -> Mapping[int, protocol.Op]:
    """Return operations by local id."""
    return {op.product_id: op for op in ops}
