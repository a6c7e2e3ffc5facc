"""`woosync export`: records as JSON, NDJSON or CSV, in flat memory."""

import enum
from pathlib import Path
from typing import Annotated

import typer

from woosync import bootstrap
from woosync.entrypoints.cli import failing, files, output, running, targets
from woosync.postgres import engine, exports, formats, stores

app = typer.Typer(add_completion=False)
STDOUT = Path("-")


class What(enum.StrEnum):
    """What to export."""

    PRODUCTS = "products"
    CUSTOMERS = "customers"
    ORDERS = "orders"
    INVENTORY = "inventory"
    MOVEMENTS = "movements"
    HISTORY = "history"
    CONFLICTS = "conflicts"


Format = Annotated[
    formats.Format | None,
    typer.Option("--format", help="json (if left out) is one list, ndjson one record a line."),
]
WcOnly = Annotated[
    bool, typer.Option("--wc-only", help="Only records that are linked with the store.")
]
Output = Annotated[
    Path | None,
    typer.Option(
        *("--output", "-o"),
        parser=files.name,
        metavar="FILE",
        help="File to write; standard output without it, or with -.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="The same as --format json.")]


@app.command()
def command(
    what: Annotated[What, typer.Argument(help="What to export; products include variations.")],
    *,
    as_format: Format = None,
    wc_only: WcOnly = False,
    path: Output = None,
    store: output.Store = bootstrap.DEFAULT_STORE,
    as_json: AsJson = False,
) -> None:
    """Write live records with their store ids, amounts as decimal strings, times as UTC."""
    path = None if path == STDOUT else path
    chosen = as_format or formats.Format.JSON
    if as_json and chosen is not formats.Format.JSON:
        raise failing.UsageError(
            f"--json and --format {chosen.value} cannot both be.", remedy="Give one of them."
        )

    async def work(opened: bootstrap.Application) -> int:
        async with opened.replica.transaction() as tx:
            found = await _store(tx, store)
            opening = exports.open_rows(tx, what.value, found, linked_only=wc_only)
            async with opening as rows:
                with targets.target(path) as file:
                    return await targets.write(file, rows, chosen)

    number = running.run(work)
    if path is not None:
        output.note(f"{number} {what.value} written to {output.text(str(path))}.")


async def _store(tx: engine.Transaction, key: str) -> stores.Store | None:
    """Load the store; where none was ever set up, the back office is exported without one."""
    try:
        return await stores.load(tx, key)
    except stores.UnknownStoreError:
        if key == bootstrap.DEFAULT_STORE:
            return None
        raise
