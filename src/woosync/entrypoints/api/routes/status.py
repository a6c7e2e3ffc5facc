"""How things stand now: stores, work that waits, workers, this machine."""

from datetime import datetime, timedelta
from typing import Any

import fastapi

from woosync import bootstrap
from woosync.entrypoints.api import dependencies, keeping, machine, routing, schemas
from woosync.postgres import stores, views
from woosync.postgres.nouns import listing

router = routing.guarded("", "status")
#: Without an answer for so long while there were errors, a store counts as failing.
SILENCE = timedelta(minutes=5)


class RateLimit(schemas.Answer):
    """Requests to a store in the last minute, and what the settings allow (null: any number).

    `throttledLastHour` counts how often the store said that it is asked too often.
    """

    calls_last_minute: int
    throttled_last_hour: int
    allowed_a_minute: float | None


class StoreStatus(schemas.Answer):
    """A store. `health` is ok, failing, quiet (nothing was asked lately) or paused."""

    key: str
    name: str
    url: str
    state: str
    health: str
    woocommerce_version: str | None
    linked: dict[str, int]
    open_conflicts: int
    quarantined: int
    webhooks_waiting: int
    changes_waiting: int
    oldest_change_at: datetime | None
    runs_under_way: list[int]
    last_success_at: datetime | None
    last_run_id: int | None
    last_run_mode: str | None
    last_run_state: str | None
    last_run_at: datetime | None
    last_run_error: str | None
    last_answer_at: datetime | None
    last_error_at: datetime | None
    calls_last_hour: int
    errors_last_hour: int
    rate_limit: RateLimit


class Workers(schemas.Answer):
    """Who works in the background, and on how much."""

    workers: int
    last_sign_at: datetime | None
    jobs_waiting: int
    jobs_under_way: int


class Status(schemas.Answer):
    """How things stand; `totals` counts the back office's live records."""

    status: str
    at: datetime
    stores: list[StoreStatus]
    totals: dict[str, int]
    workers: Workers
    database_size: int
    system: machine.Machine


@router.get("/status", response_model=Status)
async def status(
    request: fastapi.Request, opened: dependencies.Opened, store: dependencies.AnyStore
) -> Any:
    """Show how things stand, of one store or of all; kept for a moment."""

    async def compute() -> dict[str, Any]:
        return await load(opened, store)

    found = await keeping.kept(request, f"status:{store.id if store else ''}", compute)
    now = opened.clock()
    system = machine.look(opened.settings.data_folder, now=now.timestamp())
    return found | {"system": system}


async def load(opened: bootstrap.Application, store: stores.Store | None) -> dict[str, Any]:
    """Load everything but the machine; who asks for one store is told nothing of all of them."""
    now = opened.clock()
    async with listing.reading(opened.database) as tx:
        overview = await views.load_overview(tx)
        present = {row["key"]: row for row in await views.load_stores_now(tx)}
        totals = {} if store else await views.load_totals(tx)
        workers = await views.load_workers(tx)
        size = await views.load_size(tx)
    rows = [row | present[row["key"]] for row in overview if row["key"] in present]
    shown = [
        _described(row, opened, now) for row in rows if store is None or row["key"] == store.key
    ]
    failing = any(one["health"] == "failing" for one in shown)
    return {
        "status": "degraded" if failing else "ok",
        "at": now,
        "stores": shown,
        "totals": totals,
        "workers": workers,
        "database_size": size,
    }


def _described(row: dict[str, Any], opened: bootstrap.Application, now: datetime) -> dict[str, Any]:
    limit = opened.settings.rate_limit
    return row | {
        "health": _health(row, now),
        "rate_limit": {
            "calls_last_minute": row["calls_last_minute"],
            "throttled_last_hour": row["throttled_last_hour"],
            "allowed_a_minute": None if limit is None else limit * 60,
        },
    }


def _health(row: dict[str, Any], now: datetime) -> str:
    """Judge a store by how its requests went in the last hour."""
    if row["state"] == "paused":
        return "paused"
    answered, failed = row["last_answer_at"], row["last_error_at"]
    if failed is not None and (answered is None or failed - answered > SILENCE):
        return "failing"
    if answered is None:
        return "quiet"
    return "ok" if now - answered < timedelta(hours=1) else "quiet"
