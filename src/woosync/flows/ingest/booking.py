"""Telling what was booked because a store's level said so: by its movement, in a run to undo."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from woosync.flows.ingest.context import Context
from woosync.postgres import log, outbox, runs
from woosync.postgres.engine import Transaction

FIELD = "level"


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """A movement that brought the ledger to a store's level; `event` is its word in the log."""

    event: str
    product_id: int
    woo_id: int
    before: Decimal
    level: Decimal
    source_ref: str
    cause: str


async def tell(tx: Transaction, context: Context, booked: Sequence[Booked]) -> None:
    """Log movements, so that an undo of the run finds them."""
    if not booked:
        return
    events = [
        log.Event(
            entity=outbox.STOCK,
            event=one.event,
            woo_id=one.woo_id,
            local_id=one.product_id,
            before={FIELD: float(one.before)},
            after={FIELD: float(one.level), "movement": one.source_ref},
            cause=one.cause,
        )
        for one in booked
    ]
    run_id = context.run_id
    if run_id is None:
        run_id = await _gather(tx, context, len(booked))
    await log.save(
        tx,
        context.store_id,
        events,
        run_id=run_id,
        actor=context.actor,
        now=context.clock(),
    )


async def _gather(tx: Transaction, context: Context, amount: int) -> int:
    """Return the run that gathers what audits and webhooks book in an hour."""
    new = runs.NewRun(
        direction="stock",
        mode=runs.AUTOMATIC,
        entities=["inventory"],
        options={},
        actor=context.actor,
    )
    run_id, counts = await runs.start_or_go_on(tx, context.store_id, new, now=context.clock())
    known = counts.get(FIELD, {}).get("seen", 0)
    counted = {FIELD: {"seen": known + amount, "booked": known + amount}}
    await runs.finish(tx, run_id, state="completed", counts=counted)
    return run_id
