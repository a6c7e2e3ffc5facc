"""`woosync conflicts`: fields that both sides changed."""

import enum
from typing import Annotated

import typer

from woosync import bootstrap
from woosync.entrypoints.cli import output, running
from woosync.postgres import conflicts

app = typer.Typer(add_completion=False, no_args_is_help=True)
COLUMNS = ("id", "entity", "woo_id", "field", "base", "ours", "theirs", "decision", "suggestion")


class State(enum.StrEnum):
    """What became of a conflict."""

    OPEN = "open"
    DECIDED = "decided"
    RESOLVED = "resolved"


@app.callback()
def top() -> None:
    """Show fields that both sides changed."""


@app.command("list")
def list_(
    *,
    state: Annotated[State | None, typer.Option("--state", help="Only these.")] = None,
    entity: Annotated[str | None, typer.Option("--entity", help="Only product, order ...")] = None,
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
        output.table(found, COLUMNS, empty="No conflicts.")
