"""`woosync webhooks`: register, look after and replay what stores tell at once."""

from datetime import timedelta
from typing import Annotated, Any

import typer
from msgspec import structs

from woosync import bootstrap
from woosync.entrypoints.cli import output, running
from woosync.flows import webhooks
from woosync.postgres import deliveries

app = typer.Typer(add_completion=False, no_args_is_help=True)

ACTOR = "command line"
COUNTED = timedelta(days=1)
HEALTH = (
    "topic",
    "state",
    "received",
    "refused",
    "waiting",
    "parked",
    "last_at",
    "delivery_url",
)
ROOMY = ("waiting", "delivery_url")
CHANGES = ("topic", "done", "webhook_id")
DELIVERIES = ("store", "id", "received_at", "topic", "state", "attempts", "repeated", "cause")
State = Annotated[str | None, typer.Option("--state", help="waiting, handled, ignored, parked.")]
Ids = Annotated[list[int] | None, typer.Argument(help="Deliveries; without, all parked ones.")]
Addresses = Annotated[
    list[str] | None, typer.Argument(help="Addresses or blocks such as 203.0.113.0/24.")
]


@app.callback()
def top() -> None:
    """Register, look after and replay webhooks."""


@app.command()
def register(
    *, store: output.Store = bootstrap.DEFAULT_STORE, as_json: output.Json = False
) -> None:
    """Make the webhooks of all topics in the store, or mend those that are there."""

    async def work(opened: bootstrap.Application) -> list[webhooks.Change]:
        return await opened.register_webhooks(store, actor=ACTOR)

    _tell(running.run(work), as_json=as_json)


@app.command()
def rotate(*, store: output.Store = bootstrap.DEFAULT_STORE, as_json: output.Json = False) -> None:
    """Give the webhooks a new secret; the old one is good for another day."""

    async def work(opened: bootstrap.Application) -> list[webhooks.Change]:
        return await opened.rotate_webhook_secret(store, actor=ACTOR)

    _tell(running.run(work), as_json=as_json)


@app.command("list")
def list_(*, store: output.Store = bootstrap.DEFAULT_STORE, as_json: output.Json = False) -> None:
    """Ask the store how its webhooks are; beside it, what came of them here within a day."""

    async def work(opened: bootstrap.Application) -> list[dict[str, Any]]:
        seen = await opened.look_at_webhooks(store)
        found = await opened.load_store(store)
        since = opened.clock() - COUNTED
        counts = await webhooks.load_counts(opened.database, found.id, since=since)
        none = {"received": 0, "refused": 0, "waiting": 0, "parked": 0}
        return [none | structs.asdict(one) | counts.get(one.topic, {}) for one in seen]

    found = running.run(work)
    if as_json:
        output.document({"webhooks": found})
    else:
        output.table(found, HEALTH, empty="No webhooks.", roomy=ROOMY)
        if found and output.is_narrow():
            places = sorted({one["delivery_url"].rpartition("/")[0] for one in found})
            output.say(output.text(f"They deliver to {', '.join(places)}."))


@app.command("deliveries")
def deliveries_(
    *,
    store: output.AnyStore = None,
    state: State = None,
    limit: output.Limit = 100,
    as_json: output.Json = False,
) -> None:
    """List what stores delivered, the newest first; `--state parked` is what needs a person."""

    async def work(opened: bootstrap.Application) -> list[dict[str, object]]:
        async with opened.database.transaction() as tx:
            store_id = await running.store_id(tx, store)
            return await deliveries.load(tx, store_id, state=state, limit=limit)

    found = running.run(work)
    if as_json:
        output.document({"deliveries": found})
    else:
        output.table(found, DELIVERIES, empty="Nothing was delivered.")


@app.command()
def replay(
    ids: Ids = None,
    *,
    store: output.Store = bootstrap.DEFAULT_STORE,
    as_json: output.Json = False,
) -> None:
    """Apply deliveries once more, now: those named, or all that were parked."""

    async def work(opened: bootstrap.Application) -> dict[str, Any]:
        replayed = await opened.replay_deliveries(store, ids)
        report = await opened.apply((await opened.load_store(store)).id)
        fates = {name: getattr(report, name) for name in ("handled", "ignored", "parked")}
        return {"replayed": replayed, **fates, "waiting": report.put_back}

    told = running.run(work)
    if as_json:
        output.document(told)
    else:
        output.say(
            "{replayed} replayed: {handled} handled, {ignored} ignored, {waiting} tried again "
            "later, {parked} parked.".format_map(told)
        )


@app.command()
def allow(
    addresses: Addresses = None,
    *,
    store: output.Store = bootstrap.DEFAULT_STORE,
    as_json: output.Json = False,
) -> None:
    """Say from which addresses deliveries may come; without any, from everywhere."""

    async def work(opened: bootstrap.Application) -> None:
        await opened.allow_addresses(store, addresses or [])

    running.run(work)
    if as_json:
        output.document({"store": store, "allowed": addresses or []})
    else:
        places = ", ".join(addresses) if addresses else "everywhere"
        output.say(f"Deliveries of the store {store} may come from {places}.")


def _tell(changes: list[webhooks.Change], *, as_json: bool) -> None:
    rows = [{"topic": c.topic, "done": c.done, "webhook_id": c.webhook_id} for c in changes]
    if as_json:
        output.document({"webhooks": rows})
    else:
        output.table(rows, CHANGES, empty="Nothing to do.")
