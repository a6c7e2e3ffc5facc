"""`woosync tokens`: how machines call the API."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from woosync import bootstrap, errors
from woosync.entrypoints.cli import output, running, users
from woosync.postgres import tokens
from woosync.postgres import users as saved

app = typer.Typer(add_completion=False, no_args_is_help=True)
COLUMNS = ("id", "user", "role", "note", "store", "created_at", "expires_at")


class UnknownTokenError(errors.RefusedError):
    """No token has this number."""


@app.callback()
def top() -> None:
    """Make, list and revoke the tokens of machines."""


@app.command()
def add(
    user: Annotated[str, typer.Argument(help="Whose token; made as a machine if unknown.")],
    *,
    role: Annotated[users.Role, typer.Option("--role", help="Of a machine that is made.")] = (
        users.Role.VIEWER
    ),
    note: Annotated[str, typer.Option("--note", help="What it is for.")] = "",
    days: Annotated[
        int | None, typer.Option("--days", min=1, max=3650, help="Good for so long.")
    ] = None,
    store: Annotated[str | None, typer.Option("--store", help="Of one store alone.")] = None,
    as_json: output.Json = False,
) -> None:
    """Make a service token and print it, this once."""

    async def work(opened: bootstrap.Application) -> str:
        now = opened.clock()
        only = await opened.load_store(store) if store else None
        new = tokens.NewService(
            note=note,
            expires_at=now + timedelta(days=days) if days else None,
            store_id=only.id if only else None,
        )
        async with opened.database.transaction() as tx:
            try:
                user_id = (await saved.load(tx, user)).id
            except saved.UnknownUserError:
                user_id = await saved.save_new(tx, user, role=role.value)
            return await tokens.save_service(tx, user_id, new, now=now)

    made = running.run(work)
    if as_json:
        output.document({"user": user, "token": made})
    else:
        output.say(made)
        output.note("Keep it: it is not shown again.")


@app.command("list")
def list_(*, as_json: output.Json = False) -> None:
    """List the service tokens, without what they are."""

    async def work(opened: bootstrap.Application) -> list[dict[str, Any]]:
        async with opened.database.transaction() as tx:
            return await tokens.load_services(tx)

    found = running.run(work)
    if as_json:
        output.document({"tokens": found})
    else:
        output.table(found, COLUMNS, empty="No service token yet.")


@app.command()
def revoke(
    number: Annotated[int, typer.Argument(help="Number in the list.")],
    *,
    as_json: output.Json = False,
) -> None:
    """Revoke a service token, at once."""

    async def work(opened: bootstrap.Application) -> bool:
        async with opened.database.transaction() as tx:
            return await tokens.revoke_service(tx, number, now=opened.clock())

    if not running.run(work):
        raise UnknownTokenError(
            f"There is no token with the number {number}.",
            remedy="`woosync tokens list` shows them.",
        )
    if as_json:
        output.document({"token": number, "result": "revoked"})
    else:
        output.say(f"Token {number} is revoked.")
