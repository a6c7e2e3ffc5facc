"""`woosync history`: what happened to records, from the sync log."""

from collections.abc import Mapping
from typing import Annotated

import typer

from woosync import bootstrap
from woosync.entrypoints.cli import output, running
from woosync.postgres import log

app = typer.Typer(add_completion=False)
COLUMNS = ("at", "run", "event", "entity", "id", "actor", "what")
ROOMY = ("actor",)
#: A narrow terminal is shown so many letters of a change; pipes and `--json` have it whole.
LONGEST = 200


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
        rows = [_row(one) for one in found]
        output.table(rows, COLUMNS, empty="Nothing has happened yet.", roomy=ROOMY)


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
