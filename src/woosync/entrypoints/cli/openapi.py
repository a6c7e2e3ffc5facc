"""`woosync openapi`: the document that describes the HTTP API."""

import sys
from typing import Annotated

import typer

from woosync.entrypoints.api import app as api
from woosync.entrypoints.api import page
from woosync.entrypoints.cli import output

app = typer.Typer(add_completion=False)
SERVER = "http://localhost:4000"


@app.command()
def command(
    *,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print what docs/api.md lists instead.")
    ] = False,
) -> None:
    """Print the OpenAPI document; needs no settings and no database."""
    document = api.document()
    if markdown:
        sys.stdout.write(page.markdown(document, SERVER))
    else:
        output.document(document)
