"""`woosync version`."""

import json
from typing import Annotated

import typer

from woosync.entrypoints.cli import failing

app = typer.Typer(add_completion=False)


@app.command()
def command(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False
) -> None:
    """Show the version."""
    typer.echo(json.dumps({"version": failing.version()}) if as_json else failing.version())
