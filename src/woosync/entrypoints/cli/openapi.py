"""`woosync openapi`: the document that describes the HTTP API."""

import typer

from woosync.entrypoints.api import app as api
from woosync.entrypoints.cli import output

app = typer.Typer(add_completion=False)


@app.command()
def command() -> None:
    """Print the OpenAPI document; needs no settings and no database."""
    output.document(api.document())
