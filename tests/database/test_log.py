"""The sync log and its monthly partitions."""

import asyncio
from datetime import UTC, datetime, timedelta

from database import rows
from woosync.postgres import engine, log, stores

Event = log.Event


async def save(tx: engine.Transaction, store: stores.Store, *events: Event, **more: object) -> None:
    chosen: dict[str, object] = {"run_id": None, "actor": "test", "now": rows.NOW} | more
    await log.save(tx, store.id, events, **chosen)  # type: ignore[arg-type] # checked by the function


async def test_events_come_back_newest_first(tx: engine.Transaction, store: stores.Store) -> None:
    for hour in (2, 1, 3):
        event = Event(entity="product", event="updated", woo_id=hour)
        await save(tx, store, event, now=rows.NOW + timedelta(hours=hour))
    assert [event["woo_id"] for event in await log.load(tx, store.id)] == [3, 2, 1]
    assert len(await log.load(tx, store.id, limit=2)) == 2


async def test_events_of_one_moment_come_in_the_order_they_were_saved_in(
    tx: engine.Transaction, store: stores.Store
) -> None:
    await save(tx, store, *[Event(entity="product", event="created", woo_id=n) for n in range(50)])
    found = [event["woo_id"] for event in await log.load(tx, store.id)]
    assert found == list(reversed(range(50)))


async def test_what_changed_is_kept_as_it_was(tx: engine.Transaction, store: stores.Store) -> None:
    before, after = {"name": "A\tB\n\\"}, {"name": "漢", "price": None}
    event = Event(
        entity="product", event="updated", woo_id=7, local_id=8, before=before, after=after,
        category="C", cause="why",
    )  # fmt: skip
    await save(tx, store, event, run_id=3)
    [found] = await log.load(tx, store.id)
    assert (found["before"], found["after"]) == (before, after)
    assert (found["woo_id"], found["local_id"], found["run_id"]) == (7, 8, 3)
    assert (found["category"], found["cause"], found["actor"]) == ("C", "why", "test")
    assert found["at"] == rows.NOW


async def test_filters_narrow_what_is_loaded(
    tx: engine.Transaction, store: stores.Store, other_store: stores.Store
) -> None:
    await save(tx, store, Event(entity="product", event="created"), run_id=1)
    await save(tx, store, Event(entity="order", event="updated"), run_id=2)
    await save(tx, other_store, Event(entity="order", event="created"), run_id=3)
    assert [e["run_id"] for e in await log.load(tx, None, event="created")] == [3, 1]
    assert [e["run_id"] for e in await log.load(tx, store.id, entity="order")] == [2]
    assert [e["run_id"] for e in await log.load(tx, None, run_id=3)] == [3]


async def test_nothing_to_tell_is_no_row(tx: engine.Transaction, store: stores.Store) -> None:
    await save(tx, store)
    assert await log.load(tx, store.id) == []


async def test_every_month_has_its_partition_and_any_other_time_a_place(
    tx: engine.Transaction, store: stores.Store
) -> None:
    await log.make_partitions(tx)
    await log.make_partitions(tx)
    now = datetime.now(UTC)
    ancient = datetime(2001, 1, 1, tzinfo=UTC)
    for at in (now, now + timedelta(days=80), ancient):
        await save(tx, store, Event(entity="run", event="completed"), now=at)
    where = "SELECT DISTINCT tableoid::regclass::text FROM woocommerce_sync_log ORDER BY 1"
    found = [str(row[0]) for row in await rows.ask(tx, where)]
    later = now + timedelta(days=80)
    assert found == sorted(
        [
            f"woocommerce_sync_log_{now:%Y_%m}",
            f"woocommerce_sync_log_{later:%Y_%m}",
            "woocommerce_sync_log_default",
        ]
    )


async def test_partitions_reach_three_months_ahead_for_both_histories(
    tx: engine.Transaction,
) -> None:
    await log.make_partitions(tx)
    count = (
        "SELECT inhparent::regclass::text, count(*) FROM pg_inherits i JOIN pg_class c"
        " ON c.oid = i.inhrelid WHERE c.relkind = 'r' AND c.relname !~ 'default$'"
        " GROUP BY 1 ORDER BY 1"
    )
    assert await rows.ask(tx, count) == [("api_calls", 4), ("woocommerce_sync_log", 4)]


LAST = """
SELECT max(relname) FROM pg_class WHERE relkind = 'r' AND relname ~ '^woocommerce_sync_log_2'
"""


async def drop_last(tx: engine.Transaction) -> str:
    """Take the newest month away, as if it had only just come into reach."""
    name = str(await rows.value(tx, LAST))
    await rows.run(tx, f"DROP TABLE {name}")
    return name


async def test_two_processes_may_meet_a_new_month_at_once(database: engine.Database) -> None:
    async with database.transaction() as tx:
        name = await drop_last(tx)

    async def make() -> None:
        async with database.transaction() as tx:
            await log.make_partitions(tx)

    async with database.transaction() as first:
        await log.make_partitions(first)
        second = asyncio.create_task(make())
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        async with asyncio.timeout(10), database.transaction() as watcher:
            while not await rows.value(watcher, waiting):
                await rows.run(watcher, "SELECT pg_stat_clear_snapshot()")
    await second
    async with database.transaction() as tx:
        assert await rows.value(tx, LAST) == name


async def test_months_begin_in_utc_whatever_the_time_zone_of_the_session(
    tx: engine.Transaction,
) -> None:
    name = await drop_last(tx)
    await rows.run(tx, "SET LOCAL timezone = 'Europe/Berlin'")
    await log.make_partitions(tx)
    assert await rows.value(tx, LAST) == name


async def test_a_month_with_rows_in_the_default_partition_stays_there(
    tx: engine.Transaction, store: stores.Store
) -> None:
    name = await drop_last(tx)
    year, month = map(int, name.split("_")[-2:])
    early = datetime(year, month, 2, tzinfo=UTC)
    await save(tx, store, Event(entity="run", event="completed"), now=early)
    await log.make_partitions(tx)
    assert str(await rows.value(tx, LAST)) < name
    assert [event["at"] for event in await log.load(tx, store.id)] == [early]
