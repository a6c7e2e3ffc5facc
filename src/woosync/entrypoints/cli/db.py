"""`woosync db`: look after the database."""

import asyncio

import typer

from woosync import bootstrap
from woosync.entrypoints.cli import failing, output, running
from woosync.postgres import complete, views

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def top() -> None:
    """Look after the database."""


@app.command()
def upgrade(*, as_json: output.Json = False) -> None:
    """Bring the tables up to this version; every command does so by itself."""

    async def work(opened: bootstrap.Application) -> str:
        async with opened.database.transaction() as tx:
            await complete.check(tx)
            return await views.load_revision(tx)

    revision = running.run(work)
    if as_json:
        output.document({"revision": revision})
    else:
        output.say(f"The tables are up to date (revision {revision}).")


@app.command()
def status(*, as_json: output.Json = False) -> None:
    """Show which database is used, its version and what it holds."""

    async def work(opened: bootstrap.Application) -> dict[str, object]:
        embedded = opened.settings.database_url is None
        async with opened.database.transaction() as tx:
            return {
                "kind": "embedded" if embedded else "server",
                "folder": str(opened.settings.data_folder) if embedded else None,
                "server_version": await views.load_server_version(tx),
                "revision": await views.load_revision(tx),
                "bytes": await views.load_size(tx),
                **await views.load_totals(tx),
            }

    found = running.run(work)
    if as_json:
        output.document(found)
    else:
        rows = [{"name": name, "value": value} for name, value in found.items()]
        output.table(rows, ("name", "value"), empty="")


@app.command()
def rekey(*, as_json: output.Json = False) -> None:
    """Encrypt stored credentials anew with the first key of WOOSYNC_SECRET_KEY.

    Then the older keys after the comma can go.
    """
    renewed = running.run(lambda opened: opened.rekey())
    if as_json:
        output.document({"renewed": renewed})
    else:
        output.say(f"{renewed} stored credentials were encrypted anew.")


@app.command()
def url(*, as_json: output.Json = False) -> None:
    """Show the address for psql and other tools; see `hold` for the embedded database."""
    address = running.run(_address)
    if as_json:
        output.document({"url": address})
    else:
        typer.echo(address)


@app.command()
def hold() -> None:
    """Keep the embedded database running for other tools until Ctrl-C."""

    async def work(opened: bootstrap.Application) -> None:
        typer.echo(await _address(opened))
        output.note("The database runs until you press Ctrl-C.")
        await opened.keep_database()  # for ever, but for a database of one's own
        await asyncio.Event().wait()

    try:
        running.run(work)
    except failing.StoppedError as error:
        raise type(error)(
            "The database is no longer held.", remedy="Every command starts it when it needs it."
        ) from None


async def _address(opened: bootstrap.Application) -> str:
    return opened.database.url.replace("+psycopg", "", 1)
