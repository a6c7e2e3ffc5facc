"""Prometheus metrics: what waits, what was done, how the stores answer; and this process."""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any

import fastapi
import prometheus_client
from prometheus_client import core, registry

from woosync.entrypoints.api import access, dependencies, limits, problems, routing
from woosync.postgres import views
from woosync.postgres.nouns import listing

router = routing.unguarded("", "metrics")
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")
#: Name, what it says, and the column of `views.load_stores_now` it is read from.
GAUGES = (
    ("woosync_webhooks_waiting", "Webhook deliveries that wait.", "webhooks_waiting"),
    ("woosync_webhooks_refused_last_day", "Deliveries refused in a day.", "refused_last_day"),
    ("woosync_changes_waiting", "Local changes that wait to be sent.", "changes_waiting"),
    ("woosync_calls_last_minute", "Requests in the last minute.", "calls_last_minute"),
    ("woosync_calls_last_hour", "Requests in the last hour.", "calls_last_hour"),
    ("woosync_throttled_last_hour", "Answers 429 of the last hour.", "throttled_last_hour"),
    ("woosync_call_errors_last_hour", "Failed requests of the last hour.", "errors_last_hour"),
)
OVERVIEW = (
    ("woosync_open_conflicts", "Conflicts that wait for a person.", "open_conflicts"),
    ("woosync_quarantined", "Records that could not be processed.", "quarantined"),
)
TIMES = (
    ("woosync_last_success_timestamp_seconds", "When a run last succeeded.", "last_success_at"),
)
WORK = (
    ("woosync_workers", "Workers that gave a sign in the last minute.", "workers"),
    ("woosync_jobs_waiting", "Jobs in the queue.", "jobs_waiting"),
    ("woosync_jobs_under_way", "Jobs being worked on.", "jobs_under_way"),
)


async def _allowed(
    request: fastapi.Request,
    opened: dependencies.Opened,
    served: dependencies.Served,
    given: access.Given,
) -> None:
    """Let in whom the settings let in: `token`, `loopback`, or nobody."""
    rule = opened.settings.metrics
    if rule == "off":
        raise problems.ProblemError(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
    if rule == "loopback" and _is_local(request):
        return
    found = await access.principal(request, opened, served, given)
    if found.store_id is not None:
        raise problems.ProblemError(HTTPStatus.FORBIDDEN, "This token is for one store alone.")


def _is_local(request: fastapi.Request) -> bool:
    """Tell whether this machine asks by itself, not a proxy on it for somebody else."""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ip_address(limits.address_of(request)).is_loopback
    except ValueError:
        return False


class _Answer(fastapi.Response):
    media_type = "text/plain; version=0.0.4; charset=utf-8"


@router.get(
    "/metrics",
    response_class=_Answer,
    dependencies=[fastapi.Depends(_allowed)],
    responses={401: {"description": "No valid token."}, 404: {"description": "Turned off."}},
)
async def metrics(opened: dependencies.Opened) -> fastapi.Response:
    """Show metrics in Prometheus' text format."""
    async with listing.reading(opened.database) as tx:
        now = await views.load_stores_now(tx)
        overview = await views.load_overview(tx)
        workers = await views.load_workers(tx)
    found = [*_by_store(now, GAUGES), *_by_store(overview, OVERVIEW), *_by_store(overview, TIMES)]
    found += [core.GaugeMetricFamily(name, text, value=workers[key]) for name, text, key in WORK]
    known = prometheus_client.CollectorRegistry()
    known.register(_Found(found))
    prometheus_client.ProcessCollector(registry=known)
    return _Answer(prometheus_client.generate_latest(known))


class _Found(registry.Collector):
    """What was looked up beforehand, since collecting cannot wait for the database."""

    def __init__(self, found: Iterable[core.Metric]) -> None:
        self._found = list(found)

    def collect(self) -> Iterable[core.Metric]:
        return self._found


def _by_store(
    rows: list[dict[str, Any]], wanted: tuple[tuple[str, str, str], ...]
) -> Iterator[core.Metric]:
    for name, text, column in wanted:
        family = core.GaugeMetricFamily(name, text, labels=["store"])
        for row in rows:
            value = row[column]
            if value is not None:
                number = value.timestamp() if hasattr(value, "timestamp") else value
                family.add_metric([row["key"]], float(number))
        yield family
