"""Stock: late answers, sweeps of many levels, refusals without a word, rows locked in order."""

import asyncio
from typing import Any

import psycopg
import pytest

from flows.stocking import Stocker
from woosync.domain import stock as protocol
from woosync.flows.stock import planning, sending
from woosync.postgres import stock, stock_links, stock_ops


async def test_what_another_process_has_settled_is_not_made_unknown_by_a_late_answer(
    stocker: Stocker,
) -> None:
    """The lock was lost while the answer was under way, and somebody else read the marker."""
    product = stocker.counted()[0]
    client = stocker.puller.client
    send = client.send

    async def send_slowly(*arguments: Any, **named: Any) -> Any:
        await stocker.puller.run("UPDATE stock_ops SET state = 'confirmed' WHERE state = 'sent'")
        await stocker.puller.run("UPDATE stock_links SET state = 'clean' WHERE state = 'op'")
        return await send(*arguments, **named)

    client.send = send_slowly  # type: ignore[method-assign] # the answer comes late
    stocker.puller.running.front.faults.inject("reset", method="POST")
    await stocker.move(product, 3)
    report = await stocker.push(audit=False)
    assert report.unknown == 0
    stuck = "SELECT count(*) FROM stock_links WHERE state = 'unknown'"
    assert await stocker.puller.value(stuck) == 0


async def test_a_sweep_compares_all_levels(
    stocker: Stocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "MOST", 1)
    moved = stocker.counted(6)
    assert len(moved) == 6
    before = [stocker.level(product) for product in moved]
    for product in moved:
        await stocker.move(product, 2)
    await stocker.puller.run("DELETE FROM outbox")
    await stocker.push(sweep=True)
    assert [stocker.level(product) for product in moved] == [level + 2 for level in before]


def test_a_refusal_without_a_word_is_held_and_still_counted() -> None:
    link = stock_links.StockLink(store_id=1, product_id=2, woo_id=3, expected=protocol.ZERO, seq=1)
    op = protocol.Op(
        op_id=1, product_id=2, seq=1, delta=protocol.ZERO, attempt=1, state=protocol.OpState.SENT
    )
    refused = stock_ops.Settlement(op, protocol.OpState.REFUSED)
    held = sending.after(link, refused, "")
    assert (held.state, held.reason) == ("held", "the store refused: it did not say why")


async def test_what_is_freed_is_locked_in_order(stocker: Stocker) -> None:
    """Two that free the same goods must not wait for each other."""
    low, high = sorted([await stocker.local(woo_id) for woo_id in stocker.counted(2)])
    await stocker.puller.run(f"DELETE FROM stock_links WHERE product_id NOT IN ({low}, {high})")
    await stocker.puller.run(f"UPDATE stock_links SET seq = seq WHERE product_id = {low}")
    lock = "SELECT 1 FROM stock_links WHERE product_id = %s FOR UPDATE NOWAIT"
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    database = stocker.puller.database

    async def free() -> None:
        async with database.transaction() as tx:
            await tx.execute("SET LOCAL enable_indexscan = off")
            await tx.execute("SET LOCAL enable_bitmapscan = off")
            await stock.free(tx, stocker.puller.store.id, [low, high])

    async with database.transaction() as tx:
        await tx.execute(lock, (low,))
        other = asyncio.create_task(free())
        while await stocker.puller.value(waits) == 0:  # noqa: ASYNC110 - the server says
            await asyncio.sleep(0.02)
        try:
            await tx.execute(lock, (high,))
        except psycopg.errors.LockNotAvailable:
            pytest.fail("the second row is locked before the first")
    await other
