"""`woosync pull`: bring a store's records into the database."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer

from woosync import bootstrap
from woosync.bootstrap import reading
from woosync.entrypoints.cli import output, progress, running
from woosync.flows import pull as pulling

app = typer.Typer(add_completion=False)


class What(enum.StrEnum):
    """What to pull."""

    ALL = "all"
    CUSTOMERS = "customers"
    PRODUCTS = "products"
    ORDERS = "orders"


#: Steps of a dry run that are kept, and those of them that a terminal shows.
PLAN_LIMIT, SHOWN = 10_000, 100
ALWAYS_SHOWN = {"records", "seen", "created", "updated", "unchanged"}


Chosen = Annotated[What, typer.Argument(help="What to pull; products include variations.")]
Full = Annotated[bool, typer.Option("--full", help="Read everything, not only what changed.")]
Force = Annotated[bool, typer.Option("--force", help="Take the store's value in every conflict.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change; change nothing.")]
Sweep = Annotated[
    bool | None,
    typer.Option("--sweep/--no-sweep", help="Look for deleted records (default: daily)."),
]
AllowDeletes = Annotated[
    bool, typer.Option("--allow-deletes", help="Delete even if very many are gone.")
]
ScanCustomers = Annotated[
    bool, typer.Option("--scan-customers", help="Read every customer for changes.")
]
BatchSize = Annotated[
    int | None, typer.Option("--batch-size", min=1, max=100, help="Records a request.")
]


@app.command()
def command(  # noqa: PLR0913 - one parameter an option
    what: Chosen = What.ALL,
    *,
    full: Full = False,
    force: Force = False,
    dry_run: DryRun = False,
    sweep: Sweep = None,
    allow_deletes: AllowDeletes = False,
    scan_customers: ScanCustomers = False,
    store: output.Store = bootstrap.DEFAULT_STORE,
    batch_size: BatchSize = None,
    as_json: output.Json = False,
) -> None:
    """Bring customers, products with variations, orders and refunds into the database."""
    options = {
        "entities": tuple(pulling.ENTITIES) if what is What.ALL else (what.value,),
        "full": full,
        "force": force,
        "dry_run": dry_run,
        "sweep": sweep,
        "allow_deletes": allow_deletes,
        "scan_customers": scan_customers,
    } | ({"page_size": batch_size} if batch_size else {})
    report, plan = _pull(store, options, as_json=as_json)
    told = summary(report, store)
    if as_json:
        output.document(told | (plan.as_json() if dry_run else {}))
    else:
        show(told, plan if dry_run else None)


@dataclass(slots=True)
class Plan:
    """What a dry run would do: the first steps, and how many there are in all."""

    steps: list[dict[str, object]] = field(default_factory=list)
    total: int = 0

    def add(self, step: dict[str, object]) -> None:
        """Take note of a step."""
        self.total += 1
        if self.total <= PLAN_LIMIT:
            self.steps.append(step)

    def as_json(self) -> dict[str, object]:
        """Return it as the JSON document says it."""
        return {"plan": self.steps, "plan_total": self.total}


def _pull(store: str, options: dict[str, Any], *, as_json: bool) -> tuple[pulling.Report, Plan]:
    plan = Plan()
    with progress.shown(wanted=not as_json) as on_progress:

        async def work(opened: reading.Reading) -> pulling.Report:
            chosen = pulling.Options(**{"page_size": opened.settings.batch_size} | options)
            return await opened.pull(
                store, chosen, actor="cli", on_progress=on_progress, on_plan=plan.add
            )

        return running.run_concern(reading.Reading, work), plan


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


def show(told: dict[str, Any], plan: Plan | None) -> None:
    """Print a report for people."""
    rows = [{"records": name, **count} for name, count in told["counts"].items()]
    columns = [
        name
        for name in (rows[0] if rows else ())
        if name in ALWAYS_SHOWN or any(row[name] for row in rows)
    ]
    output.table(rows, columns, empty="Nothing was pulled.")
    _tell_set_aside(told["counts"], dry=plan is not None)
    if plan is not None:
        output.say("\nThis was a dry run; nothing was changed.")
        columns = ["action", "entity", "id", "fields", "conflicts"]
        output.table(plan.steps[:SHOWN], columns, empty="Nothing that was looked at would change.")
        if plan.total > SHOWN:
            output.say(f"... and {plan.total - SHOWN} more changes (--json lists them).")
    output.say(
        f"{told['mode']} pull {told['state']}: {told['records']} records in "
        f"{told['seconds']:.1f} s ({told['records_per_second']:.0f}/s), "
        f"{told['requests']} requests."
    )
    for warning in told["warnings"]:
        output.note((output.text(warning), "yellow"))


def _tell_set_aside(counts: Mapping[str, Mapping[str, int]], *, dry: bool) -> None:
    """Say how many records could not be read: a column of a table is soon passed over."""
    number = sum(count["quarantined"] for count in counts.values())
    if not number:
        return
    named = "1 record" if number == 1 else f"{number} records"
    if dry:
        output.say(f"{named} could not be read; a pull puts such into quarantine.")
    else:
        output.say(f"{named} could not be read: `woosync quarantine list` shows them and why.")
