"""`woosync stores`: several stores in one database, their keys encrypted."""

import re
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from woosync import bootstrap
from woosync.entrypoints.cli import failing, output, running, store_options
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
CaFile = Annotated[
    Text,
    typer.Option("--ca-file", help="Private authority (PEM), the only one to trust; empty: none."),
]
Policies = Annotated[
    list[str] | None,
    typer.Option("--policy", help="default=newest, product=local, product.name=manual ..."),
]


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
        raise store_options.BadAnswerError(
            "The key of a store is made of small letters, digits, - and _, at most 40.",
            remedy="Choose one such as shop-de; the first is a letter or a digit.",
        )
    plain = store_options.credentials(consumer_key, consumer_secret, webhook_secret)
    authority = store_options.authority(ca_file)
    chosen = store_options.policies({}, policy)

    async def work(opened: bootstrap.Application) -> tuple[stores.Store, list[str]]:
        private = opened.settings.allow_private_stores
        new: dict[str, object] = {
            "url": address.normalise(url, allow_private=private),
            "allow_private": private,
            "ca_file": authority or "",
            "settings": chosen,
        }
        async with opened.database.transaction() as tx:
            store = await stores.save_new(tx, key, new | opened.sealed(key, plain))
        given = {name: value for name, value in (new | plain).items() if value}
        return store, store_options.overruled(opened.settings, key, given)

    store, over = running.run(work)
    _tell(store, "added", as_json=as_json, warnings=over)


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
    credentials = (consumer_key, consumer_secret, webhook_secret)
    if not policy and all(one is None for one in (url, *credentials, ca_file)):
        raise failing.UsageError(
            "Nothing was given that is to be changed.",
            remedy="`woosync stores update --help` says what can be given.",
        )
    plain = store_options.credentials(*credentials)
    authority = store_options.authority(ca_file)

    async def work(opened: bootstrap.Application) -> tuple[stores.Store, list[str]]:
        async with opened.database.transaction() as tx:
            store = await stores.load(tx, key, lock=True)
            changes: dict[str, object] = opened.replaced(store, plain)
            if url is not None:
                private = opened.settings.allow_private_stores
                changes["url"] = address.normalise(url, allow_private=private)
            if authority is not None:
                changes["ca_file"] = authority
            if changes:
                changes |= {"auth_mode": options.AuthMode.AUTO.value, "capabilities": {}}
            over = store_options.overruled(opened.settings, key, changes | plain)
            if policy:
                changes["settings"] = store_options.policies(store.settings, policy)
            await stores.save(tx, store.id, changes)
            return store, over

    store, over = running.run(work)
    _tell(store, "changed", as_json=as_json, warnings=over)


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
    found = described(running.run(lambda opened: _load(opened, key)))
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
    if not yes:
        running.run(lambda opened: _load(opened, key))  # whether it is there comes before any yes
        if as_json or not sys.stdin.isatty():
            raise store_options.BadAnswerError(
                f"The store {key} is not removed without a yes.", remedy="Give --yes."
            )
        typer.confirm(f"Remove the store {key}?", abort=True, err=True)
    gone: dict[str, object] = dict.fromkeys(bootstrap.CREDENTIALS)
    removed, comes_back = _change(key, {"state": "removed", **gone}), []
    if key == bootstrap.DEFAULT_STORE and running.load_settings().site_url:
        comes_back.append(
            "Its address still stands in the settings, so the next command or a running server"
            " adds it again: take the WOOCOMMERCE_ lines out of .env.local, or pause it instead."
        )
    _tell(removed, "removed", as_json=as_json, warnings=comes_back)


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


async def _load(opened: bootstrap.Application, key: str) -> stores.Store:
    async with opened.database.transaction() as tx:
        return await stores.load(tx, key)


def _change(key: str, changes: dict[str, object]) -> stores.Store:
    async def work(opened: bootstrap.Application) -> stores.Store:
        async with opened.database.transaction() as tx:
            store = await stores.load(tx, key)
            await stores.save(tx, store.id, changes)
            return store

    return running.run(work)


def _tell(store: stores.Store, what: str, *, as_json: bool, warnings: Sequence[str] = ()) -> None:
    if as_json:
        output.document({"store": store.key, "result": what, "warnings": [*warnings]})
        return
    output.say(f"The store {store.key} is {what}.")
    for one in warnings:
        output.say(one)
