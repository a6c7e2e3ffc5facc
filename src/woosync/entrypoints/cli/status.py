"""`woosync status`: every store at a glance."""

import typer

from woosync import bootstrap
from woosync.entrypoints.cli import output, running
from woosync.postgres import views

app = typer.Typer(add_completion=False)

COLUMNS = (
    "key",
    "url",
    "state",
    "linked",
    "open_conflicts",
    "quarantined",
    "last_success_at",
    "last_run_state",
)


@app.command()
def command(*, as_json: output.Json = False) -> None:
    """Show every store: what is linked, what waits for a person, how the last run went."""

    async def work(opened: bootstrap.Application) -> dict[str, object]:
        async with opened.database.transaction() as tx:
            overview = await views.load_overview(tx)
            return {"stores": overview, "totals": await views.load_totals(tx)}

    found = running.run(work)
    if as_json:
        output.document(found)
        return
    output.table(found["stores"], COLUMNS, empty="No store yet: run `woosync init`.")  # type: ignore[arg-type] # rows by the view
    totals = ", ".join(f"{number} {name}" for name, number in found["totals"].items())  # type: ignore[attr-defined] # counts by the view
    output.stdout.print(f"In the database: {totals}.")
