"""`woosync status`: every store at a glance."""

from collections.abc import Mapping
from typing import Any

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
    "conflicts",
    "quarantined",
    "last_success",
    "last_run",
)
ROOMY = ("url",)


@app.command()
def command(*, as_json: output.Json = False) -> None:
    """Show every store: what is linked, what waits for a person, how the last run went."""

    async def work(opened: bootstrap.Application) -> dict[str, Any]:
        async with opened.database.transaction() as tx:
            overview = await views.load_overview(tx)
            return {"stores": overview, "totals": await views.load_totals(tx)}

    found = running.run(work)
    if as_json:
        output.document(found)
        return
    rows = [_row(one) for one in found["stores"]]
    output.table(rows, COLUMNS, empty="No store yet: run `woosync init`.", roomy=ROOMY)
    totals = ", ".join(f"{number} {name}" for name, number in found["totals"].items())
    output.say(f"In the database: {totals}.")


def _row(one: Mapping[str, Any]) -> dict[str, object]:
    """Return a store as the table has it; by kind of record `--json` counts what is linked."""
    return {
        **one,
        "linked": sum(one["linked"].values()),
        "conflicts": one["open_conflicts"],
        "last_success": one["last_success_at"],
        "last_run": one["last_run_state"],
    }
