"""`woosync users`: the people who may call the API, and what they may do."""

import enum
import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from woosync import bootstrap, errors
from woosync.entrypoints.api import passwords
from woosync.entrypoints.cli import output, running
from woosync.postgres import tokens, users

app = typer.Typer(add_completion=False, no_args_is_help=True)
COLUMNS = ("id", "name", "role", "is_active", "can_log_in")
Name = Annotated[str, typer.Argument(help="Name of the user.")]


class Role(enum.StrEnum):
    """What a user may do; each includes the ones before it."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


class NoPasswordError(errors.RefusedError):
    """A password is needed, and there is nobody to ask."""


@app.callback()
def top() -> None:
    """Add, list and change the people who may call the API."""


@app.command()
def add(
    name: Name,
    *,
    role: Annotated[Role, typer.Option("--role", help="What the user may do.")] = Role.VIEWER,
    machine: Annotated[
        bool, typer.Option("--machine", help="No password: service tokens alone.")
    ] = False,
    as_json: output.Json = False,
) -> None:
    """Add a user; the password is asked for, or read from standard input."""
    hashed = "" if machine else passwords.hashed(_password())

    async def work(opened: bootstrap.Application) -> None:
        async with opened.database.transaction() as tx:
            await users.save_new(tx, name, role=role.value, password_hash=hashed)

    running.run(work)
    _tell(name, "added", as_json=as_json)


@app.command("list")
def list_(*, as_json: output.Json = False) -> None:
    """List the users."""

    async def work(opened: bootstrap.Application) -> list[users.User]:
        async with opened.database.transaction() as tx:
            return await users.load_all(tx)

    rows = [
        {
            "id": user.id,
            "name": user.name,
            "role": user.role,
            "is_active": user.is_active,
            "can_log_in": bool(user.password_hash),
        }
        for user in running.run(work)
    ]
    if as_json:
        output.document({"users": rows})
    else:
        output.table(rows, COLUMNS, empty="No user yet: woosync users add NAME --role admin")


@app.command()
def role(
    name: Name,
    role_: Annotated[Role, typer.Argument(metavar="ROLE", help="What the user may do.")],
    *,
    as_json: output.Json = False,
) -> None:
    """Give a user another role."""
    _change(name, {"role": role_.value}, f"{role_.value} now", as_json=as_json)


@app.command()
def disable(name: Name, *, as_json: output.Json = False) -> None:
    """Shut a user out at once, with all tokens."""
    _change(name, {"is_active": False}, "disabled", as_json=as_json)


@app.command()
def enable(name: Name, *, as_json: output.Json = False) -> None:
    """Let a disabled user in again."""
    _change(name, {"is_active": True}, "enabled", as_json=as_json)


@app.command()
def password(name: Name, *, as_json: output.Json = False) -> None:
    """Give a user a new password; all logins end."""
    hashed = passwords.hashed(_password())
    _change(name, {"password_hash": hashed}, "given a new password", as_json=as_json)


def _change(name: str, values: Mapping[str, object], what: str, *, as_json: bool) -> None:
    async def work(opened: bootstrap.Application) -> None:
        async with opened.database.transaction() as tx:
            user = await users.load(tx, name)
            await users.save(tx, user, values)
            await tokens.revoke_logins(tx, user.id, now=opened.clock())

    running.run(work)
    _tell(name, what, as_json=as_json)


def _password() -> str:
    if sys.stdin.isatty():
        asked = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return str(asked)
    given = sys.stdin.readline().rstrip("\r\n")
    if not given:
        raise NoPasswordError(
            "A password is missing, and there is no terminal to ask at.",
            remedy="Send it on standard input, or add a --machine, which needs none.",
        )
    return given


def _tell(name: str, what: str, *, as_json: bool) -> None:
    if as_json:
        output.document({"user": name, "result": what})
    else:
        output.say(f"The user {output.text(name)} is {what}.")
