"""The store that the live suite runs against, as the environment names it."""

import asyncio
import concurrent.futures
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from woosync.flows import audit, pull
from woosync.flows.pull import prepare
from woosync.postgres import engine, stores
from woosync.woo import capabilities, errors
from woosync.woo.client import StoreClient
from woosync.woo.options import StoreOptions

#: What the suite may take to read a store, unless WOO_MAX_SECONDS says otherwise.
SECONDS = 900.0
STORE = "live"
LISTS = ("products", "variations", "customers", "orders", "refunds")


@dataclass(frozen=True, slots=True)
class Target:
    """Where the store is and how long it may be read; the keys never show."""

    url: str
    key: str = field(repr=False)
    secret: str = field(repr=False)
    ca_file: Path | None
    seconds: float

    def connect(self) -> StoreClient:
        return StoreClient(
            StoreOptions(
                url=self.url,
                key=self.key,
                secret=self.secret,
                ca_file=self.ca_file,
                allow_private=True,
            )
        )


def from_environment(given: Mapping[str, str]) -> Target | None:
    """Read WOO_URL, WOO_KEY, WOO_SECRET, WOO_CA and WOO_MAX_SECONDS; None without a store."""
    url, key, secret = (given.get(name, "") for name in ("WOO_URL", "WOO_KEY", "WOO_SECRET"))
    if not (url and key and secret):
        return None
    ca_file = Path(given["WOO_CA"]) if given.get("WOO_CA") else None
    return Target(
        url.rstrip("/"), key, secret, ca_file, float(given.get("WOO_MAX_SECONDS", SECONDS))
    )


@dataclass(frozen=True, slots=True)
class Live:
    """The store and a database that it is pulled into."""

    target: Target
    client: StoreClient
    found: capabilities.Capabilities
    database: engine.Database
    store: stores.Store

    async def pull(self, **options: object) -> pull.Report:
        async def learn() -> capabilities.Capabilities:
            return self.found

        return await prepare.pull(
            prepare.Job(
                database=self.database,
                store=self.store,
                client=self.client,
                learn=learn,
                options=pull.Options(**options),  # type: ignore[arg-type] # checked by the class
                actor="live test",
                clock=lambda: datetime.now(UTC),
                on_progress=lambda _: None,
                on_plan=lambda _: None,
            )
        )

    async def audit(self) -> list[audit.Agreement]:
        return await audit.audit(
            audit.Audit(
                database=self.database,
                client=self.client,
                capabilities=self.found,
                store_id=self.store.id,
                warehouse_id=self.store.warehouse_id,
            )
        )

    async def rows(self, statement: str) -> list[tuple[object, ...]]:
        async with self.database.transaction() as tx:
            return await (await tx.execute(statement)).fetchall()  # type: ignore[arg-type] # ours


@contextlib.asynccontextmanager
async def opened(target: Target, database_url: str) -> AsyncIterator[Live]:
    """Open the store and the database, registering the store there at first."""
    database = engine.Database(database_url)
    async with target.connect() as client:
        found = await capabilities.fetch_capabilities(client)
        async with database.transaction() as tx:
            try:
                store = await stores.load(tx, STORE)
            except stores.UnknownStoreError:
                store = await stores.save_new(tx, STORE, {"url": target.url})
        yield Live(target, client, found, database, store)
    await database.close()


async def estimate(client: StoreClient) -> tuple[int, float]:
    """Return how many records the store has, and the seconds to read them once, page by page."""
    records, pages = 0, 0
    for route in LISTS:
        try:
            answer = await client.fetch(route, {"per_page": 1, "_fields": "id"})
        except (errors.NotAStore, errors.StoreRejected):
            continue  # older stores do not have every list
        records += answer.total or 0
        pages += 1 + (answer.total or 0) // 100
    started = time.perf_counter()
    await client.fetch("products", {"per_page": 100})
    return records, pages * (time.perf_counter() - started)


@dataclass(frozen=True)
class Pulled:
    """A database that holds the whole store, to be cloned, and how the pull went."""

    template: str
    report: pull.Report


def apart(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run asynchronous work to its end outside the tests' own event loops."""
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work())).result()
