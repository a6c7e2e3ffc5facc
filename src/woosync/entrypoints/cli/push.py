"""`woosync push`: bring what was changed here into a store."""

import enum
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from woosync import bootstrap
from woosync.entrypoints.cli import output, running
from woosync.entrypoints.cli.pull import PLAN_LIMIT, SHOWN, Plan
from woosync.flows import push as pushing
from woosync.flows import stock

app = typer.Typer(add_completion=False)
PLAN_COLUMNS = ["action", "entity", "id", "fields", "conflicts", "problems"]


class What(enum.StrEnum):
    """What to push."""

    ALL = "all"
    CUSTOMERS = "customers"
    PRODUCTS = "products"
    ORDERS = "orders"
    STOCK = "stock"


Chosen = Annotated[What, typer.Argument(help="What to push; products include variations.")]
Everything = Annotated[
    bool, typer.Option("--all", help="Compare everything, not only what was seen to change.")
]
Since = Annotated[
    datetime | None, typer.Option("--since", help="Of everything, what was edited since (UTC).")
]
Ids = Annotated[
    list[int] | None,
    typer.Option("--id", min=1, max=2**63 - 1, help="Only these records here; makes missing ones."),
]
Force = Annotated[bool, typer.Option("--force", help="Let the back office win every conflict.")]
Yes = Annotated[
    bool, typer.Option("--yes", help="Go on where so much stock would be cut that it stops.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be sent; send nothing.")]


@app.command()
def command(  # noqa: PLR0913 - one parameter an option
    what: Chosen = What.ALL,
    *,
    everything: Everything = False,
    since: Since = None,
    ids: Ids = None,
    force: Force = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    store: output.Store = bootstrap.DEFAULT_STORE,
    as_json: output.Json = False,
) -> None:
    """Send what was changed here: stock, products, customers, and the status of orders."""
    options: dict[str, Any] = {
        "entities": (what.value,) if what.value in pushing.ENTITIES else tuple(pushing.ENTITIES),
        "everything": everything or since is not None,
        "since": since.replace(tzinfo=UTC) if since else None,
        "local_ids": (local_ids := tuple(ids) if ids else None),
        "force": force,
        "dry_run": dry_run,
    }
    levels = stock.Options(products=local_ids, sweep=everything, yes=yes, dry_run=dry_run)

    async def work(opened: bootstrap.Application) -> tuple[dict[str, Any], Plan]:
        plan, told = Plan(), empty(store)
        written = None
        if what is What.STOCK or (what is What.ALL and not ids):
            written = await opened.push_stock(store, levels, actor="cli")
        if what is not What.STOCK:
            chosen = pushing.Options(**options)
            told = summary(await opened.push(store, chosen, actor="cli", on_plan=plan.add), store)
        if written:
            add_stock(told, written, plan)
        return told, plan

    told, plan = running.run(work)
    if as_json:
        output.document(told | (plan.as_json() if dry_run else {}))
    else:
        show(told, plan if dry_run else None)


def empty(store: str) -> dict[str, Any]:
    """Return what is told of a push that did nothing."""
    told: dict[str, Any] = {"run_id": None, "store": store, "state": "completed", "counts": {}}
    return told | {"requests": 0, "seconds": 0.0, "warnings": [], "stock": None}


def add_stock(told: dict[str, Any], report: stock.Report, plan: Plan) -> None:
    """Add what became of the levels."""
    names = ("planned", "confirmed", "unknown", "refused", "waiting")
    told["stock"] = {name: getattr(report, name) for name in names}
    for step in report.plan:
        plan.add({"action": "stock", "entity": "stock", **step})
    if report.error is not None:
        told["state"] = "partial"
        told["warnings"].append(report.error.message)


def summary(report: pushing.Report, store: str) -> dict[str, Any]:
    """Return a report as the JSON document says it."""
    return {
        "run_id": report.run_id or None,
        "store": store,
        "state": report.state,
        "counts": {f"{entity}s": count for entity, count in report.counts.items()},
        "requests": report.requests,
        "seconds": round(report.seconds, 3),
        "warnings": list(report.warnings),
    }


def row(step: dict[str, Any]) -> dict[str, Any]:
    """Return a step of a dry run as the table shows it: a level like any other field."""
    if step["entity"] != "stock":
        return step
    fields = {"stock": {"store": step["level"], "becomes": step["becomes"]}}
    return step | {"id": step["woo_id"], "fields": fields}


def show(told: dict[str, Any], plan: Plan | None) -> None:
    """Print a report for people."""
    rows = [{"records": name, **count} for name, count in told["counts"].items()]
    if plan is None:
        columns = list(rows[0]) if rows else []
        output.table(rows, columns, empty="Nothing waits to be sent.")
    else:
        output.say("This is a dry run; nothing is sent or saved.")
        steps = [row(step) for step in plan.steps[:SHOWN]]
        output.table(steps, PLAN_COLUMNS, empty="Nothing would be sent.")
        if plan.total > SHOWN:
            more = f"{plan.total - SHOWN} more"
            output.say(f"... and {more} (--json lists up to {PLAN_LIMIT}).")
    if told.get("stock") and plan is None:
        levels = ", ".join(f"{count} {name}" for name, count in told["stock"].items() if count)
        output.say(f"stock levels: {levels or 'nothing to write'}.")
    output.say(f"push {told['state']}: {told['requests']} requests in {told['seconds']:.1f} s.")
    if plan is None and any(count["held"] or count["refused"] for count in told["counts"].values()):
        output.note("What was held or refused, and why: `woosync conflicts list --state open`.")
    for warning in told["warnings"]:
        output.note((output.text(warning), "yellow"))
