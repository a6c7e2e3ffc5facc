"""Counts of refused deliveries reach the database, whatever it is busy with."""

import asyncio
from datetime import UTC, datetime

import pytest

from woosync.domain import topic as topics
from woosync.flows.receive import counting
from woosync.postgres import engine, stores

WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND query LIKE '%webhook_refusals%'
"""


async def test_a_count_that_is_being_saved_at_the_end_is_not_lost(
    database: engine.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "EVERY", 0.01)
    async with database.transaction() as tx:
        await stores.save_new(tx, "default", {"url": "https://shop.example"})
    topic = topics.parse("order.updated")
    assert topic is not None
    counts = counting.Refusals(database, lambda: datetime.now(UTC))
    ended = asyncio.Event()

    async def serve() -> None:
        async with counts.saving():
            counts.count("default", topic, 401)
            await ended.wait()

    async with database.transaction() as tx:
        await tx.execute("LOCK TABLE webhook_refusals")
        serving = asyncio.create_task(serve())
        async with asyncio.timeout(20), database.transaction() as other:
            while await (await other.execute(WAITING)).fetchone() == (0,):
                await other.execute("SELECT pg_stat_clear_snapshot(), pg_sleep(0.02)")
        ended.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await serving
    async with database.transaction() as tx:
        found = await (await tx.execute("SELECT refused FROM webhook_refusals")).fetchall()
    assert found == [(1,)]
