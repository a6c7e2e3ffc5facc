"""`woosync pull`: bring a store's records into the database."""

import enum
from typing import Annotated, Any

import typer

from woosync import bootstrap
from woosync.entrypoints.cli import output, progress, running
from woosync.flows import pull as pulling

app = typer.Typer(add_completion=False)


class What(enum.StrEnum):
    """What to pull."""

    ALL = "all"
    CUSTOMERS = "customers"
    PRODUCTS = "products"
    ORDERS = "orders"


@app.command()
def command(  # noqa: PLR0913 - one parameter an option
    what: Annotated[
        What, typer.Argument(help="What to pull; products include variations.")
    ] = What.ALL,
    *,
    full: Annotated[
        bool, typer.Option("--full", help="Read everything, not only what changed.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Take the store's value in every conflict.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; change nothing.")
    ] = False,
    sweep: Annotated[
        bool | None,
        typer.Option("--sweep/--no-sweep", help="Look for deleted records (default: daily)."),
    ] = None,
    allow_deletes: Annotated[
        bool, typer.Option("--allow-deletes", help="Delete even if very many are gone.")
    ] = False,
    scan_customers: Annotated[
        bool, typer.Option("--scan-customers", help="Read every customer for changes.")
    ] = False,
    store: output.Store = bootstrap.DEFAULT_STORE,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", min=1, max=100, help="Records a request.")
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Bring customers, products with variations, orders and refunds into the database."""
    plan: list[dict[str, object]] = []
    with progress.shown(wanted=not as_json) as on_progress:

        async def work(opened: bootstrap.Application) -> pulling.Report:
            chosen = pulling.Options(
                entities=tuple(pulling.ENTITIES) if what is What.ALL else (what.value,),
                full=full,
                force=force,
                dry_run=dry_run,
                sweep=sweep,
                allow_deletes=allow_deletes,
                scan_customers=scan_customers,
                page_size=batch_size or opened.settings.batch_size,
            )
            return await opened.pull(
                store, chosen, actor="cli", on_progress=on_progress, on_plan=plan.append
            )

        report = running.run(work)
    told = summary(report, store)
    if as_json:
        output.document(told | ({"plan": plan} if dry_run else {}))
    else:
        show(told, plan if dry_run else None)


def summary(report: pulling.Report, store: str) -> dict[str, Any]:
    """Return a report as the JSON document says it."""
    rate = report.records / report.seconds if report.seconds else 0.0
    return {
        "run_id": report.run_id or None,
        "store": store,
        "mode": report.mode,
        "state": report.state,
        "counts": {f"{entity}s": count for entity, count in report.counts.items()},
        "records": report.records,
        "requests": report.requests,
        "seconds": round(report.seconds, 3),
        "records_per_second": round(rate, 1),
        "warnings": list(report.warnings),
    }


def show(told: dict[str, Any], plan: list[dict[str, object]] | None) -> None:
    """Print a report for people."""
    rows = [{"records": name, **count} for name, count in told["counts"].items()]
    columns = list(rows[0]) if rows else []
    output.table(rows, columns, empty="Nothing was pulled.")
    if plan is not None:
        output.stdout.print("\nThis was a dry run; nothing was changed. It would have:")
        output.table(
            plan, ["action", "entity", "id", "fields", "conflicts"], empty="changed nothing."
        )
    output.stdout.print(
        f"{told['mode']} pull {told['state']}: {told['records']} records in "
        f"{told['seconds']:.1f} s ({told['records_per_second']:.0f}/s), "
        f"{told['requests']} requests."
    )
    for warning in told["warnings"]:
        output.stderr.print(output.cell(warning), style="yellow")
