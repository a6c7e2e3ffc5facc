"""Long work over HTTP: 202 with the run at once, or 200 when it ended while the caller waited."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

import fastapi
import pydantic

from woosync import bootstrap, jobs
from woosync.entrypoints.api import access, dependencies, schemas
from woosync.postgres import runs, stores

BASE = "/api/woocommerce-sync"
#: Seconds a caller may wait, and between looks: often at first, then seldom.
MOST_WAIT, LOOK, MOST_LOOK = 300, 0.05, 1.0
UNDER_WAY = {"queued", "running"}

Wait = Annotated[
    float,
    fastapi.Query(ge=0, le=MOST_WAIT, description="Seconds to wait for the end before answering."),
]


class Progress(schemas.Answer):
    """How far a collection is; the total is null until the store has told it."""

    done: int
    total: int | None = None


class Run(schemas.Answer):
    """A run: what was asked for, how far it is, how it ended.

    `recordsPerSecond` and `remainingSeconds` are estimates while it runs.
    """

    run_id: int = pydantic.Field(validation_alias="id", serialization_alias="runId")
    store: str
    direction: str
    mode: str
    entities: list[str]
    state: str
    actor: str
    started_at: datetime
    finished_at: datetime | None
    seconds: float | None
    progress: dict[str, Progress]
    counts: dict[str, Any]
    records: int
    records_per_second: float
    remaining_seconds: float | None
    error: str


class Started(schemas.Answer):
    """What was asked for: the run to look at (the last of several), and all of them."""

    success: bool
    run_id: int
    state: str
    runs: list[Run]


ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "It ended while the caller waited.", "model": Started},
    202: {
        "description": "It waits or runs; look at Location.",
        "model": Started,
        "headers": {"Location": {"schema": {"type": "string"}}},
    },
}


def described(run: Mapping[str, Any], *, now: datetime) -> Run:
    """Return a loaded run as callers see it."""
    progress = {f"{name}s": one for name, one in run["progress"].items()}
    done = sum(one["done"] for one in progress.values())
    totals = [one["total"] for one in progress.values()]
    elapsed = ((run["finished_at"] or now) - run["started_at"]).total_seconds()
    rate = done / elapsed if elapsed > 0 else 0.0
    known = rate > 0 and totals and None not in totals and run["state"] == "running"
    remaining = max(0.0, sum(totals) - done) / rate if known else None
    return Run.model_validate(
        dict(run)
        | {
            "progress": progress,
            "counts": {f"{name}s": count for name, count in run["counts"].items()},
            "records": done,
            "seconds": None if run["state"] == "queued" else round(elapsed, 3),
            "records_per_second": round(rate, 1),
            "remaining_seconds": None if remaining is None else round(remaining, 1),
        }
    )


@dataclass(frozen=True, slots=True)
class Starter:
    """Starts work on the store that a request is about, and answers it."""

    opened: bootstrap.Application
    store: stores.Store
    who: access.Principal
    wait: float

    async def ask(self, *works: jobs.Work) -> list[int]:
        """Ask for work, one run after the other; the same work asked again is joined."""
        if self.store.state == "paused":
            raise bootstrap.StorePausedError(
                f"The store {self.store.key} is paused.",
                remedy=f"Resume it: `woosync stores resume {self.store.key}`.",
            )
        database, actor = self.opened.database, self.who.name
        return [await jobs.request(database, self.store, work, actor=actor) for work in works]

    async def start(self, *works: jobs.Work) -> fastapi.Response:
        """Ask for work and answer with its runs, after waiting for them if that was wished."""
        asked = await self.ask(*works)
        found = await look(self.opened, asked)
        deadline, pause = asyncio.get_running_loop().time() + self.wait, LOOK
        while any(run.state in UNDER_WAY for run in found):
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                break
            await asyncio.sleep(min(pause, left))
            pause = min(pause * 1.2, MOST_LOOK)
            found = await look(self.opened, asked)
        return _answer(found)


def _at_once(
    opened: dependencies.Opened, store: dependencies.Store, who: access.Who, wait: Wait = 0
) -> Starter:
    return Starter(opened, store, who, wait)


def _patient(
    opened: dependencies.Opened, store: dependencies.Store, who: access.Who, wait: Wait = 30
) -> Starter:
    return Starter(opened, store, who, wait)


#: Answers at once unless the caller says `wait`.
AtOnce = Annotated[Starter, fastapi.Depends(_at_once)]
#: For what is short: waits half a minute unless the caller says otherwise.
Patient = Annotated[Starter, fastapi.Depends(_patient)]


def _answer(found: Sequence[Run]) -> fastapi.Response:
    last = found[-1]
    ended = all(run.state not in UNDER_WAY for run in found)
    said = Started(
        success=all(run.state not in {"failed", "interrupted"} for run in found),
        run_id=last.run_id,
        state=last.state,
        runs=list(found),
    )
    return fastapi.responses.JSONResponse(
        said.model_dump(mode="json", by_alias=True),
        HTTPStatus.OK if ended else HTTPStatus.ACCEPTED,
        headers={"Location": f"{BASE}/runs/{last.run_id}"},
    )


async def look(opened: bootstrap.Application, run_ids: Sequence[int]) -> list[Run]:
    """Load runs as they are now, in this order."""
    async with opened.database.transaction() as tx:
        rows = [row for run_id in run_ids for row in await runs.load(tx, run_id=run_id)]
    return [described(row, now=opened.clock()) for row in rows]
