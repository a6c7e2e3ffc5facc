"""`woosync mapping`: which metadata here is which field of a store."""

from pathlib import Path
from typing import Annotated

import typer
from msgspec import structs

from woosync import bootstrap
from woosync.entrypoints.cli import files, output, running
from woosync.flows.push import previewing

app = typer.Typer(add_completion=False, no_args_is_help=True)
COLUMNS = ("entity", "local_id", "woo_id", "source", "here", "target", "store", "sends", "takes")


@app.callback()
def top() -> None:
    """Look at the mapping of custom fields."""


@app.command("preview")
def preview(
    *,
    rules: Annotated[
        Path | None,
        typer.Option(
            "--rules",
            parser=files.name,
            metavar="FILE",
            help="A JSON file with rules to try; else those of the store.",
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="Records a kind.")] = 10,
    store: output.Store = bootstrap.DEFAULT_STORE,
    as_json: output.Json = False,
) -> None:
    """Show what the rules make of real records; sends and saves nothing."""
    given = _read(rules) if rules is not None else None

    async def work(opened: bootstrap.Application) -> list[previewing.Line]:
        return await opened.preview_mapping(store, given, limit=limit)

    lines = [structs.asdict(line) for line in running.run(work)]
    if as_json:
        output.document({"lines": lines})
        return
    columns = [*COLUMNS, *(["problem"] if any(line["problem"] for line in lines) else [])]
    output.table(lines, columns, empty="There are no rules, or no linked records yet.")


def _read(path: Path) -> list[object]:
    found = files.read_json(path)
    if isinstance(found, dict):  # a file for `woosync settings set`
        found = found.get("mapping")
    if not isinstance(found, list):
        raise typer.BadParameter(f"{path} does not hold a list of rules.")
    return found
