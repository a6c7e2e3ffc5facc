"""Counts of requests by store, minute and endpoint."""

from datetime import timedelta

from database import rows
from woosync.postgres import calls, engine, stores

MINUTE = rows.NOW.replace(second=0)


async def test_counts_of_a_minute_add_up(tx: engine.Transaction, store: stores.Store) -> None:
    await calls.save(
        tx, store.id, [calls.Call(MINUTE, "GET products", 3, 1, 0.5, {"2": 2, "4": 1}, 1)]
    )
    await calls.save(
        tx, store.id, [calls.Call(MINUTE, "GET products", 2, 0, 0.25, {"4": 1, "9": 1}, 2)]
    )
    found = await rows.ask(tx, "SELECT calls, errors, seconds, histogram, throttled FROM api_calls")
    assert found == [(5, 1, 0.75, {"2": 2, "4": 2, "9": 1}, 3)]


async def test_minutes_endpoints_and_stores_are_kept_apart(
    tx: engine.Transaction, store: stores.Store, other_store: stores.Store
) -> None:
    next_minute = MINUTE + timedelta(minutes=1)
    await calls.save(
        tx,
        store.id,
        [
            calls.Call(MINUTE, "GET products", 1, 0, 0.1, {"1": 1}),
            calls.Call(MINUTE, "GET orders", 1, 0, 0.1, {"1": 1}),
            calls.Call(next_minute, "GET orders", 1, 0, 0.1, {}),
        ],
    )
    await calls.save(tx, other_store.id, [calls.Call(MINUTE, "GET products", 9, 9, 0.1, {})])
    assert await rows.value(tx, "SELECT count(*) FROM api_calls") == 4


async def test_an_empty_histogram_stays_an_object(
    tx: engine.Transaction, store: stores.Store
) -> None:
    for _ in range(2):
        await calls.save(tx, store.id, [calls.Call(MINUTE, "GET /", 1, 0, 0.1, {})])
    assert await rows.value(tx, "SELECT histogram FROM api_calls") == {}
