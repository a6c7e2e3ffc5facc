"""Get to know a store: what it can do, whether it is still the same shop, what is wrong with it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from woosync import errors
from woosync.postgres import rights, stores, views
from woosync.postgres.engine import Database, Transaction
from woosync.woo import capabilities, probe
from woosync.woo import errors as store_errors
from woosync.woo.client import StoreClient
from woosync.woo.options import AuthMode

#: What a store told of itself is asked for again after this time.
FRESH_FOR = timedelta(days=1)
FETCHED_AT = "fetched_at"


class StoreMovedError(errors.PermanentError):
    """The address now leads to another shop than the one that was pulled."""

    exit_code = 78


async def look(
    database: Database, store: stores.Store, client: StoreClient, *, now: datetime
) -> capabilities.Capabilities:
    """Return what the store can do, as `load_capabilities` does, and save nothing."""
    known = _known(store.capabilities, now=now)
    if known is None:
        known = await capabilities.fetch_capabilities(client)
        _refuse_other_shop(store, known)
        async with database.transaction() as tx:
            await _refuse_taken(tx, store, known.fingerprint)
    return known


async def load_capabilities(
    database: Database, store: stores.Store, client: StoreClient, *, now: datetime, refresh: bool
) -> capabilities.Capabilities:
    """Return what the store can do, asking it when that is unknown, a day old or `refresh` is set.

    What was learned is saved with the way of authentication that worked. Raises what the client
    raises, StoreMovedError when another shop answers, and ShopTakenError.
    """
    known = _known(store.capabilities, now=now)
    if known is not None and not refresh:
        return known
    try:
        found = await capabilities.fetch_capabilities(client)
    except store_errors.StoreAuthFailed:
        # Next time every way of authentication is tried again.
        await save(database, store, {"auth_mode": AuthMode.AUTO.value, "capabilities": {}})
        raise
    await _save_learned(database, store, _learned(store, client, found, now=now))
    return found


async def adopt(
    database: Database,
    store: stores.Store,
    client: StoreClient,
    changes: Mapping[str, object],
    *,
    now: datetime,
) -> None:
    """Try an address or key that is new, and save it when the same shop answers and takes it.

    `client` uses the changes already. Raises what the client raises, StoreMovedError and
    ShopTakenError; then everything stays as it was.
    """
    await client.fetch("products", {"per_page": 1, "_fields": "id"})
    found = await capabilities.fetch_capabilities(client)
    learned = _learned(store, client, found, now=now)
    await _save_learned(database, store, dict(changes) | learned)


def _learned(
    store: stores.Store, client: StoreClient, found: capabilities.Capabilities, *, now: datetime
) -> dict[str, object]:
    _refuse_other_shop(store, found)
    return {
        "auth_mode": client.auth_mode.value,
        "capabilities": {**found.to_json(), FETCHED_AT: now.isoformat()},
        "fingerprint": found.fingerprint or store.fingerprint,
        "name": found.name or store.name,
    }


async def _save_learned(
    database: Database, store: stores.Store, values: Mapping[str, object]
) -> None:
    """Save what a shop told, unless it is another store's shop."""
    async with database.transaction() as tx:
        await stores.alone(tx)
        await _refuse_taken(tx, store, str(values["fingerprint"]))
        await stores.save(tx, store.id, values)


async def save(database: Database, store: stores.Store, values: Mapping[str, object]) -> None:
    """Change columns of a store."""
    async with database.transaction() as tx:
        await stores.save(tx, store.id, values)


async def check_database(database: Database) -> probe.Finding:
    """Look the database over, writing nothing; raises the errors of `postgres.errors`."""
    async with database.transaction() as tx:
        version = await views.load_server_version(tx)
        lacking = await rights.load_lacking(tx)
    if lacking:
        return probe.Finding(
            "database",
            probe.State.FAILED,
            f"PostgreSQL {version} answers, but {lacking}.",
            "Let the user own the database and its tables, or name another one in DATABASE_URL; "
            "a read-only copy belongs in REPLICA_DATABASE_URL.",
        )
    return probe.Finding("database", probe.State.GOOD, f"PostgreSQL {version}, tables up to date.")


async def check_store(
    database: Database, store: stores.Store, client: StoreClient
) -> tuple[probe.Finding, ...]:
    """Look a store over, without changing anything in it."""
    found = await probe.probe(client)
    if found.capabilities is None:
        return found.findings
    try:
        _refuse_other_shop(store, found.capabilities)
        async with database.transaction() as tx:
            await _refuse_taken(tx, store, found.capabilities.fingerprint)
    except (StoreMovedError, stores.ShopTakenError) as error:
        other = probe.Finding("shop", probe.State.FAILED, error.message, error.remedy)
        return (*found.findings, other)
    return found.findings


def _known(stored: Mapping[str, object], *, now: datetime) -> capabilities.Capabilities | None:
    fetched = stored.get(FETCHED_AT)
    try:
        age = now - datetime.fromisoformat(str(fetched)).astimezone(UTC)
        known = capabilities.Capabilities.from_json(stored)
    except ValueError:
        return None
    return known if timedelta(0) <= age < FRESH_FOR else None


def _refuse_other_shop(store: stores.Store, found: capabilities.Capabilities) -> None:
    if not store.fingerprint or not found.fingerprint or store.fingerprint == found.fingerprint:
        return
    raise StoreMovedError(
        f"The shop that answers calls itself {found.home_url}, and that is not the shop that the "
        f"store {store.key} was pulled from.",
        remedy=f"If the shop has moved, say so with `woosync stores moved {store.key}`; if it is "
        "another shop, add it with `woosync stores add` or use another database.",
    )


async def _refuse_taken(tx: Transaction, store: stores.Store, fingerprint: str) -> None:
    """Refuse a shop that another store stands for, also a removed one: its records are here."""
    twin = await stores.load_twin(tx, store.id, fingerprint)
    if twin is None:
        return
    key, url, removed = twin
    again = (
        f"Take that one: `woosync stores remove {store.key}`"
        + (f", `woosync stores add {key} --url {url}`" if removed else "")
        + f", then `woosync stores update {key} --url {store.url}` if this is its address now."
    )
    raise stores.ShopTakenError(
        f"The shop behind the store {store.key} is the one that the {'removed ' * removed}store "
        f"{key} was pulled from; everything would be counted twice.",
        remedy=again,
    )
