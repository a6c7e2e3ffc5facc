"""Send operations: mark as sent, commit, send, book what is known of each. Cuts go first."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from http import HTTPStatus

from msgspec import structs

from woosync.domain import stock as protocol
from woosync.flows.stock.job import Job
from woosync.mapping import level
from woosync.postgres import engine, log, stock_links, stock_ops
from woosync.woo import batch
from woosync.woo.wire import level as wire

OpState = protocol.OpState
Answer = tuple[batch.Outcome, protocol.Op]

#: So many parts are marked as sent at once; more would only wait for the store, marked in vain.
AT_ONCE = 8


async def send(job: Job, ops: Sequence[protocol.Op]) -> list[int]:
    """Send operations and book their outcomes; return the products to look at again.

    Decreases are all through before the first increase leaves.
    """
    if not ops:
        return []
    async with job.database.transaction() as tx:
        addresses = await stock_links.load_addresses(
            tx, job.store_id, [op.product_id for op in ops]
        )
    looks: list[int] = []
    for wave in ([op for op in ops if op.delta < 0], [op for op in ops if op.delta >= 0]):
        turns = asyncio.Semaphore(AT_ONCE)
        work = [
            _send_part(job, route, part, addresses, turns)
            for route, part in _parts(wave, addresses)
        ]
        # All are waited for, so that nothing is under way when the store's lock is given back.
        for done in await asyncio.gather(*work, return_exceptions=True):
            if isinstance(done, BaseException):
                raise done
            looks += done
    return looks


def _parts(
    ops: Iterable[protocol.Op], addresses: Mapping[int, stock_links.Address]
) -> Iterator[tuple[str, list[protocol.Op]]]:
    """Return routes with at most a hundred operations each; what is gone from the store stays."""
    by_route: dict[str, list[protocol.Op]] = {}
    for op in ops:
        address = addresses.get(op.product_id)
        if address is not None:
            parent = address.parent_id
            route = "products" if parent is None else f"products/{parent}/variations"
            by_route.setdefault(route, []).append(op)
    for route, found in by_route.items():
        for start in range(0, len(found), batch.LIMIT):
            yield route, found[start : start + batch.LIMIT]


async def _send_part(
    job: Job,
    route: str,
    part: Sequence[protocol.Op],
    addresses: Mapping[int, stock_links.Address],
    turns: asyncio.Semaphore,
) -> list[int]:
    async with turns:
        return await _send_now(job, route, part, addresses)


async def _send_now(
    job: Job,
    route: str,
    part: Sequence[protocol.Op],
    addresses: Mapping[int, stock_links.Address],
) -> list[int]:
    async with job.database.transaction() as tx:
        sent = await stock_ops.mark_sent(tx, job.store_id, [op.op_id for op in part], now=job.now())
    items = [
        batch.Item(
            op,
            batch.Action.UPDATE,
            {"id": addresses[op.product_id].woo_id} | level.body_of(op),
        )
        for op in sent
    ]
    outcomes = await batch.send(job.client, route, items, pace=job.pace)
    async with job.database.transaction() as tx:
        await engine.by_sync(tx)
        return await book(tx, job, list(zip(outcomes, sent, strict=True)))


async def book(tx: engine.Transaction, job: Job, answers: Sequence[Answer]) -> list[int]:
    """Book what became of operations that were sent; return the products to look at again."""
    links = await stock_links.load(tx, job.store_id, [op.product_id for _, op in answers])
    closed: list[stock_ops.Settlement] = []
    unknown: list[protocol.Op] = []
    recalled: list[protocol.Op] = []
    for outcome, op in answers:
        if outcome.status is batch.Status.UNSENT:
            job.report.error = outcome.error
            recalled.append(op)
        elif outcome.status is batch.Status.UNKNOWN or _failed_inside(outcome):
            unknown.append(op)
        elif outcome.status is batch.Status.REFUSED:
            closed.append(stock_ops.Settlement(op, OpState.REFUSED))
        else:
            shown = _level_of(outcome)
            state = OpState.REFUSED if shown is None else OpState.CONFIRMED
            closed.append(stock_ops.Settlement(op, state, shown, uncounted=shown is None))
    # What another process has settled meanwhile, since this one lost its lock, is left as it is.
    mine = await stock_ops.recall(tx, job.store_id, recalled)
    mine |= await stock_ops.mark_unknown(tx, job.store_id, unknown, given_up=job.now())
    mine |= await stock_ops.settle(tx, job.store_id, closed, now=job.now())
    unknown = [op for op in unknown if op.op_id in mine]
    reasons = {op.op_id: outcome.message for outcome, op in answers}
    settled = [one for one in closed if one.op.op_id in mine]
    changed = [after(links[one.op.product_id], one, reasons[one.op.op_id]) for one in settled]
    changed += [structs.replace(links[op.product_id], state="unknown") for op in unknown]
    changed += [
        structs.replace(links[op.product_id], state="unknown" if op.doubtful else "op")
        for op in recalled
        if op.op_id in mine
    ]
    await stock_links.save(tx, changed)
    await tell(tx, job, links, settled, reasons)
    count(job, settled, unknown)
    return [op.product_id for op in unknown] + [one.op.product_id for one in settled]


def _failed_inside(outcome: batch.Outcome) -> bool:
    """Tell whether the store broke down at this item: then nobody knows how far it came."""
    status = outcome.data.get("status") if isinstance(outcome.data, dict) else None
    return (
        outcome.status is batch.Status.REFUSED
        and isinstance(status, int)
        and status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )


def _level_of(outcome: batch.Outcome) -> Decimal | None:
    """Read the answered level; None where the store does not count the product."""
    decoded = wire.decode(outcome.record) if outcome.record is not None else None
    look = level.look_of(decoded) if decoded is not None else None
    return look.level if look is not None else None


def after(
    link: stock_links.StockLink, settled: stock_ops.Settlement, message: str
) -> stock_links.StockLink:
    """Return the link after an operation was closed."""
    if settled.state in {OpState.CONFIRMED, OpState.MARKER_ONLY}:
        return structs.replace(
            link,
            state="clean",
            expected=link.expected + settled.op.delta,
            observed=settled.level if settled.level is not None else link.observed,
            observed_modified=None,
        )
    if not settled.uncounted:
        said = message or "it did not say why"
        return structs.replace(link, state="held", reason=f"the store refused: {said}")
    reason = "the store does not count it any more"
    return structs.replace(link, state="unmanaged", reason=reason)


def count(
    job: Job, settled: Sequence[stock_ops.Settlement], unknown: Sequence[protocol.Op]
) -> None:
    """Count outcomes in the report."""
    report = job.report
    report.confirmed += sum(one.state is OpState.CONFIRMED for one in settled)
    report.marker_only += sum(one.state is OpState.MARKER_ONLY for one in settled)
    report.refused += sum(one.state is OpState.REFUSED for one in settled)
    report.unknown += len(unknown)


async def tell(
    tx: engine.Transaction,
    job: Job,
    links: Mapping[int, stock_links.StockLink],
    settled: Sequence[stock_ops.Settlement],
    reasons: Mapping[int, str],
) -> None:
    """Log what operations did."""
    events = [
        log.Event(
            entity="stock",
            event="stock_refused" if one.state is OpState.REFUSED else "stock_sent",
            woo_id=links[one.op.product_id].woo_id,
            local_id=one.op.product_id,
            before={"level": float(links[one.op.product_id].expected)},
            after={"level": float(links[one.op.product_id].expected + one.op.delta)},
            cause=reasons.get(one.op.op_id, ""),
        )
        for one in settled
    ]
    await log.save(
        tx,
        job.store_id,
        events,
        run_id=job.context.run_id,
        actor=job.context.actor,
        now=job.now(),
    )
