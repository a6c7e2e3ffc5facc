"""Status, analytics, exports, health and metrics over HTTP."""

import asyncio
import csv
import dataclasses
import io
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import psutil
import pytest

from acceptance.api import calling
from acceptance.api.calling import Api
from woosync.flows import pull

FORMULAS = ("=1+1", "+1", "-1", "@x", "\tx", "\rx")


async def pulled(api: Api) -> None:
    """Bring the simulated store's records into the database."""
    chosen = pull.Options()
    await api.opened.pull(
        "default", chosen, actor="test", on_progress=lambda _: None, on_plan=lambda _: None
    )


async def test_status_shows_stores_and_what_waits(api: Api) -> None:
    await pulled(api)
    said = (await api.get("/status", role="viewer")).good()
    (store,) = said["stores"]
    assert (store["key"], store["health"], store["lastRunState"]) == ("default", "ok", "completed")
    assert store["linked"]["product"] == said["totals"]["products"] > 0
    assert store["callsLastHour"] > 0
    assert said["system"]["processMemory"] > 0
    assert "consumerKey" not in json.dumps(said)
    (alone,) = (await api.get("/stores/default/status")).good()["stores"]
    for one in (alone, store):
        del one["rateLimit"]["callsLastMinute"]  # the minute may end between the two
    assert alone == store
    (await api.get("/status?store=nowhere")).problem(404)


async def test_a_store_that_does_not_answer_is_told(api: Api) -> None:
    await pulled(api)
    await api.rows("UPDATE api_calls SET errors = calls RETURNING 1")
    await api.rows("UPDATE sync_runs SET state = 'failed' RETURNING 1")
    said = (await api.get("/status")).good()
    assert (said["status"], said["stores"][0]["health"]) == ("degraded", "failing")


async def test_analytics_count_what_a_pull_did(api: Api) -> None:
    await pulled(api)
    said = (await api.get("/analytics", role="viewer")).good()
    assert said["timeframe"] == "30d"
    by_name = {one["entity"]: one for one in said["entities"]}
    ((known,),) = await api.rows("SELECT count(*) FROM links WHERE entity = 'product'")
    assert by_name["product"]["synced"] == by_name["product"]["events"]["created"] == known
    assert by_name["product"]["successRate"] == 1
    endpoints = {one["endpoint"]: one for one in said["api"]["endpoints"]}
    assert endpoints["GET products"]["p95"] > 0
    assert said["api"]["calls"] == sum(one["calls"] for one in endpoints.values())
    assert said["batches"]["recordsPerRequest"] > 1
    assert [(one["state"], one["runs"]) for one in said["runs"]] == [("completed", 1)]
    assert sum(one["calls"] for one in said["series"]) == said["api"]["calls"]


@pytest.mark.parametrize(
    ("timeframe", "points"), [("24h", 24), ("7d", 28), ("30d", 30), ("90d", 90)]
)
async def test_every_timeframe_has_its_series(api: Api, timeframe: str, points: int) -> None:
    said = (await api.get(f"/analytics?timeframe={timeframe}&store=default")).good()
    assert len(said["series"]) - points in {0, 1}
    assert said["stores"] == ["default"]


async def test_timeframes_are_those_four(api: Api) -> None:
    for query in ("timeframe=1y", "timeframe=", "timeframe=24h'--"):
        (await api.get(f"/analytics?{query}")).problem(422)


async def test_figures_are_kept_until_a_run_changes(api: Api) -> None:
    await pulled(api)
    first = (await api.get("/analytics")).good()
    await api.rows("DELETE FROM woocommerce_sync_log RETURNING 1")
    again = (await api.get("/analytics")).good()
    assert (again["at"], again["entities"]) == (first["at"], first["entities"])
    assert (await api.get("/analytics?timeframe=7d")).good()["entities"] != first["entities"]
    await pulled(api)
    assert (await api.get("/analytics")).good()["at"] > first["at"]


async def test_questions_at_once_are_computed_once(api: Api) -> None:
    said = await asyncio.gather(*(api.get("/analytics?timeframe=90d") for _ in range(8)))
    assert len({one.good()["at"] for one in said}) == 1


@pytest.mark.parametrize(
    "what",
    ["customers", "products", "orders", "inventory", "movements", "history", "conflicts"],
)
async def test_everything_can_be_exported_in_every_format(api: Api, what: str) -> None:
    await pulled(api)
    said = await api.get(f"/export/{what}?format=json&wc_only=true", role="viewer")
    whole = said.good()
    assert said.headers["Content-Type"] == "application/json"
    assert f'filename="{what}-' in said.headers["Content-Disposition"]
    lines = (await api.get(f"/export/{what}?format=ndjson")).text.splitlines()
    table = list(csv.DictReader(io.StringIO((await api.get(f"/export/{what}?format=csv")).text)))
    assert len(lines) == len(table) >= len(whole)
    if what != "conflicts":
        assert whole
    if what in {"products", "orders"}:  # of customers, guests are not the store's
        assert [json.loads(line) for line in lines] == whole
        assert [row["id"] for row in table] == [str(one["id"]) for one in whole]


async def test_exports_know_their_words(api: Api) -> None:
    for path in ("/export/users", "/export/products?format=xlsx", "/export/stores"):
        (await api.get(path)).problem(422)
    (await api.get("/export/products?store=nowhere")).problem(404, "unknown-store")
    (await api.get("/export/products", role="")).problem(401)
    for method in ("POST", "DELETE"):
        (await api.call(method, "/export/products")).problem(405)


async def test_a_spreadsheet_runs_nothing_of_an_export(api: Api) -> None:
    """Row 46: text that begins like a formula is text; numbers stay numbers."""
    for number, text in enumerate(FORMULAS):
        body = {"name": text, "sku": f"S{number}", "description": 'a "b",\r\nc'}
        (await api.post("/api/products", json=body)).good(201)
    body = {"productId": 1, "qty": -3, "allowNegative": True, "note": "=x"}
    (await api.post("/api/inventory/adjust", json={**body, "warehouse": "MAIN"})).problem(422)
    (await api.post("/api/warehouses", json={"code": "MAIN", "isDefault": True})).good(201)
    (await api.post("/api/inventory/adjust", json=body)).good()
    said = (await api.get("/export/products?format=csv")).text
    table = list(csv.DictReader(io.StringIO(said, newline="")))
    assert [row["name"] for row in table] == [f"'{text}" for text in FORMULAS]
    assert {row["description"] for row in table} == {'a "b",\r\nc'}
    moved = (await api.get("/export/movements?format=csv")).text
    (row,) = csv.DictReader(io.StringIO(moved, newline=""))
    assert (row["qty"], row["note"]) == ("-3", "'=x")
    as_json = (await api.get("/export/movements")).good()
    assert (as_json[0]["qty"], as_json[0]["note"]) == (-3, "=x")


MANY = """
INSERT INTO customers (email, first_name, metadata)
SELECT 'c' || n || '@example.com', repeat('x', 200),
  jsonb_build_object('woocommerce', jsonb_build_object('default', repeat('y', 300)))
FROM generate_series(1, %s) n RETURNING 1
"""
BACKENDS = (
    "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%%' AND pid <> pg_backend_pid()"
)


async def test_a_large_export_needs_no_more_memory_than_a_small_one(api: Api) -> None:
    await api.opened.load_store()
    await api.rows(MANY, 40_000)
    process, length, peak = psutil.Process(), 0, 0
    headers = {"Authorization": f"Bearer {api.tokens['viewer']}"}
    url = f"{api.url}{calling.BASE}/export/customers?format=ndjson"
    async with api.session.get(url, headers=headers) as answer:
        await answer.content.readany()
        before = process.memory_info().rss
        async for chunk in answer.content.iter_any():
            length += len(chunk)
            peak = max(peak, process.memory_info().rss)
    assert length > 24_000_000
    assert peak - before < 12_000_000


async def test_a_caller_that_hangs_up_frees_the_cursor(api: Api) -> None:
    await api.rows(MANY, 50_000)
    headers = {"Authorization": f"Bearer {api.tokens['viewer']}"}
    url = f"{api.url}{calling.BASE}/export/customers"
    for _ in range(6):
        async with aiohttp.ClientSession() as session:
            answer = await session.get(url, headers=headers)
            assert answer.status == 200
            await answer.content.readany()
            answer.close()
        await until(lambda: is_streaming_over(api))
    await until(lambda: are_backends_idle(api))


async def is_streaming_over(api: Api) -> bool:
    return api.app.state.streams.under_way == 0


async def are_backends_idle(api: Api) -> bool:
    return (await api.rows(BACKENDS))[0][0] == 0


async def until(done: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await done():  # noqa: ASYNC110 - the other side tells nobody
            await asyncio.sleep(0.02)


async def test_only_so_many_exports_at_a_time(api: Api) -> None:
    api.app.state.streams.under_way = api.app.state.streams.most
    said = await api.get("/export/products")
    said.problem(503)
    assert said.headers["Retry-After"] == "10"
    api.app.state.streams.under_way = 0
    (await api.get("/export/products")).good()


async def test_what_goes_wrong_before_the_first_row_is_a_problem(api: Api) -> None:
    async with api.opened.database.transaction() as tx:
        await tx.execute("ALTER TABLE customers RENAME TO lost")
    said = await api.get("/export/customers")
    assert said.status >= 500
    said.problem(said.status)
    assert "customers" not in said.text.replace("/export/customers", "")
    assert api.app.state.streams.under_way == 0


async def test_anybody_may_ask_for_health_and_learns_nothing_else(api: Api) -> None:
    assert (await api.get("/health/live", role="")).good() == {"status": "ok"}
    said = (await api.get("/health/ready", role="")).good()
    assert said == {"status": "ok", "database": "ok", "migrations": "ok", "worker": "missing"}
    await api.rows("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()) RETURNING 1")
    assert (await api.get("/health/ready", role="")).good()["worker"] == "ok"


async def test_tables_of_another_version_are_not_ready(api: Api) -> None:
    await api.rows("UPDATE alembic_version SET version_num = '0001' RETURNING 1")
    said = await api.get("/health/ready", role="")
    assert said.good(503)["migrations"] == "outdated"
    (await api.get("/health/live", role="")).good()


async def test_metrics_need_a_token(api: Api) -> None:
    """Row 55."""
    (await api.get("/metrics", role="")).problem(401)
    await pulled(api)
    said = await api.get("/metrics", role="viewer")
    assert said.status == 200
    assert 'woosync_call_errors_last_hour{store="default"} 0.0' in said.text
    assert "process_resident_memory_bytes" in said.text


async def test_nobody_reads_metrics_through_a_proxy_or_where_they_are_off(api: Api) -> None:
    given = api.opened.settings
    for rule, headers, status in (
        ("loopback", {}, 200),
        ("loopback", {"X-Forwarded-For": "127.0.0.1"}, 401),
        ("loopback", {"Forwarded": "for=127.0.0.1"}, 401),
        ("off", {}, 404),
    ):
        changed = dataclasses.replace(given, metrics=rule)
        api.app.state.opened = dataclasses.replace(api.opened, settings=changed)
        assert (await api.get("/metrics", role="", headers=headers)).status == status


LOGGED = """
INSERT INTO woocommerce_sync_log (store_id, entity, event, woo_id, actor, category, at)
SELECT 1, 'product', CASE WHEN mod(n, 3) = 0 THEN 'failed' ELSE 'updated' END, n, 'ann',
  CASE WHEN mod(n, 3) = 0 THEN 'refused' ELSE '' END, now() - n / 2 * interval '1 minute'
FROM generate_series(1, 30) n RETURNING 1
"""


async def all_of(api: Api, path: str, name: str) -> list[Any]:
    found: list[Any] = []
    while path:
        page = (await api.get(path, role="viewer")).good()
        found += page[name]
        path = page["next"]
    return found


async def test_history_is_read_page_by_page_and_filtered(api: Api) -> None:
    await api.opened.load_store()
    await api.rows(LOGGED)
    events = await all_of(api, "/history?limit=7", "events")
    assert len({one["id"] for one in events}) == len(events) == 30
    assert [one["at"] for one in events] == sorted((one["at"] for one in events), reverse=True)
    since = events[9]["at"]
    later = [one for one in events if one["at"] >= since]
    for query, number in (
        ("event_type=failed", 10),
        ("event_type=completed", 0),
        ("category=refused&actor=ann&entity=product", 10),
        ("wcId=4", 1),
        ("runId=1", 0),
        (f"since={since}", len(later)),
        (f"before={since}&store=default", 30 - len(later)),
    ):
        found = await all_of(api, f"/history?limit=4&{query}", "events")
        assert len(found) == number, query
    (await api.get("/history?cursor=abc")).problem(422, "unfit")


async def test_edits_of_the_back_office_are_history_too(api: Api) -> None:
    """Row 21 of the invariants: who changed what, from what, to what."""
    made = await api.post("/api/suppliers", json={"name": "Acme"}, role="operator")
    headers = {"If-Match": made.headers["ETag"]}
    path = made.headers["Location"]
    (await api.call("PATCH", path, json={"name": "Acme Ltd"}, headers=headers)).good()
    changed, created = (await api.get("/history")).good()["events"]
    assert (created["event"], created["actor"]) == ("local_created", "the operator")
    assert (changed["event"], changed["actor"], changed["store"]) == (
        "local_updated",
        "the admin",
        "",
    )
    assert (changed["before"], changed["after"]) == ({"name": "Acme"}, {"name": "Acme Ltd"})


async def test_conflicts_and_bad_records_are_read_page_by_page(api: Api) -> None:
    store = await api.opened.load_store()
    await api.rows(
        "INSERT INTO conflicts (store_id, entity, local_id, field, state)"
        " SELECT %s, 'product', n, 'name', CASE WHEN n < 4 THEN 'open' ELSE 'decided' END"
        " FROM generate_series(1, 10) n RETURNING 1",
        store.id,
    )
    await api.rows(
        "INSERT INTO quarantine (store_id, entity, record, reason)"
        " SELECT %s, 'order', n, 'odd' FROM generate_series(1, 10) n RETURNING 1",
        store.id,
    )
    found = await all_of(api, "/conflicts?limit=3", "conflicts")
    assert len({one["id"] for one in found}) == len(found) == 10
    assert len(await all_of(api, "/conflicts?limit=2&state=open", "conflicts")) == 3
    found = await all_of(api, "/quarantine?limit=3", "records")
    assert sorted(int(one["record"]) for one in found) == list(range(1, 11))
    assert await all_of(api, "/quarantine?entity=product", "records") == []
