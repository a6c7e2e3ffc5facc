"""`woosync stores`: several stores in one database, their keys encrypted."""

import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from woosync import bootstrap, errors
from woosync.domain import conflict_policy, ids
from woosync.entrypoints.cli import output, running
from woosync.flows.pull import prepare
from woosync.postgres import stores
from woosync.woo import address, options

app = typer.Typer(add_completion=False, no_args_is_help=True)

COLUMNS = ("key", "name", "url", "state", "auth_mode", "version")
KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
Key = Annotated[str, typer.Argument(help="Short name of the store, such as shop-de.")]
Text = str | None
ConsumerKey = Annotated[Text, typer.Option("--key", help="Consumer key, ck_...")]
ConsumerSecret = Annotated[Text, typer.Option("--secret", help="Consumer secret, cs_...")]
WebhookSecret = Annotated[Text, typer.Option("--webhook-secret", help="Secret of its webhooks.")]
CaFile = Annotated[Path | None, typer.Option("--ca-file", help="Private authority (PEM).")]
Policies = Annotated[
    list[str] | None,
    typer.Option("--policy", help="default=newest, product=local, product.name=manual ..."),
]


class BadAnswerError(errors.RefusedError):
    """An option does not make sense."""


@app.callback()
def top() -> None:
    """Add, list, change, pause and remove stores."""


@app.command()
def add(  # noqa: PLR0913 - one parameter an option
    key: Key,
    *,
    url: Annotated[str, typer.Option("--url", help="Address of the store.")],
    consumer_key: ConsumerKey = None,
    consumer_secret: ConsumerSecret = None,
    webhook_secret: WebhookSecret = None,
    ca_file: CaFile = None,
    policy: Policies = None,
    as_json: output.Json = False,
) -> None:
    """Add a store; `woosync doctor --store KEY` then checks it."""
    if not KEY.fullmatch(key):
        raise BadAnswerError(
            "The key of a store is made of small letters, digits, - and _.",
            remedy="Choose one such as shop-de.",
        )
    plain = _plain(consumer_key, consumer_secret, webhook_secret)

    async def work(opened: bootstrap.Application) -> stores.Store:
        private = opened.settings.allow_private_stores
        new: dict[str, object] = {
            "url": address.normalise(url, allow_private=private),
            "allow_private": private,
            "ca_file": str(ca_file.expanduser().absolute()) if ca_file else "",
            "settings": _policies({}, policy),
        }
        async with opened.database.transaction() as tx:
            return await stores.save_new(tx, key, new | opened.sealed(key, plain))

    _tell(running.run(work), "added", as_json=as_json)


@app.command()
def update(  # noqa: PLR0913 - one parameter an option
    key: Key,
    *,
    url: Annotated[Text, typer.Option("--url", help="Address of the store.")] = None,
    consumer_key: ConsumerKey = None,
    consumer_secret: ConsumerSecret = None,
    webhook_secret: WebhookSecret = None,
    ca_file: CaFile = None,
    policy: Policies = None,
    as_json: output.Json = False,
) -> None:
    """Change a store; what is not given stays as it is."""
    plain = _plain(consumer_key, consumer_secret, webhook_secret)

    async def work(opened: bootstrap.Application) -> stores.Store:
        async with opened.database.transaction() as tx:
            store = await stores.load(tx, key)
            changes: dict[str, object] = opened.replaced(store, plain)
            if url is not None:
                private = opened.settings.allow_private_stores
                changes["url"] = address.normalise(url, allow_private=private)
            if ca_file is not None:
                changes["ca_file"] = str(ca_file.expanduser().absolute())
            if changes:
                changes |= {"auth_mode": options.AuthMode.AUTO.value, "capabilities": {}}
            changes["settings"] = _policies(store.settings, policy)
            await stores.save(tx, store.id, changes)
            return await stores.load(tx, key)

    _tell(running.run(work), "changed", as_json=as_json)


@app.command("list")
def list_(*, as_json: output.Json = False) -> None:
    """List the stores."""

    async def work(opened: bootstrap.Application) -> list[stores.Store]:
        async with opened.database.transaction() as tx:
            return await stores.load_all(tx)

    found = [described(store) for store in running.run(work)]
    if as_json:
        output.document({"stores": found})
    else:
        output.table(found, COLUMNS, empty="No store yet: run `woosync init`.")


@app.command()
def show(key: Key, *, as_json: output.Json = False) -> None:
    """Show a store; its keys stay hidden."""

    async def work(opened: bootstrap.Application) -> stores.Store:
        async with opened.database.transaction() as tx:
            return await stores.load(tx, key)

    found = described(running.run(work))
    if as_json:
        output.document(found)
    else:
        rows = [{"name": name, "value": value} for name, value in found.items()]
        output.table(rows, ("name", "value"), empty="")


@app.command()
def pause(key: Key, *, as_json: output.Json = False) -> None:
    """Leave a store alone until it is resumed."""
    _tell(_change(key, {"state": "paused"}), "paused", as_json=as_json)


@app.command()
def resume(key: Key, *, as_json: output.Json = False) -> None:
    """Take a paused store up again."""
    _tell(_change(key, {"state": "active"}), "active", as_json=as_json)


@app.command()
def moved(key: Key, *, as_json: output.Json = False) -> None:
    """Say that a shop has a new address: what answers there next is taken for it."""
    _tell(_change(key, {"fingerprint": "", "capabilities": {}}), "free to move", as_json=as_json)


@app.command()
def remove(
    key: Key,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: output.Json = False,
) -> None:
    """Forget a store and its keys; what was pulled from it stays."""
    if not yes and (as_json or not sys.stdin.isatty()):
        raise BadAnswerError(f"The store {key} is not removed without a yes.", remedy="Give --yes.")
    if not yes:
        typer.confirm(f"Remove the store {key}?", abort=True, err=True)
    gone: dict[str, object] = dict.fromkeys(bootstrap.CREDENTIALS)
    _tell(_change(key, {"state": "removed", **gone}), "removed", as_json=as_json)
    if key == bootstrap.DEFAULT_STORE and running.load_settings().site_url and not as_json:
        output.say(
            "Its address still stands in the settings, so the next command or a running server"
            " adds it again: take the WOOCOMMERCE_ lines out of .env.local, or pause it instead."
        )


def described(store: stores.Store) -> dict[str, Any]:
    """Return a store without anything secret."""
    return {
        "key": store.key,
        "name": store.name,
        "url": store.url,
        "state": store.state,
        "auth_mode": store.auth_mode,
        "version": store.capabilities.get("version", ""),
        "has_keys": bool(store.consumer_key and store.consumer_secret),
        "has_webhook_secret": store.webhook_secret is not None,
        "ca_file": store.ca_file,
        "settings": dict(store.settings),
        "capabilities": dict(store.capabilities),
    }


def _change(key: str, changes: dict[str, object]) -> stores.Store:
    async def work(opened: bootstrap.Application) -> stores.Store:
        async with opened.database.transaction() as tx:
            store = await stores.load(tx, key)
            await stores.save(tx, store.id, changes)
            return store

    return running.run(work)


def _tell(store: stores.Store, what: str, *, as_json: bool) -> None:
    if as_json:
        output.document({"store": store.key, "result": what})
    else:
        output.say(f"The store {store.key} is {what}.")


def _plain(key: str | None, secret: str | None, webhook: str | None) -> dict[str, str]:
    if (key is None) != (secret is None):
        raise BadAnswerError("--key and --secret belong together.", remedy="Give both, or neither.")
    given = zip(bootstrap.CREDENTIALS, (key, secret, webhook), strict=True)
    return {column: value for column, value in given if value is not None}


def _policies(settings: Any, given: list[str] | None) -> dict[str, Any]:
    """Return the settings with the given policies; raises BadPolicyError."""
    policies = dict(settings.get("policies") or {})
    for one in given or ():
        name, value = _policy(one)
        if name == "default":
            policies["default"] = value
        else:
            kind = "fields" if "." in name else "entities"
            policies[kind] = dict(policies.get(kind) or {}) | {name: value}
    changed = dict(settings) | ({"policies": policies} if policies else {})
    prepare.rules_of(changed)
    return changed


def _policy(given: str) -> tuple[str, str]:
    """Read NAME=POLICY; raises BadPolicyError, which says what may stand there."""
    name, _, value = given.partition("=")
    known = [policy.value for policy in conflict_policy.Policy]
    entities = [entity.value for entity in ids.Entity]
    if value not in known:
        raise prepare.BadPolicyError(
            f"--policy {given} cannot be used: policies are {', '.join(known)}.",
            remedy="Write it as default=newest, product=local or product.name=manual.",
        )
    if name != "default" and name.partition(".")[0] not in entities:
        raise prepare.BadPolicyError(
            f"--policy {given} cannot be used: {name or 'an empty name'} is no kind of record.",
            remedy=f"Before the = stands default, or one of {', '.join(entities)}, alone or with "
            "a field as in product.name.",
        )
    return name, value
