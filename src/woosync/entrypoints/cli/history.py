"""`woosync history`: what happened to records, from the sync log."""

from typing import Annotated

import typer

from woosync import bootstrap
from woosync.entrypoints.cli import output, running
from woosync.postgres import log

app = typer.Typer(add_completion=False)
COLUMNS = ("at", "event", "entity", "woo_id", "actor", "run_id", "before", "after", "cause")


@app.command()
def command(
    *,
    event: Annotated[
        str | None,
        typer.Option("--event-type", help="Only these: created, updated, failed, completed ..."),
    ] = None,
    entity: Annotated[
        str | None, typer.Option("--entity", help="Only these: product, order, run ...")
    ] = None,
    run_id: Annotated[int | None, typer.Option("--run", help="Only this run.")] = None,
    store: output.AnyStore = None,
    limit: output.Limit = 50,
    as_json: output.Json = False,
) -> None:
    """Show what happened to records, newest first."""

    async def work(opened: bootstrap.Application) -> list[dict[str, object]]:
        async with opened.database.transaction() as tx:
            store_id = await running.store_id(tx, store)
            return await log.load(
                tx, store_id, event=event, entity=entity, run_id=run_id, limit=limit
            )

    found = running.run(work)
    if as_json:
        output.document({"events": found})
    else:
        output.table(found, COLUMNS, empty="Nothing has happened yet.")
