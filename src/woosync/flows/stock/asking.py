"""Asking a person: a push that the brake stopped while nobody watched shows among the runs."""

from datetime import datetime

from woosync.flows.stock.job import StockBrakeError
from woosync.postgres import engine, outbox, runs

MODE, ANSWER = "brake", "push"
#: After so many seconds a question that was not asked again is closed: twice a worker's round.
OPEN = 70.0


async def ask(
    database: engine.Database, store_id: int, stopped: StockBrakeError, *, now: datetime
) -> None:
    """Save the question as a failed run, the same one while it stays open; an answer ends it."""
    new = runs.NewRun(
        direction="stock", mode=MODE, entities=("inventory",), options={}, actor="worker"
    )
    told = f"{stopped.message} {stopped.remedy or ''}".strip()
    async with database.transaction() as tx:
        if await runs.is_under_way(tx, store_id, "stock", ANSWER):
            return
        if await asked(tx, store_id) is None:
            run_id = await runs.start(tx, store_id, new)
        else:
            run_id, _ = await runs.start_or_go_on(tx, store_id, new, now=now)
        await runs.finish(tx, run_id, state="failed", counts={}, error=told)


async def asked(tx: engine.Transaction, store_id: int) -> str | None:
    """Return the question that is still open, if any: whoever pushes by himself asks it again."""
    if outbox.STOCK not in await outbox.load_waiting(tx, store_id):
        return None
    return await runs.load_unanswered(tx, store_id, "stock", MODE, answer=ANSWER, seconds=OPEN)
