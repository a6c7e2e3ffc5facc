"""The inbox of deliveries: kept together, claimed once, woken, counted."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from database import rows
from woosync.postgres import deliveries, engine, inbox, stores, wake
from woosync.postgres import errors as database_errors


def new(store: stores.Store, number: int, **changes: object) -> deliveries.NewDelivery:
    values: dict[str, object] = {
        "store_id": store.id,
        "topic": "product.updated",
        "webhook_id": number,
        "delivery_id": "same",
        "body": b'{"id":%d}' % number,
        "body_hash": bytes([number % 256]) * 16,
        "source_address": "127.0.0.1",
    }
    return deliveries.NewDelivery(**(values | changes))  # type: ignore[arg-type] # by the class


async def test_deliveries_that_come_together_share_commits(
    database: engine.Database, store: stores.Store
) -> None:
    box = inbox.Inbox(database)
    await asyncio.gather(*(box.put(new(store, number)) for number in range(200)))
    await box.close()
    async with database.transaction() as tx:
        assert await rows.value(tx, "SELECT count(*) FROM webhook_deliveries") == 200
        commits = await rows.value(tx, "SELECT count(DISTINCT xmin::text) FROM webhook_deliveries")
    assert isinstance(commits, int)
    assert commits < 10


async def test_a_large_body_does_not_wait_for_many_others(
    database: engine.Database, store: stores.Store
) -> None:
    box = inbox.Inbox(database)
    body = b"x" * (inbox.GROUP_BYTES // 2 + 1)
    await asyncio.gather(*(box.put(new(store, number, body=body)) for number in range(4)))
    await box.close()
    async with database.transaction() as tx:
        assert await rows.value(tx, "SELECT count(*) FROM webhook_deliveries") == 4


async def test_a_connection_that_died_while_idle_is_made_anew(
    database: engine.Database, store: stores.Store
) -> None:
    box = inbox.Inbox(database)
    await box.put(new(store, 1))
    async with database.transaction() as tx:
        await tx.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND query LIKE '%INSERT INTO webhook_deliveries%'"
        )
    await box.put(new(store, 2))
    await box.close()
    async with database.transaction() as tx:
        assert await rows.value(tx, "SELECT count(*) FROM webhook_deliveries") == 2


async def test_nothing_is_acknowledged_that_the_database_refused(
    database: engine.Database, store: stores.Store
) -> None:
    box = inbox.Inbox(database)
    with pytest.raises(database_errors.DatabaseRejectedError):
        await box.put(new(store, 1, state="nonsense"))
    await box.put(new(store, 2))
    await box.close()
    async with database.transaction() as tx:
        assert await rows.value(tx, "SELECT count(*) FROM webhook_deliveries") == 1


async def test_more_than_can_wait_is_refused_before_memory_is_full(
    database: engine.Database, store: stores.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "MOST", 3)
    box = inbox.Inbox(database)
    asked = [asyncio.create_task(box.put(new(store, number))) for number in range(5)]
    ended = await asyncio.gather(*asked, return_exceptions=True)
    await box.close()
    assert [type(one) for one in ended] == [type(None)] * 3 + [inbox.InboxFullError] * 2


async def test_a_delivery_is_on_disk_when_it_is_acknowledged(
    database: engine.Database, store: stores.Store
) -> None:
    box = inbox.Inbox(database)
    await box.put(new(store, 1))
    assert box._connection is not None
    shown = await box._connection.execute("SHOW synchronous_commit")
    assert await shown.fetchone() == ("on",)
    await box.close()


async def test_waiting_deliveries_wake_the_workers_of_their_store(
    database: engine.Database, store: stores.Store, other_store: stores.Store
) -> None:
    heard: list[tuple[str, int]] = []
    listening = asyncio.Event()

    async def listen() -> None:
        async with database.session() as connection:
            await connection.execute(f"LISTEN {wake.CHANNEL}")
            listening.set()
            async for told in connection.notifies(timeout=10, stop_after=3):
                what, _, number = told.payload.partition(":")
                heard.append((what, int(number)))

    task = asyncio.create_task(listen())
    await listening.wait()
    async with database.transaction() as tx:
        both = [new(store, 1), new(store, 2), new(other_store, 3)]
        await deliveries.save_new(tx, both)
    async with database.transaction() as tx:
        await deliveries.save_new(tx, [new(store, 4, state="ignored", cause="x")])
    async with database.transaction() as tx:
        assert await deliveries.replay(tx, store.id, [4]) == 1
    await task
    assert sorted(heard) == sorted([("inbox", store.id)] * 2 + [("inbox", other_store.id)])


async def test_two_workers_never_claim_the_same_delivery(
    database: engine.Database, store: stores.Store, other_store: stores.Store
) -> None:
    async with database.transaction() as tx:
        await deliveries.save_new(tx, [new(store, number) for number in range(50)])
        await deliveries.save_new(tx, [new(other_store, 99)])
    now = rows.NOW + timedelta(days=10_000)
    async with database.transaction() as one, database.transaction() as other:
        first = await deliveries.claim(one, store.id, now=now, lease=60, limit=30)
        second = await deliveries.claim(other, store.id, now=now, lease=60, limit=30)
    ids = [delivery.id for delivery in first + second]
    assert len(set(ids)) == len(ids) == 50
    async with database.transaction() as tx:
        assert await deliveries.claim(tx, store.id, now=now, lease=60, limit=30) == []
        later = now + timedelta(seconds=61)
        again = await deliveries.claim(tx, store.id, now=later, lease=60, limit=100)
    assert [one.attempts for one in again] == [2] * 50


async def test_one_process_at_a_time_holds_a_stores_inbox(
    database: engine.Database, store: stores.Store, other_store: stores.Store
) -> None:
    async with deliveries.alone(database, store.id) as first:
        async with deliveries.alone(database, store.id) as second:
            assert (first, second) == (True, False)
        async with deliveries.alone(database, other_store.id) as third:
            assert third
    async with deliveries.alone(database, store.id) as again:
        assert again


async def test_settled_deliveries_are_forgotten_and_parked_ones_kept(
    database: engine.Database, store: stores.Store
) -> None:
    async with database.transaction() as tx:
        for number, state in enumerate(("handled", "ignored", "parked", "waiting")):
            await deliveries.save_new(tx, [new(store, number, state=state)])
        later = rows.NOW + timedelta(days=10_000)
        assert await deliveries.remove_old(tx, before=later) == 2
        left = await rows.ask(tx, "SELECT state FROM webhook_deliveries ORDER BY state")
    assert left == [("parked",), ("waiting",)]


async def test_claiming_and_closing_use_their_indexes(
    database: engine.Database, store: stores.Store
) -> None:
    """Ten thousand settled deliveries cost a claim nothing."""
    fill = (
        "INSERT INTO webhook_deliveries (store_id, topic, body, body_hash, state) SELECT"
        f" {store.id}, 'product.updated', '{{}}', decode(lpad(to_hex(n), 32, '0'), 'hex'),"
        " CASE WHEN n % 1000 = 0 THEN 'waiting' ELSE 'handled' END FROM generate_series(1, 10000) n"
    )
    async with database.transaction() as tx:
        await rows.run(tx, fill)
    now = rows.NOW + timedelta(days=10_000)
    await _analyze(database)
    before = await _read_whole(database)
    async with database.transaction() as tx:
        claimed = await deliveries.claim(tx, store.id, now=now, lease=60, limit=100)
        assert len(claimed) == 10
        outcomes = {one.id: ("handled", "") for one in claimed}
        await deliveries.close(tx, store.id, outcomes, now=now, window=1e6)
        assert await deliveries.is_waiting(tx, store.id, now=now) is False
    assert await _read_whole(database) == before


async def _analyze(database: engine.Database) -> None:
    async with database.session() as connection:
        await connection.execute("VACUUM ANALYZE webhook_deliveries")


async def _read_whole(database: engine.Database) -> object:
    async with await psycopg.AsyncConnection.connect(database.url, autocommit=True) as connection:
        await connection.execute("SELECT pg_stat_force_next_flush()")
        found = await connection.execute(
            "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'webhook_deliveries'"
        )
        return await found.fetchone()
