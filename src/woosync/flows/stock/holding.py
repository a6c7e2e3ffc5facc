"""What a person decides about levels: whose counts, which are left alone, who may sell how many."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import structs

from woosync import errors
from woosync.domain import stock as protocol
from woosync.flows.ingest import agreeing
from woosync.flows.stock.job import Job
from woosync.postgres import engine, outbox, stock, stock_links, stock_ops

Take = Literal["store", "ours"]


class NotHeldError(errors.RefusedError):
    """There is nothing to be decided about these products."""


class UnsteadyError(errors.TemporaryError):
    """Levels change while they are to be decided about."""


async def hold(job: Job, product_ids: Sequence[int], *, reason: str) -> int:
    """Leave levels alone until `release`; return how many. Operations under way end first."""
    async with job.database.transaction() as tx:
        await engine.by_sync(tx)
        links = await stock_links.load(tx, job.store_id, product_ids)
        changed = [
            structs.replace(link, state="held", reason=reason)
            for link in links.values()
            if link.state == "clean"
        ]
        await stock_links.save(tx, changed)
    return len(changed)


async def release(job: Job, product_ids: Sequence[int], *, take: Take) -> int:
    """Decide about held levels: the store's counts, or ours is written over it; return how many.

    Looks at the store first, so that what is decided about is what it shows now. Raises
    NotHeldError, UnsteadyError, StockBusyError, and what reading the store raises.
    """
    waiting, released = list(product_ids), 0
    async with stock_ops.alone(job.database, job.store_id, job.store_key):
        for _ in range(agreeing.LOOKS):
            first = await job.fetch(waiting)
            await job.pull_orders()
            async with job.database.transaction() as tx:
                expected = await stock_links.load_expected(tx, job.store_id, waiting)
            seen = _Seen(first, await job.fetch(waiting), expected)
            async with job.database.transaction() as tx:
                await engine.by_sync(tx)
                done, waiting = await _release(tx, job, waiting, seen, take)
            released += done
            if not waiting:
                break
            await job.client.clock.sleep(job.context.stock.pause.total_seconds())
    if waiting:
        raise UnsteadyError(
            f"{len(waiting)} of these levels are changing just now.",
            remedy="They are held still: try again in a moment.",
        )
    if not released:
        raise NotHeldError(
            "None of these levels is held.", remedy="`woosync stock status` shows which are."
        )
    return released


class _Seen(msgspec.Struct, frozen=True):
    """Two looks at levels, and what was expected between them, when orders had been read."""

    first: agreeing.Looks
    second: agreeing.Looks
    expected: agreeing.Expected

    def is_steady(self, link: stock_links.StockLink) -> bool:
        """Tell whether no sale came in between; what the store does not list stands still."""
        before, after = self.first.get(link.product_id), self.second.get(link.product_id)
        alike = (before and (before.level, before.modified)) == (
            after and (after.level, after.modified)
        )
        return alike and self.expected.get(link.product_id) == link.expected


async def _release(
    tx: engine.Transaction, job: Job, product_ids: Sequence[int], seen: _Seen, take: Take
) -> tuple[int, list[int]]:
    """Decide about what stands still; return how many, and those to be looked at again."""
    links = await stock_links.load(tx, job.store_id, product_ids)
    held = [link for link in links.values() if link.state == "held"]
    steady = [link for link in held if seen.is_steady(link)]
    done = [await _decide(tx, job, link, seen.second, take) for link in steady]
    await stock_links.save(tx, done)
    decided = [link.product_id for link in done]
    await outbox.mark(tx, job.store_id, outbox.STOCK, decided)
    return len(done), [link.product_id for link in held if link.product_id not in decided]


async def _decide(
    tx: engine.Transaction,
    job: Job,
    link: stock_links.StockLink,
    looks: agreeing.Looks,
    take: Take,
) -> stock_links.StockLink:
    look = looks.get(link.product_id)
    level = look.level if look is not None else None
    shown = link.expected if level is None else level
    case = agreeing.Case(link, shown, look.modified if look else None, protocol.Evidence())
    if case.gap and take == "store":
        after = await agreeing.adopt(tx, job.context, case)
    else:
        after = structs.replace(link, expected=shown)
    await stock.close_conflict(tx, job.store_id, link.product_id, by=job.context.actor)
    return structs.replace(
        after,
        state="clean",
        reason="",
        observed=shown,
        agreed_seq=after.seq,
        audited_at=job.now(),
    )


async def limit(job: Job, product_id: int, *, units: int | None) -> None:
    """Let this store sell at most so many units of goods that it shares (None: its share again).

    It is cut at once; the others are raised when that is certain.
    """
    async with job.database.transaction() as tx:
        links = await stock_links.load(tx, job.store_id, [product_id])
        if product_id not in links or links[product_id].allocation is None:
            raise NotHeldError(
                f"The product {product_id} is not shared with another store.",
                remedy="`woosync stock status` shows which are.",
            )
        wanted = None if units is None else Decimal(units)
        await stock_links.save(tx, [structs.replace(links[product_id], wanted=wanted)])
