"""`woosync init`: write `.env.local` and see whether it works."""

import secrets
import string
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from woosync import errors
from woosync.entrypoints.cli import doctor, failing, output, store_options
from woosync.settings import dotenv, values
from woosync.woo import address
from woosync.woo import errors as store_errors

app = typer.Typer(add_completion=False)

FILE = ".env.local"
SECRET_LENGTH = 40
Text = str | None


class MissingAnswerError(errors.RefusedError):
    """Something has to be known, and there is nobody to ask."""


Url = Annotated[Text, typer.Option("--url", help="Address of the store.")]
Key = Annotated[Text, typer.Option("--key", help="Consumer key, ck_...")]
Secret = Annotated[
    Text, typer.Option("--secret", help="Consumer secret, cs_...; asked for if left out.")
]
WebhookSecret = Annotated[
    Text, typer.Option("--webhook-secret", help="Made by chance if left out.")
]
CaFile = Annotated[
    Text,
    typer.Option("--ca-file", help="Private certificate authority (PEM), the only one to trust."),
]
DatabaseUrl = Annotated[
    Text, typer.Option("--database-url", help="PostgreSQL; the embedded one if left out.")
]
AllowPrivate = Annotated[
    bool, typer.Option("--allow-private", help="The store is on your own network.")
]
Check = Annotated[bool, typer.Option("--check/--no-check", help="Try it out.")]


@app.command()
def command(  # noqa: PLR0913 - one parameter an option
    *,
    url: Url = None,
    key: Key = None,
    secret: Secret = None,
    webhook_secret: WebhookSecret = None,
    ca_file: CaFile = None,
    database_url: DatabaseUrl = None,
    allow_private: AllowPrivate = False,
    check: Check = True,
    as_json: output.Json = False,
) -> None:
    """Write .env.local for your store, make a webhook secret, and check that it all works."""
    path = failing.here() / FILE
    known = dotenv.read(path, shown=FILE)
    private = allow_private or known.get("WOOSYNC_ALLOW_PRIVATE_STORES") is not None
    changes = {
        "WOOCOMMERCE_SITE_URL": _url(url or _ask("Address of the store", "--url"), private=private),
        "WOOCOMMERCE_CONSUMER_KEY": _valid(
            values.consumer_key, key or _ask("Consumer key (ck_...)", "--key"), "--key"
        ),
        "WOOCOMMERCE_CONSUMER_SECRET": _valid(
            values.consumer_secret,
            secret or _ask("Consumer secret (cs_...)", "--secret", hidden=True),
            "--secret",
        ),
    }
    if webhook_secret or "WOOCOMMERCE_WEBHOOK_SECRET" not in known:
        made = webhook_secret or _random()
        changes["WOOCOMMERCE_WEBHOOK_SECRET"] = _valid(values.secret, made, "--webhook-secret")
    if "WOOSYNC_JWT_SECRET" not in known:
        changes["WOOSYNC_JWT_SECRET"] = secrets.token_hex(32)
    if ca_file is not None:
        changes["WOOCOMMERCE_CA_FILE"] = store_options.authority(ca_file) or ""
    if database_url is not None:
        changes["DATABASE_URL"] = _valid(values.database_url, database_url, "--database-url")
    if allow_private:
        changes["WOOSYNC_ALLOW_PRIVATE_STORES"] = "true"
    dotenv.write(path, changes, shown=FILE)
    _finish(check=check, as_json=as_json)


def _finish(*, check: bool, as_json: bool) -> None:
    found, code = doctor.examine("default") if check else ([], 0)
    if as_json:
        output.document({"written": FILE} | (doctor.summary(found) if check else {}))
    else:
        output.say(f"{FILE} is written; keep it to yourself.")
        doctor.show(found)
        if not code:
            output.say("Next: woosync pull all")
    if code:
        raise typer.Exit(code)


def _ask(question: str, option: str, *, hidden: bool = False) -> str:
    if not sys.stdin.isatty():
        raise MissingAnswerError(
            f"{option} is missing, and there is no terminal to ask at.",
            remedy="Give --url, --key and --secret.",
        )
    return str(typer.prompt(question, hide_input=hidden, err=True)).strip()


def _url(url: str, *, private: bool) -> str:
    try:
        return address.normalise(url, allow_private=private)
    except store_errors.StoreNotAllowed as error:
        if private:
            raise
        raise store_errors.StoreNotAllowed(
            error.message,
            remedy=f"{error.remedy.partition(';')[0].rstrip('.')}; a test store on your own "
            "network needs --allow-private.",
        ) from error


def _valid(read: Callable[[str], object], value: str, option: str) -> str:
    try:
        read(value)
    except values.WrongValueError as wrong:
        raise MissingAnswerError(f"{option} {wrong.what}.", remedy=wrong.remedy) from None
    return value


def _random() -> str:
    """Make a secret of letters and digits, which WooCommerce keeps as they are."""
    alphabet = string.ascii_letters + string.digits
    return "".join(secrets.choice(alphabet) for _ in range(SECRET_LENGTH))
