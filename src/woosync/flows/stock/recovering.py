"""Find out what became of operations that nobody knows about: read the marker, never guess."""

from collections.abc import Sequence

from msgspec import structs

from woosync.domain import stock as protocol
from woosync.flows.stock import sending
from woosync.flows.stock.job import Job
from woosync.mapping.level import Look
from woosync.postgres import engine, stock_links, stock_ops

OpState = protocol.OpState


async def take_over(job: Job) -> list[protocol.Op]:
    """Return operations that a dead process left planned; what it had sent becomes unknown.

    The caller holds the store's lock, so nobody else is waiting for their answers.
    """
    async with job.database.transaction() as tx:
        await engine.by_sync(tx)
        found = await stock_ops.load_open(tx, job.store_id)
        orphans = [op for op in found if op.state is OpState.SENT]
        if orphans:
            links = await stock_links.load(tx, job.store_id, [op.product_id for op in orphans])
            mine = await stock_ops.mark_unknown(tx, job.store_id, orphans)
            lost = [links[op.product_id] for op in orphans if op.op_id in mine]
            await stock_links.save(tx, [structs.replace(link, state="unknown") for link in lost])
    return [op for op in found if op.state is OpState.PLANNED]


async def resolve(job: Job) -> tuple[list[protocol.Op], list[int]]:
    """Read unknown operations back; return (those to send again, products to look at again)."""
    async with job.database.transaction() as tx:
        found = await stock_ops.load_open(tx, job.store_id)
    unknown = [op for op in found if op.state is OpState.UNKNOWN]
    job.report.waiting = len(unknown)
    if not unknown:
        return [], []
    looks = await job.fetch([op.product_id for op in unknown])
    booked, again = [], []
    for op in unknown:
        look = looks.get(op.product_id)
        if look is None:
            continue  # gone from the store: a pull marks it, and nothing is to be written
        what = protocol.after_look(op, look.marker, now=job.now(), rules=job.context.stock)
        if what is protocol.Next.BOOK:
            booked.append((op, look))
        elif what is protocol.Next.RESEND:
            again.append(op)
        else:
            job.report.wait_until(protocol.resend_at(op, job.context.stock))
    job.report.waiting -= len(booked) + len(again)
    async with job.database.transaction() as tx:
        await engine.by_sync(tx)
        done = await _book(tx, job, booked)
    return again, done


async def _book(
    tx: engine.Transaction, job: Job, booked: Sequence[tuple[protocol.Op, Look]]
) -> list[int]:
    """Book operations whose marker the store bears: it began to make the change at least."""
    if not booked:
        return []
    links = await stock_links.load(tx, job.store_id, [op.product_id for op, _ in booked])
    closed = [stock_ops.Settlement(op, OpState.MARKER_ONLY, look.level) for op, look in booked]
    mine = await stock_ops.settle(tx, job.store_id, closed, now=job.now())
    settled = [one for one in closed if one.op.op_id in mine]
    await stock_links.save(
        tx, [sending.after(links[one.op.product_id], one, "") for one in settled]
    )
    await sending.tell(tx, job, links, settled, {})
    sending.count(job, settled, [])
    return [one.op.product_id for one in settled]
