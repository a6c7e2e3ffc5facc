"""`woosync quarantine`: records that could not be processed."""

import typer

from woosync import bootstrap
from woosync.entrypoints.cli import output, running
from woosync.postgres import quarantine

app = typer.Typer(add_completion=False, no_args_is_help=True)
COLUMNS = ("entity", "record", "reason", "remedy", "times", "last_at")


@app.callback()
def top() -> None:
    """Show records that could not be processed."""


@app.command("list")
def list_(
    *,
    store: output.AnyStore = None,
    limit: output.Limit = 100,
    as_json: output.Json = False,
) -> None:
    """List records that were set aside, with the reason; a pull tries changed ones again."""

    async def work(opened: bootstrap.Application) -> list[dict[str, object]]:
        async with opened.database.transaction() as tx:
            return await quarantine.load(tx, await running.store_id(tx, store), limit=limit)

    found = running.run(work)
    if as_json:
        output.document({"quarantine": found})
    else:
        output.table(found, COLUMNS, empty="Nothing is in quarantine.")
