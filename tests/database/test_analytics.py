"""Figures of a span: right on a handful of rows, and quick on a hundred thousand."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from database import rows, scans
from woosync.domain import latency
from woosync.postgres import analytics, engine, log, stores

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)

FILL = """
INSERT INTO sync_runs (store_id, direction, mode, state, counts, started_at, finished_at)
SELECT {store}, 'pull', 'auto', CASE WHEN n = 4 THEN 'failed' ELSE 'completed' END,
  '{{"product": {{"seen": 100, "created": 3, "updated": 2}}, "odd": 5}}',
  now - interval '2 hours', now - interval '2 hours' + n * interval '1 second'
FROM generate_series(1, 4) n, (SELECT timestamptz '{now}' AS now) AS at;
INSERT INTO woocommerce_sync_log (store_id, entity, event, category, cause, at)
SELECT {store}, 'product', event, category, cause, timestamptz '{now}' - ago FROM (VALUES
  ('created', '', '', interval '1 hour'), ('updated', '', '', interval '2 hours'),
  ('updated', '', '', interval '3 hours'), ('failed', 'refused', 'no', interval '1 hour'),
  ('failed', 'refused', 'older', interval '30 hours'), ('created', '', '', interval '40 hours'),
  ('failed', 'missing', 'gone', interval '26 hours')) AS told (event, category, cause, ago);
INSERT INTO woocommerce_sync_log (store_id, entity, event, at)
VALUES ({store}, 'run', 'completed', timestamptz '{now}' - interval '1 hour');
INSERT INTO api_calls
(store_id, minute, endpoint, calls, errors, seconds, histogram, throttled) VALUES
({store}, timestamptz '{now}' - interval '1 hour', 'GET products', 90, 1, 9, '{{"1": 90}}', 1),
({store}, timestamptz '{now}' - interval '2 hours', 'GET products', 10, 2, 5, '{{"4": 10}}', 0),
({store}, timestamptz '{now}' - interval '1 hour', 'GET orders', 5, 0, 1, '{{"2": 5}}', 0),
({store}, timestamptz '{now}' - interval '2 days', 'GET orders', 500, 0, 1, '{{"2": 500}}', 0);
INSERT INTO webhook_deliveries
  (store_id, topic, body, body_hash, received_at, state, handled_at, repeated)
SELECT {store}, 'product.updated', 'x', 'x', timestamptz '{now}' - interval '1 hour', state,
  CASE WHEN state = 'handled' THEN timestamptz '{now}' - interval '1 hour' + wait END, again
FROM (VALUES ('handled', interval '1 second', false), ('handled', interval '3 seconds', false),
  ('waiting', NULL, false), ('ignored', NULL, true)) AS came (state, wait, again);
"""


def span(*ids: int, length: timedelta = DAY) -> analytics.Span:
    return analytics.Span(stores=ids, now=rows.NOW, length=length, step=HOUR)


@pytest.fixture
async def figures(
    tx: engine.Transaction, store: stores.Store, other_store: stores.Store
) -> dict[str, Any]:
    await rows.run(tx, FILL.format(store=store.id, now=rows.NOW.isoformat()))
    await rows.run(tx, FILL.format(store=other_store.id, now=rows.NOW.isoformat()))
    return await analytics.load(tx, span(store.id))


async def test_records_are_counted_by_kind_and_fate(figures: dict[str, Any]) -> None:
    assert figures["entities"] == [
        {
            "entity": "product",
            "looked_at": 400,
            "events": {"created": 1, "updated": 2, "failed": 1},
            "synced": 3,
            "failed": 1,
            "success_rate": 0.75,
            "failure_rate": 0.25,
        }
    ]


async def test_runs_have_durations(figures: dict[str, Any]) -> None:
    done, failed = figures["runs"]
    assert (done["state"], done["runs"], done["average_seconds"], done["p50"]) == (
        "completed",
        3,
        2.0,
        2.0,
    )
    assert (failed["state"], failed["runs"], failed["p99"]) == ("failed", 1, 4.0)
    batches = figures["batches"]
    assert (batches["looked_at"], batches["changed"], batches["requests"]) == (400, 20, 105)
    assert batches["records_per_second"] == 40.0


async def test_requests_have_percentiles_from_their_histograms(figures: dict[str, Any]) -> None:
    api = figures["api"]
    assert (api["calls"], api["errors"], api["throttled"], api["peak"]) == (105, 3, 1, 95)
    products = api["endpoints"][0]
    assert (products["endpoint"], products["calls"], products["errors"]) == ("GET products", 100, 3)
    assert 0.05 < products["p50"] < 0.1
    assert 0.4 < products["p95"] < products["p99"] < 0.8


async def test_webhooks_have_states_and_the_time_they_took(figures: dict[str, Any]) -> None:
    webhooks = figures["webhooks"]
    assert (webhooks["deliveries"], webhooks["repeated"]) == (4, 1)
    assert webhooks["states"] == {"handled": 2, "waiting": 1, "ignored": 1}
    assert webhooks["handling"]["average_seconds"] == 2.0


async def test_errors_have_a_trend_against_the_span_before(figures: dict[str, Any]) -> None:
    assert [
        (one["category"], one["events"], one["before"], one["trend"]) for one in figures["errors"]
    ] == [("refused", 1, 1, "steady"), ("missing", 0, 1, "falling")]
    assert figures["errors"][0]["last_cause"] == "no"


async def test_series_have_every_step_of_the_span(figures: dict[str, Any]) -> None:
    series = figures["series"]
    assert [one["at"] for one in series] == sorted({one["at"] for one in series})
    assert len(series) in {24, 25}
    assert sum(one["synced"] for one in series) == 3
    assert sum(one["calls"] for one in series) == 105
    assert sum(one["deliveries"] for one in series) == 4


async def test_stores_add_up(
    figures: dict[str, Any], tx: engine.Transaction, store: stores.Store, other_store: stores.Store
) -> None:
    both = await analytics.load(tx, span(store.id, other_store.id))
    assert both["api"]["calls"] == 210
    assert both["entities"][0]["synced"] == 6
    assert (await analytics.load(tx, span()))["api"]["calls"] == 0


async def test_nothing_divides_by_nothing(tx: engine.Transaction, store: stores.Store) -> None:
    found = await analytics.load(tx, span(store.id))
    assert (found["entities"], found["runs"], found["api"]["p95"]) == ([], [], None)


MANY = """
INSERT INTO stores (key, url) SELECT 'store' || n, 'https://x' FROM generate_series(1, 3) n;
INSERT INTO woocommerce_sync_log (store_id, entity, event, category, at)
  SELECT 1 + n % 3, 'product', CASE WHEN n % 1000 = 0 THEN 'completed' ELSE 'updated' END,
    CASE WHEN n % 500 = 0 THEN 'refused' ELSE '' END, now() - n * interval '30 seconds'
  FROM generate_series(1, 150000) n;
INSERT INTO api_calls (store_id, minute, endpoint, calls, histogram)
  SELECT 1 + n % 3, date_trunc('minute', now()) - (n / 15) * interval '1 minute',
    'GET ' || n % 5, 3, '{"2": 2, "5": 1}' FROM generate_series(0, 99999) n;
INSERT INTO webhook_deliveries (store_id, topic, body, body_hash, received_at)
  SELECT 1 + n % 3, 'order.updated', repeat('x', 300)::bytea, md5(n::text)::bytea,
    now() - (50000 - n) * interval '1 minute' FROM generate_series(1, 50000) n;
INSERT INTO sync_runs (store_id, state, started_at, finished_at)
  SELECT 1 + n % 3, 'completed', now() - (20000 - n) * interval '5 minutes',
    now() - (20000 - n) * interval '5 minutes' + interval '9 seconds'
  FROM generate_series(1, 20000) n;
"""


@pytest.fixture(scope="module")
def many_url(postgres: Any) -> Iterator[str]:
    name = str(postgres.clone())
    plain = postgres.address(name).replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(MANY)
        connection.execute("VACUUM ANALYZE")
    yield postgres.address(name)
    postgres.drop(name)


@pytest.fixture
async def many(many_url: str) -> AsyncIterator[engine.Transaction]:
    database = engine.Database(many_url)
    async with database.session() as connection, connection.transaction(force_rollback=True):
        await connection.execute("SET LOCAL statement_timeout = '20s'")
        yield connection


@pytest.mark.parametrize("ids", [(1,), (1, 2, 3)], ids=["one store", "all stores"])
async def test_a_day_is_read_without_the_years_before_it(
    many: engine.Transaction, ids: tuple[int, ...]
) -> None:
    """Of 150,000 events, 100,000 minutes and 50,000 deliveries, a day has a few thousand."""
    now = (await rows.ask(many, "SELECT now()"))[0][0]
    before = await scans.count(many)
    wanted = analytics.Span(stores=ids, now=now, length=DAY, step=HOUR)  # type: ignore[arg-type] # a moment
    found = await analytics.load(many, wanted)
    work = scans.Work(before, await scans.count(many))
    assert found["api"]["calls"] > 0
    assert {*work.read_whole} <= {"api_calls"}, work
    assert sum(work.indexes.values()) < 100_000, work


async def test_rare_events_are_found_among_many(many: engine.Transaction) -> None:
    before = await scans.count(many)
    assert len(await log.load(many, None, event="completed", limit=50)) == 50
    work = scans.Work(before, await scans.count(many))
    assert work.read_whole == {}
    assert {*work.indexes} == {"ix_woocommerce_sync_log_event"}, work
    assert work.indexes["ix_woocommerce_sync_log_event"] <= 60, work


@pytest.mark.parametrize("days", [7, 30, 90])
async def test_longer_spans_end_in_time(many: engine.Transaction, days: int) -> None:
    now = (await rows.ask(many, "SELECT now()"))[0][0]
    length = timedelta(days=days)
    wanted = analytics.Span(stores=(1, 2, 3), now=now, length=length, step=DAY)  # type: ignore[arg-type] # a moment
    assert (await analytics.load(many, wanted))["entities"]


@pytest.mark.parametrize(
    ("counts", "share", "least", "most"),
    [
        ({0: 1}, 0.5, 0.0, 0.05),
        ({1: 100}, 0.99, 0.09, 0.1),
        ({0: 99, 11: 1}, 0.999, 51.2, 51.2),
        ({3: 50, 4: 50}, 0.5, 0.4, 0.4),
    ],
)
def test_percentiles_lie_in_their_bucket(
    counts: dict[int, int], share: float, least: float, most: float
) -> None:
    found = latency.percentile(counts, share)
    assert found is not None
    assert least <= round(found, 6) <= most


def test_no_answers_have_no_percentile() -> None:
    assert latency.percentile({}, 0.5) is None
    assert latency.percentile({3: 0}, 0.5) is None
