"""The stock protocol: what a store shows of each product becomes what it may sell, unit for unit.

`push` recovers what is unknown, plans, sends, and looks again; `audit` looks at all levels.
"""

from woosync.flows.ingest import agreeing
from woosync.flows.stock import planning, recovering, sending
from woosync.flows.stock.job import Job, Options, Report, StockBrakeError
from woosync.flows.stock.prepare import Wanted, prepare
from woosync.postgres import outbox, stock_links, stock_ops

__all__ = ["Job", "Options", "Report", "StockBrakeError", "Wanted", "audit", "prepare", "push"]

#: A repair found by the audit is planned and sent at once, but only so often in one run.
ROUNDS = 4
SLICE = 500


async def push(job: Job) -> Report:
    """Write what waits to the store and look whether it is so; safe to be killed anywhere.

    Raises StockBusyError while another process does the same, StockBrakeError, and what reading
    the store raises. A store that cannot be written to is `report.error`.
    """
    if job.options.dry_run:
        await planning.plan(job)
        return job.report
    async with stock_ops.alone(job.database, job.store_id, job.store_key):
        left = await recovering.take_over(job)
        for _ in range(ROUNDS):
            again, looks = await recovering.resolve(job)
            ops = [*left, *again, *await planning.plan(job)]
            left = []
            looks += await sending.send(job, ops) + await _unequal(job)
            if job.report.error is not None or not (looks or ops):
                break
            if job.options.audit:
                job.report.judged(await _look_again(job, looks))
        await _come_back(job)
    return job.report


async def _come_back(job: Job) -> None:
    """Leave word in the outbox when operations of unknown outcome are to be looked at again."""
    if job.report.next_at is None:
        return
    async with job.database.transaction() as tx:
        found = await stock_ops.load_open(tx, job.store_id)
        seconds = max((job.report.next_at - job.now()).total_seconds(), 0)
        products = [op.product_id for op in found]
        await outbox.defer(tx, job.store_id, outbox.STOCK, products, seconds=seconds)


async def audit(job: Job) -> Report:
    """Look at all levels (or those of `options.products`) and settle what they mean.

    Writes nothing to the store: what is to be mended waits for the next push. Raises as `push`.
    """
    async with stock_ops.alone(job.database, job.store_id, job.store_key):
        await recovering.take_over(job)
        await recovering.resolve(job)
    after = 0
    while True:
        part = await _part(job, after)
        if part:
            # Between parts whoever wants to write has a turn.
            async with stock_ops.alone(job.database, job.store_id, job.store_key):
                job.report.judged(await agreeing.settle(job.sight, part))
        if job.options.products is not None or len(part) < SLICE:
            return job.report
        after = part[-1]


async def _part(job: Job, after: int) -> list[int]:
    if job.options.products is not None:
        return list(job.options.products)
    async with job.database.transaction() as tx:
        return await stock_links.load_all(tx, job.store_id, after=after, limit=SLICE)


async def _unequal(job: Job) -> list[int]:
    """Return products that pulls and webhooks saw at another level than expected."""
    if job.options.dry_run or job.options.products is not None:
        return []
    async with job.database.transaction() as tx:
        return await stock_links.load_unequal(tx, job.store_id, limit=SLICE, held=False)


async def _look_again(job: Job, product_ids: list[int]) -> agreeing.Judged:
    """Look at products that were just written."""
    judged = agreeing.Judged()
    for start in range(0, len(product_ids), SLICE):
        found = await agreeing.settle(job.sight, product_ids[start : start + SLICE])
        for verdict, amount in found.counts.items():
            judged.counts[verdict] = judged.counts.get(verdict, 0) + amount
        judged.again += found.again
    return judged
