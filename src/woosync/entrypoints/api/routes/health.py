"""Whether the process lives, and whether it can work: for load balancers and watchdogs."""

from http import HTTPStatus

import fastapi

from woosync import errors
from woosync.entrypoints.api import dependencies, routing, schemas
from woosync.postgres import engine, views

router = routing.unguarded("/health", "health")


class Alive(schemas.Answer):
    """The process answers."""

    status: str


class Ready(schemas.Answer):
    """Whether the process can work. `worker` is missing where background work is not done."""

    status: str
    database: str
    migrations: str
    worker: str


@router.get("/live", response_model=Alive)
async def live() -> Alive:
    """Say that the process answers; asks nobody else."""
    return Alive(status="ok")


@router.get(
    "/ready",
    response_model=Ready,
    responses={503: {"model": Ready, "description": "The process cannot work now."}},
)
async def ready(opened: dependencies.Opened, response: fastapi.Response) -> Ready:
    """Say whether database, tables and a worker are there; 503 when the first two are not."""
    try:
        async with opened.database.transaction() as tx:
            await tx.execute("SET LOCAL statement_timeout = '5s'")
            revision = await views.load_revision(tx)
            workers = await views.load_workers(tx)
    except errors.WoosyncError:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return Ready(status="unready", database="missing", migrations="", worker="")
    is_current = revision == engine.head()
    if not is_current:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return Ready(
        status="ok" if is_current else "unready",
        database="ok",
        migrations="ok" if is_current else "outdated",
        worker="ok" if workers["workers"] else "missing",
    )
