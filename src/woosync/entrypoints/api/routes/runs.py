"""Runs: what was asked for, how far it is, how it ended."""

from typing import Annotated

import fastapi

from woosync.entrypoints.api import dependencies, problems, routing, schemas, starting
from woosync.postgres import runs

router = routing.guarded("/runs", "runs")


class Runs(schemas.Answer):
    """The last runs, newest first."""

    runs: list[starting.Run]


@router.get("", response_model=Runs)
async def list_runs(
    opened: dependencies.Opened,
    store: dependencies.AnyStore,
    limit: Annotated[int, fastapi.Query(ge=1, le=500)] = 20,
) -> Runs:
    """List the last runs, newest first; of one store, or of all."""
    async with opened.database.transaction() as tx:
        found = await runs.load(tx, store_id=store.id if store else None, limit=limit)
    return Runs(runs=[starting.described(row, now=opened.clock()) for row in found])


@router.get("/{run_id}", response_model=starting.Run)
async def get_run(
    run_id: schemas.Id, opened: dependencies.Opened, store: dependencies.AnyStore
) -> starting.Run:
    """Show a run: counts, rate, and how long it may still take."""
    async with opened.database.transaction() as tx:
        found = await runs.load(tx, store_id=store.id if store else None, run_id=run_id)
    if not found:
        raise problems.not_found("run", run_id)
    return starting.described(found[0], now=opened.clock())
