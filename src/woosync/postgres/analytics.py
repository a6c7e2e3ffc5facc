"""Figures of a span of time, computed in SQL: records, runs, requests, webhooks, errors.

Of all stores together or of one. Nothing is read but what lies in the span (and, for trends, in
the one before it), by index.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from woosync.domain import latency
from woosync.postgres import sql
from woosync.postgres.engine import Transaction

SHARES = (0.5, 0.95, 0.99)
NAMES = ("p50", "p95", "p99")
#: Events of the log that say a record reached the other side, or could not.
SUCCESSES = ("created", "updated", "linked", "restored", "deleted", "pushed", "sent_new")
FAILURES = ("failed", "held", "conflict")

RUNS = """
SELECT direction, state, count(*) AS runs,
  avg(lasted) AS average,
  percentile_cont(%(shares)s::float8[]) WITHIN GROUP (ORDER BY lasted) AS percentiles
FROM sync_runs CROSS JOIN LATERAL (
  -- The row of automatic pushes stands for many short ones.
  SELECT CASE WHEN mode <> 'automatic'
    THEN extract(epoch FROM finished_at - started_at)::float8 END AS lasted) AS time
WHERE started_at >= %(since)s AND store_id = ANY(%(stores)s::bigint[])
GROUP BY direction, state ORDER BY direction, state
"""
SEEN = """
SELECT entity.key AS entity, figure.key AS figure, sum(figure.value::numeric)::bigint AS total
FROM sync_runs AS run CROSS JOIN LATERAL jsonb_each(run.counts) AS entity
CROSS JOIN LATERAL jsonb_each_text(entity.value) AS figure
WHERE run.started_at >= %(since)s AND run.store_id = ANY(%(stores)s::bigint[])
  AND jsonb_typeof(entity.value) = 'object' AND figure.value ~ '^[0-9]+$'
GROUP BY entity.key, figure.key
"""
EVENTS = """
SELECT entity, event, count(*) AS events FROM woocommerce_sync_log
WHERE at >= %(since)s AND store_id = ANY(%(stores)s::bigint[]) AND entity <> 'run'
GROUP BY entity, event
"""
CALLS = """
SELECT endpoint, sum(calls)::bigint AS calls, sum(errors)::bigint AS errors,
  sum(throttled)::bigint AS throttled, sum(seconds) AS seconds FROM api_calls
WHERE minute >= %(since)s AND store_id = ANY(%(stores)s::bigint[])
GROUP BY endpoint ORDER BY calls DESC, endpoint
"""
HISTOGRAMS = """
SELECT call.endpoint, bin.key::int AS bucket, sum(bin.value::bigint)::bigint AS answers
FROM api_calls AS call CROSS JOIN LATERAL jsonb_each_text(call.histogram) AS bin
WHERE call.minute >= %(since)s AND call.store_id = ANY(%(stores)s::bigint[])
GROUP BY call.endpoint, bin.key
"""
BUSIEST = """
SELECT coalesce(max(calls), 0)::bigint AS peak,
  coalesce(sum(calls) FILTER (WHERE minute >= %(now)s - interval '1 minute'), 0)::bigint AS latest
FROM (SELECT store_id, minute, sum(calls) AS calls FROM api_calls
  WHERE minute >= %(since)s AND store_id = ANY(%(stores)s::bigint[])
  GROUP BY store_id, minute) AS busy
"""
DELIVERIES = """
SELECT topic, state, count(*) AS deliveries, count(*) FILTER (WHERE repeated) AS repeated
FROM webhook_deliveries
WHERE received_at >= %(since)s AND store_id = ANY(%(stores)s::bigint[])
GROUP BY topic, state ORDER BY topic, state
"""
HANDLING = """
SELECT avg(extract(epoch FROM handled_at - received_at)) AS average,
  percentile_cont(%(shares)s::float8[])
    WITHIN GROUP (ORDER BY extract(epoch FROM handled_at - received_at)::float8) AS percentiles
FROM webhook_deliveries
WHERE received_at >= %(since)s AND store_id = ANY(%(stores)s::bigint[]) AND state = 'handled'
"""
ERRORS = """
SELECT category, count(*) FILTER (WHERE at >= %(since)s) AS events,
  count(*) FILTER (WHERE at < %(since)s) AS before, max(at) AS last_at,
  (array_agg(cause ORDER BY at DESC))[1] AS last_cause
FROM woocommerce_sync_log
WHERE at >= %(before)s AND category <> '' AND store_id = ANY(%(stores)s::bigint[])
GROUP BY category ORDER BY 2 DESC, category
"""
SERIES = """
WITH step AS (
  SELECT generate_series(date_bin(%(step)s, %(since)s, timestamptz 'epoch'), %(now)s, %(step)s)
    AS at),
logged AS (
  SELECT date_bin(%(step)s, at, timestamptz 'epoch') AS at,
    count(*) FILTER (WHERE event = ANY(%(successes)s::text[])) AS synced,
    count(*) FILTER (WHERE event = ANY(%(failures)s::text[])) AS failed
  FROM woocommerce_sync_log WHERE at >= %(since)s AND store_id = ANY(%(stores)s::bigint[])
    AND entity <> 'run' GROUP BY 1),
asked AS (
  SELECT date_bin(%(step)s, minute, timestamptz 'epoch') AS at, sum(calls)::bigint AS calls,
    sum(errors)::bigint AS errors, sum(seconds) AS seconds
  FROM api_calls WHERE minute >= %(since)s AND store_id = ANY(%(stores)s::bigint[]) GROUP BY 1),
delivered AS (
  SELECT date_bin(%(step)s, received_at, timestamptz 'epoch') AS at, count(*) AS deliveries
  FROM webhook_deliveries
  WHERE received_at >= %(since)s AND store_id = ANY(%(stores)s::bigint[]) GROUP BY 1)
SELECT step.at, coalesce(synced, 0) AS synced, coalesce(failed, 0) AS failed,
  coalesce(calls, 0) AS calls, coalesce(errors, 0) AS call_errors,
  seconds / nullif(calls, 0) AS average_seconds, coalesce(deliveries, 0) AS deliveries
FROM step LEFT JOIN logged USING (at) LEFT JOIN asked USING (at) LEFT JOIN delivered USING (at)
ORDER BY step.at
"""
NEWEST_RUNS = """
SELECT coalesce(string_agg(id || state, ','), '')
FROM (SELECT id, state FROM sync_runs ORDER BY id DESC LIMIT 50) AS newest
"""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """The stores that are asked about, the time until now, and how finely series are divided."""

    stores: Sequence[int]
    now: datetime
    length: timedelta
    step: timedelta

    @property
    def params(self) -> dict[str, object]:
        """Return what the statements are given."""
        since = self.now - self.length
        return {
            "stores": list(self.stores),
            "now": self.now,
            "since": since,
            "before": since - self.length,
            "step": self.step,
            "shares": list(SHARES),
            "successes": list(SUCCESSES),
            "failures": list(FAILURES),
        }


async def load_state_of_runs(tx: Transaction) -> str:
    """Load a text that is another as soon as a run begins or ends."""
    return str(await sql.value(tx, NEWEST_RUNS))


async def load(tx: Transaction, span: Span) -> dict[str, Any]:
    """Load all figures of a span: seconds are floats, shares are of 1, None where nothing was."""
    given = span.params
    runs = [_timed(row) for row in await sql.mappings(tx, RUNS, given)]
    seen = await sql.mappings(tx, SEEN, given)
    calls = await _load_calls(tx, given)
    busiest = (await sql.mappings(tx, BUSIEST, given))[0]
    return {
        "entities": _entities(await sql.mappings(tx, EVENTS, given), seen),
        "runs": runs,
        "batches": _batches(runs, seen, calls),
        "api": _total(calls) | {"endpoints": [_told(one) for one in calls], **busiest},
        "webhooks": await _load_webhooks(tx, given),
        "errors": [_trend(row) for row in await sql.mappings(tx, ERRORS, given)],
        "series": await sql.mappings(tx, SERIES, given),
    }


def _timed(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its percentiles by name; what has not ended has none."""
    found = row.pop("percentiles") or (None,) * len(NAMES)
    average = row.pop("average")
    return row | {
        "average_seconds": None if average is None else float(average),
        **dict(zip(NAMES, found, strict=True)),
    }


def _entities(
    events: Sequence[Mapping[str, Any]], seen: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    by_entity: dict[str, dict[str, int]] = {}
    for row in events:
        by_entity.setdefault(row["entity"], {})[row["event"]] = row["events"]
    looked_at = {row["entity"]: row["total"] for row in seen if row["figure"] == "seen"}
    return [
        {
            "entity": entity,
            "looked_at": looked_at.get(entity, 0),
            "events": by_entity.get(entity, {}),
            **_rates(by_entity.get(entity, {})),
        }
        for entity in sorted({*by_entity, *looked_at})
    ]


def _rates(events: Mapping[str, int]) -> dict[str, Any]:
    good = sum(events.get(name, 0) for name in SUCCESSES)
    bad = sum(events.get(name, 0) for name in FAILURES)
    return {
        "synced": good,
        "failed": bad,
        "success_rate": _share(good, good + bad),
        "failure_rate": _share(bad, good + bad),
    }


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


async def _load_calls(tx: Transaction, given: Mapping[str, object]) -> list[dict[str, Any]]:
    """Load requests by endpoint, each with its histogram."""
    histograms: dict[str, dict[int, int]] = {}
    for row in await sql.mappings(tx, HISTOGRAMS, given):
        histograms.setdefault(row["endpoint"], {})[row["bucket"]] = row["answers"]
    found = await sql.mappings(tx, CALLS, given)
    return [row | {"histogram": histograms.get(row["endpoint"], {})} for row in found]


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return requests as figures."""
    times = [latency.percentile(row["histogram"], share) for share in SHARES]
    return {
        "endpoint": row["endpoint"],
        "calls": row["calls"],
        "errors": row["errors"],
        "throttled": row["throttled"],
        "error_rate": _share(row["errors"], row["calls"]),
        "average_seconds": _share(row["seconds"], row["calls"]),
        **dict(zip(NAMES, times, strict=True)),
    }


def _total(calls: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    merged: dict[int, int] = {}
    for row in calls:
        for bucket, answers in row["histogram"].items():
            merged[bucket] = merged.get(bucket, 0) + answers
    counted = ("calls", "errors", "throttled", "seconds")
    whole = {name: sum(row[name] for row in calls) for name in counted}
    return _told({"endpoint": "", "histogram": merged} | whole)


def _batches(
    runs: Sequence[Mapping[str, Any]],
    seen: Sequence[Mapping[str, Any]],
    calls: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return how many records a second, a request and a look that changed something yielded."""
    totals: dict[str, int] = {}
    for row in seen:
        totals[row["figure"]] = totals.get(row["figure"], 0) + row["total"]
    looked_at = totals.get("seen", 0)
    seconds = sum((row["average_seconds"] or 0) * row["runs"] for row in runs)
    asked = sum(row["calls"] for row in calls)
    changed = sum(totals.get(name, 0) for name in ("created", "updated", "deleted", "pushed"))
    return {
        "looked_at": looked_at,
        "changed": changed,
        "changed_share": _share(changed, looked_at),
        "records_per_second": _share(looked_at, seconds),
        "records_per_request": _share(looked_at, asked),
        "requests": asked,
    }


async def _load_webhooks(tx: Transaction, given: Mapping[str, object]) -> dict[str, Any]:
    topics = await sql.mappings(tx, DELIVERIES, given)
    states: dict[str, int] = {}
    for row in topics:
        states[row["state"]] = states.get(row["state"], 0) + row["deliveries"]
    return {
        "deliveries": sum(states.values()),
        "repeated": sum(row["repeated"] for row in topics),
        "states": states,
        "topics": topics,
        "handling": _timed((await sql.mappings(tx, HANDLING, given))[0]),
    }


def _trend(row: Mapping[str, Any]) -> dict[str, Any]:
    """Say whether a category of errors grows: by more than a tenth against the span before."""
    now, before = row["events"], row["before"]
    steady = 9 * before <= 10 * now <= 11 * before
    return {**row, "trend": "steady" if steady else "rising" if now > before else "falling"}
