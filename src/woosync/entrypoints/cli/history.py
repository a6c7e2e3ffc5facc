"""`woosync history`: what happened to records, from the sync log."""

from collections.abc import Mapping
from typing import Annotated

import typer

from woosync import bootstrap
from woosync.domain import ids
from woosync.entrypoints.cli import output, running
from woosync.entrypoints.cli import runs as run_commands
from woosync.postgres import log, runs

app = typer.Typer(add_completion=False)
COLUMNS = ("at", "run", "event", "entity", "id", "actor", "what")
ROOMY = ("actor",)
#: A narrow terminal is shown so many letters of a change; pipes and `--json` have it whole.
LONGEST = 200
NOTHING_FITS = (
    "Nothing in the log fits what was asked for: `woosync history --help` names the words."
)


#: The words that the log has for events and for what they happened to.
EVENTS = (
    *("created", "linked", "updated", "restored", "deleted", "failed", "held", "conflict"),
    *("resolved", "undone", "pushed", "sent_new", "note_sent", "local_updated", "stock_sent"),
    *("stock_refused", "stock_adopted", "stock_opened", "completed", "partial"),
)
ENTITIES = (*(one.value for one in ids.Entity), "run", "stock", "webhook")

Event = Annotated[
    str | None,
    typer.Option("--event-type", help=f"Only these: {', '.join(EVENTS)} ..."),
]
Entity = Annotated[
    str | None, typer.Option("--entity", help=f"Only these: {', '.join(ENTITIES)} ...")
]


@app.command()
def command(
    *,
    event: Event = None,
    entity: Entity = None,
    run_id: Annotated[int | None, typer.Option("--run", help="Only this run.")] = None,
    store: output.AnyStore = None,
    limit: output.Limit = 50,
    as_json: output.Json = False,
) -> None:
    """Show what happened to records, newest first."""

    async def work(opened: bootstrap.Application) -> list[dict[str, object]]:
        async with opened.database.transaction() as tx:
            store_id = await running.store_id(tx, store)
            found = await log.load(
                tx, store_id, event=event, entity=entity, run_id=run_id, limit=limit
            )
            if run_id is not None and not found and not await runs.load(tx, run_id=run_id):
                raise run_commands.unknown(run_id)
            return found

    found = running.run(work)
    if as_json:
        output.document({"events": found})
        return
    filtered = any(one is not None for one in (event, entity, run_id, store))
    empty = NOTHING_FITS if filtered else "Nothing has happened yet."
    output.table([_row(one) for one in found], COLUMNS, empty=empty, roomy=ROOMY)


def _row(event: Mapping[str, object]) -> dict[str, object]:
    """Return an event as the table has it: what it changed, and why."""
    changes = _changes(event["before"], event["after"])
    if len(changes) > LONGEST and output.is_narrow():
        changes = f"{changes[:LONGEST]} ..."
    told = "; ".join(str(one) for one in (changes, event["cause"]) if one)
    return {**event, "run": event["run_id"], "id": event["woo_id"], "what": told}


def _changes(before: object, after: object) -> str:
    """Say which fields became what, such as "name: Tea > Green tea"."""
    if not isinstance(before, Mapping) and not isinstance(after, Mapping):
        return " > ".join(output.text(one) for one in (before, after) if one is not None)
    if isinstance(after, Mapping) and isinstance(after.get("counts"), Mapping):
        return _counts(after["counts"])
    old = before if isinstance(before, Mapping) else {}
    new = after if isinstance(after, Mapping) else {}
    return ", ".join(
        f"{name}: "
        + " > ".join(output.text(side[name]) or '""' for side in (old, new) if name in side)
        for name in {**old, **new}
    )


def _counts(counts: Mapping[str, object]) -> str:
    """Say what a run counted, such as "order: 20 seen, 20 created"."""
    return "; ".join(
        f"{entity}: " + ", ".join(f"{number} {name}" for name, number in one.items() if number)
        for entity, one in counts.items()
        if isinstance(one, Mapping) and any(one.values())
    )
