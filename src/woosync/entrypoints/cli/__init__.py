"""The command line: `main` runs one command and turns every error into a sentence and a code.

One module per command group, imported when its command is called, so that help is quick.
"""

import gc
import importlib
import sys
from typing import Annotated, Any

import typer
import typer.core
import typer.main

from woosync import errors
from woosync.entrypoints.cli import failing, streams

#: Every command, its module, and what the overview says of it.
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("init", "Write .env.local for your store and check that it works."),
    "doctor": ("doctor", "Check settings, database and store; say what to do about problems."),
    "pull": ("pull", "Bring customers, products and orders of a store into the database."),
    "push": ("push", "Send what was changed here to a store."),
    "sync": ("sync", "Pull what changed there, then push what changed here."),
    "audit": ("audit", "Compare a store with the database, record by record."),
    "stock": ("stock", "Show and audit what stores sell; decide about held levels."),
    "status": ("status", "Show every store: what is linked, what waits, the last run."),
    "runs": ("runs", "Show the last runs, or one in detail."),
    "history": ("history", "Show what happened to records."),
    "conflicts": ("conflicts", "Show fields that both sides changed."),
    "settings": ("settings", "Show and change the rules of a store."),
    "mapping": ("mapping", "Look at the mapping of custom fields."),
    "undo": ("undo", "Put back what a run changed."),
    "quarantine": ("quarantine", "Show records that could not be processed."),
    "export": ("export", "Write records as JSON, NDJSON or CSV."),
    "stores": ("stores", "Add, list, change, pause and remove stores."),
    "serve": ("serve", "Serve the HTTP API and do the background work."),
    "worker": ("worker", "Do background work for servers elsewhere."),
    "users": ("users", "Add, list and change the people who may call the API."),
    "tokens": ("tokens", "Make, list and revoke the tokens of machines."),
    "openapi": ("openapi", "Print the OpenAPI document of the HTTP API."),
    "webhooks": ("webhooks", "Register, look after and replay webhooks."),
    "db": ("db", "Look after the database."),
    "demo": ("demo", "Watch a simulated store arrive, trade and agree."),
    "version": ("version", "Show the version."),
}


class Commands(typer.core.TyperGroup):
    """The overview shows stand-ins; the module behind a command loads when it is called."""

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002 - Typer's signature
        """Name the commands in the order of the overview."""
        return list(COMMANDS)

    def get_command(self, ctx: object, cmd_name: str) -> typer.core.TyperCommand | None:  # noqa: ARG002 - as above
        """Return a stand-in that has the help text alone."""
        if cmd_name not in COMMANDS:
            return None
        return typer.core.TyperCommand(cmd_name, help=COMMANDS[cmd_name][1])

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that is called and load it."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, load(name) if name and command else command, rest


def load(name: str) -> object:
    """Import a command's module and return the command."""
    module, text = COMMANDS[name]
    found = importlib.import_module(f"woosync.entrypoints.cli.{module}")
    command = typer.main.get_command(found.app)
    command.name, command.help = name, command.help or text
    return command


app = typer.Typer(
    cls=Commands,
    help="Keep a business back office and WooCommerce stores in agreement.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:  # noqa: FBT001 - Typer calls it so
    if value:
        typer.echo(f"woosync {failing.version()}")
        raise typer.Exit


@app.callback()
def top(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_version, help="Show the version."),
    ] = False,
) -> None:
    """Keep a business back office and WooCommerce stores in agreement."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    gc.disable()  # what is loaded now is no garbage; `running` turns it on again
    as_json = "--json" in sys.argv
    streams.open_all(sys.argv[1:])
    try:
        failing.check_arguments(sys.argv[1:])
        sys.exit(_run(as_json=as_json))
    except errors.WoosyncError as error:
        sys.exit(failing.tell(error, as_json=as_json))
    except KeyboardInterrupt:
        sys.exit(failing.tell(failing.stopped(), as_json=as_json))
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback for a user
        sys.exit(failing.tell(failing.understood(error), as_json=as_json))


def _run(*, as_json: bool) -> Any:
    """Run the command and return its exit code; all that it said is written by then."""
    try:
        code = app(prog_name="woosync", standalone_mode=not as_json)
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    return code
