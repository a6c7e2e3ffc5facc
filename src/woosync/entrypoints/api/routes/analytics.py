"""Figures of a day, a week, a month or a quarter, of one store or all of them."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import fastapi

from woosync.entrypoints.api import dependencies, keeping, machine, routing, schemas
from woosync.postgres import analytics, stores
from woosync.postgres.nouns import listing

router = routing.guarded("", "analytics")
#: The spans that can be asked for, and how finely their series are divided.
SPANS = {
    "24h": (timedelta(hours=24), timedelta(hours=1)),
    "7d": (timedelta(days=7), timedelta(hours=6)),
    "30d": (timedelta(days=30), timedelta(days=1)),
    "90d": (timedelta(days=90), timedelta(days=1)),
}
Timeframe = Annotated[Literal["24h", "7d", "30d", "90d"], fastapi.Query()]


class Entity(schemas.Answer):
    """A kind of record: how many a run looked at, what happened to them, how much went well."""

    entity: str
    looked_at: int
    events: dict[str, int]
    synced: int
    failed: int
    success_rate: float | None
    failure_rate: float | None


class Times(schemas.Answer):
    """How long something took, in seconds: on average, and for 50, 95 and 99 of 100."""

    average_seconds: float | None
    p50: float | None
    p95: float | None
    p99: float | None


class Runs(Times):
    """Runs of a direction that ended (or are) in a state."""

    direction: str
    state: str
    runs: int


class Batches(schemas.Answer):
    """What the work yielded: records by second and by request, and the share that had changed."""

    looked_at: int
    changed: int
    changed_share: float | None
    records_per_second: float | None
    records_per_request: float | None
    requests: int


class Endpoint(Times):
    """Requests to an endpoint of the stores; `errors` includes what was tried again.

    `throttled` of them were the store saying that it is asked too often.
    """

    endpoint: str
    calls: int
    errors: int
    throttled: int
    error_rate: float | None


class Api(Times):
    """Requests to the stores; `peak` is the busiest minute of a store, `latest` the last one."""

    calls: int
    errors: int
    throttled: int
    error_rate: float | None
    peak: int
    latest: int
    allowed_a_minute: float | None
    endpoints: list[Endpoint]


class Topic(schemas.Answer):
    """Deliveries of a topic that are in a state."""

    topic: str
    state: str
    deliveries: int
    repeated: int


class Webhooks(schemas.Answer):
    """Webhook deliveries, and how long they took from the delivery to the row."""

    deliveries: int
    repeated: int
    states: dict[str, int]
    topics: list[Topic]
    handling: Times


class Errors(schemas.Answer):
    """A category of errors; `trend` compares with as long a time `before`."""

    category: str
    events: int
    before: int
    trend: Literal["rising", "steady", "falling"]
    last_at: datetime
    last_cause: str


class Point(schemas.Answer):
    """A step of the series."""

    at: datetime
    synced: int
    failed: int
    calls: int
    call_errors: int
    average_seconds: float | None
    deliveries: int


class Analytics(schemas.Answer):
    """All figures of a span; shares are of 1, null where there was nothing."""

    timeframe: str
    since: datetime
    at: datetime
    stores: list[str]
    entities: list[Entity]
    runs: list[Runs]
    batches: Batches
    api: Api
    webhooks: Webhooks
    errors: list[Errors]
    series: list[Point]
    system: machine.Machine


@router.get("/analytics", response_model=Analytics)
async def show_analytics(
    request: fastapi.Request,
    opened: dependencies.Opened,
    store: dependencies.AnyStore,
    timeframe: Timeframe = "30d",
) -> Any:
    """Show figures of a span: records, runs, requests, webhooks, errors; kept for a while."""
    length, step = SPANS[timeframe]

    async def compute() -> dict[str, Any]:
        now = opened.clock()
        async with listing.reading(opened.replica) as tx:
            chosen = [store] if store else await stores.load_all(tx)
            ids = [one.id for one in chosen]
            span = analytics.Span(stores=ids, now=now, length=length, step=step)
            found = await analytics.load(tx, span)
        head = {"timeframe": timeframe, "since": now - length, "at": now}
        return head | found | {"stores": [one.key for one in chosen]}

    name = f"analytics:{timeframe}:{store.id if store else ''}"
    found = await keeping.kept(request, name, compute)
    limit = opened.settings.rate_limit
    allowed = {"allowed_a_minute": None if limit is None else limit * 60}
    system = machine.look(opened.settings.data_folder, now=opened.clock().timestamp())
    return found | {"api": found["api"] | allowed, "system": system}
