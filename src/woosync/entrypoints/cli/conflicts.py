"""`woosync conflicts`: fields that both sides changed."""

import enum
import json
from typing import Annotated

import typer
from msgspec import structs

from woosync import bootstrap
from woosync.domain import ids
from woosync.entrypoints.cli import output, running
from woosync.flows import resolve
from woosync.postgres import conflicts, outbox

app = typer.Typer(add_completion=False, no_args_is_help=True)
COLUMNS = (
    *("id", "entity", "woo_id", "field", "base", "ours", "theirs"),
    *("decision", "suggestion", "reason"),
)
ROOMY = ("base", "decision", "suggestion")
RESOLVED_COLUMNS = ("id", "store", "entity", "woo_id", "field", "choice", "before", "value")


class State(enum.StrEnum):
    """What became of a conflict."""

    OPEN = "open"
    DECIDED = "decided"
    RESOLVED = "resolved"


class Kind(enum.StrEnum):
    """What conflicts are about."""

    PRODUCT = ids.Entity.PRODUCT.value
    VARIATION = ids.Entity.VARIATION.value
    CUSTOMER = ids.Entity.CUSTOMER.value
    ORDER = ids.Entity.ORDER.value
    REFUND = ids.Entity.REFUND.value
    STOCK = outbox.STOCK


class Side(enum.StrEnum):
    """Whose value can be taken."""

    THEIRS = resolve.Choice.THEIRS.value
    OURS = resolve.Choice.OURS.value
    SUGGESTED = resolve.Choice.SUGGESTED.value


OneKind = Annotated[Kind | None, typer.Option("--entity", help="Only these.")]


@app.callback()
def top() -> None:
    """Show fields that both sides changed, and settle them."""


@app.command("list")
def list_(
    *,
    state: Annotated[State | None, typer.Option("--state", help="Only these.")] = None,
    entity: OneKind = None,
    store: output.AnyStore = None,
    limit: output.Limit = 100,
    as_json: output.Json = False,
) -> None:
    """List conflicts, newest first: open ones wait for a person, decided ones went by policy."""

    async def work(opened: bootstrap.Application) -> list[dict[str, object]]:
        async with opened.database.transaction() as tx:
            store_id = await running.store_id(tx, store)
            chosen = state.value if state else None
            return await conflicts.load(tx, store_id, state=chosen, entity=entity, limit=limit)

    found = running.run(work)
    if as_json:
        output.document({"conflicts": found})
    else:
        output.table(found, COLUMNS, roomy=ROOMY, empty="No conflicts.")


Number = Annotated[int | None, typer.Argument(help="The conflict; without it, a filter.")]
Take = Annotated[Side | None, typer.Option("--take", help="Whose value counts from now on.")]
Value = Annotated[str | None, typer.Option("--value", help="A value of your own (text, or JSON).")]
Every = Annotated[bool, typer.Option("--all", help="All open ones that the filter means.")]


@app.command("resolve")
def resolve_(  # noqa: PLR0913 - one parameter an option
    number: Number = None,
    *,
    take: Take = None,
    value: Value = None,
    every: Every = False,
    entity: OneKind = None,
    field: Annotated[str | None, typer.Option("--field", help="Only this field.")] = None,
    store: output.AnyStore = None,
    as_json: output.Json = False,
) -> None:
    """Settle conflicts; the values travel to both sides with the next push."""
    decision = _decision(take, value)
    if (number is None) != every or (every and take is None):
        raise typer.BadParameter("Give the number of one conflict, or --all with --take.")

    async def work(opened: bootstrap.Application) -> resolve.Settled:
        if number is not None:
            return resolve.Settled([await opened.resolve(number, decision)])
        async with opened.database.transaction() as tx:
            store_id = await running.store_id(tx, store)
        return await opened.resolve_all(decision, store_id=store_id, entity=entity, field=field)

    _show(running.run(work), as_json=as_json)


def _show(settled: resolve.Settled, *, as_json: bool) -> None:
    rows = [structs.asdict(one) for one in settled.resolved]
    refused = [
        {"id": conflict_id, "reason": error.message} for conflict_id, error in settled.refused
    ]
    if as_json:
        output.document({"resolved": rows, "refused": refused})
        return
    output.table(rows, RESOLVED_COLUMNS, empty="No conflict was settled.")
    if refused:
        output.table(refused, ("id", "reason"), empty="")


def _decision(take: Side | None, value: str | None) -> resolve.Decision:
    """Return what was decided; a value that is no JSON is text."""
    if (take is None) == (value is None):
        raise typer.BadParameter("Say either --take theirs, ours or suggested, or --value.")
    if value is not None and not value.strip():  # more often a variable that is not set
        raise typer.BadParameter("--value is empty. An empty text is '\"\"', no value at all null.")
    if take is not None:
        return resolve.Decision(choice=resolve.Choice(take.value), actor="cli")
    try:
        meant = json.loads(value or "")
    except (ValueError, RecursionError):
        meant = value
    return resolve.Decision(choice=resolve.Choice.VALUE, actor="cli", value=meant)
