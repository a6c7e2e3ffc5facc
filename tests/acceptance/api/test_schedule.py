"""What happens by itself: due pulls and audits, once however many workers look."""

import asyncio
from datetime import timedelta

from acceptance.api.calling import Api
from woosync.entrypoints.worker import schedule


async def directions(api: Api) -> list[tuple[str, str]]:
    return [
        (row[0], row[1])
        for row in await api.rows("SELECT direction, state FROM sync_runs ORDER BY id")
    ]


async def test_a_store_is_pulled_when_it_is_due_and_once_for_all_workers(api: Api) -> None:
    asked = await asyncio.gather(*(schedule.ask_for_due(api.opened) for _ in range(5)))
    [(first,)] = await api.rows("SELECT id FROM sync_runs")
    # Who comes second draws a number, and is told the first one's.
    assert {tuple(ids) for ids in asked} <= {(first,), ()}
    assert await directions(api) == [("pull", "queued")]
    await api.run("UPDATE sync_runs SET state = 'completed'")
    assert await schedule.ask_for_due(api.opened) == []
    await api.run("UPDATE sync_runs SET started_at = now() - interval '6 minutes'")
    (second,) = await schedule.ask_for_due(api.opened)
    assert second > first
    assert await directions(api) == [("pull", "completed"), ("pull", "queued")]


async def test_records_are_audited_once_a_day_and_levels_every_twenty_minutes(api: Api) -> None:
    await schedule.ask_for_due(api.opened)
    await api.run("UPDATE stores SET created_at = now() - interval '21 minutes'")
    await schedule.ask_for_due(api.opened)
    assert await directions(api) == [("pull", "queued"), ("stock", "queued")]
    await api.run("UPDATE stores SET created_at = now() - interval '25 hours'")
    await schedule.ask_for_due(api.opened)
    assert await directions(api) == [("pull", "queued"), ("stock", "queued"), ("audit", "queued")]


async def test_a_push_of_levels_is_no_audit_of_them(api: Api) -> None:
    await schedule.ask_for_due(api.opened)
    await api.run("UPDATE stores SET created_at = now() - interval '21 minutes'")
    await api.run("UPDATE sync_runs SET direction = 'stock', mode = 'push'")
    await schedule.ask_for_due(api.opened)
    assert ("stock", "queued") in (await directions(api))[1:]


async def test_the_schedule_of_a_store_counts_and_paused_ones_rest(api: Api) -> None:
    (await api.get("/connection/test")).good()
    never = {"schedule": {"pull": 0, "audit": 0, "stock": 0}}
    (await api.call("PATCH", "/stores/default", json=never)).good()
    assert await schedule.ask_for_due(api.opened) == []
    hourly = {"schedule": {"pull": 3600}}
    (await api.call("PATCH", "/stores/default", json=hourly)).good()
    async with api.opened.database.transaction() as tx:
        (store,) = await schedule.stores.load_all(tx)
    now = api.opened.clock()
    for minutes, due in ((59, False), (61, True)):
        last = now - timedelta(minutes=minutes)
        assert schedule.is_due(store, "pull", last, now=now) is due
    (await api.post("/stores/default/pause")).good()
    assert await schedule.ask_for_due(api.opened) == []


async def test_housekeeping_forgets_what_has_had_its_time(api: Api) -> None:
    await api.run("INSERT INTO login_failures (name, last_at) VALUES ('x', now() - interval '2 d')")
    await api.run(
        "INSERT INTO idempotent_replies (caller, key, request_hash, begun_at)"
        " VALUES ('user:1', 'k', '', now() - interval '2 days'), ('user:1', 'l', '', now())"
    )
    await schedule.keep_house(api.opened)
    assert await api.rows("SELECT count(*) FROM login_failures") == [(0,)]
    assert await api.rows("SELECT key FROM idempotent_replies") == [("l",)]
