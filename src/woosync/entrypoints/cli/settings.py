"""`woosync settings`: the rules of a store: pushing, stock, custom fields, policies, schedule."""

from pathlib import Path
from typing import Annotated, Any

import typer

from woosync import bootstrap
from woosync.entrypoints.cli import files, output, running

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def top() -> None:
    """Show and change the rules of a store."""


@app.command("show")
def show(
    *,
    store: output.Store = bootstrap.DEFAULT_STORE,
    as_json: output.Json = False,  # noqa: ARG001 - it is JSON anyway; every command has the option
) -> None:
    """Print the rules of a store as JSON, fit to be changed and given to `set`."""

    async def work(opened: bootstrap.Application) -> dict[str, Any]:
        return dict((await opened.load_store(store)).settings)

    found = running.run(work)
    output.document({name: found[name] for name in sorted(found)})


@app.command("set")
def set_(
    file: Annotated[
        Path,
        typer.Argument(
            parser=files.name, metavar="FILE", help="A JSON file: the parts to replace."
        ),
    ],
    *,
    store: output.Store = bootstrap.DEFAULT_STORE,
    as_json: output.Json = False,
) -> None:
    """Replace the parts that a file names, such as push or stock. Bad ones are refused."""
    parts = files.read_json(file)
    if not isinstance(parts, dict):
        raise typer.BadParameter(f"{file} does not hold an object.")

    async def work(opened: bootstrap.Application) -> dict[str, Any]:
        return dict(await opened.change_settings(store, parts))

    changed = running.run(work)
    if as_json:
        output.document(changed)
    else:
        output.say(f"{', '.join(sorted(parts))} of the store {store} set.")
