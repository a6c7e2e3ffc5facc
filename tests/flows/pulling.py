"""Pulling in tests: what the fixture gives."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from msgspec import structs

import woosim
from woosync.domain import conflict_policy
from woosync.flows import pull
from woosync.flows.pull import prepare
from woosync.postgres import engine, stores
from woosync.woo import capabilities
from woosync.woo.client import StoreClient

OpenShop = Callable[..., Awaitable[woosim.Running]]


@dataclass
class Puller:
    """Pulls one simulated store into one database."""

    database: engine.Database
    running: woosim.Running
    client: StoreClient
    store: stores.Store
    found: capabilities.Capabilities
    plans: list[dict[str, object]] = field(default_factory=list)

    async def __call__(self, **options: object) -> pull.Report:
        async def learn() -> capabilities.Capabilities:
            return self.found

        async with self.database.transaction() as tx:
            store = await stores.load(tx, self.store.key)
        return await prepare.pull(
            prepare.Job(
                database=self.database,
                store=store,
                client=self.client,
                learn=learn,
                options=pull.Options(**options),  # type: ignore[arg-type] # checked by the class
                actor="test",
                clock=lambda: datetime.now(UTC),
                on_progress=lambda _: None,
                on_plan=self.plans.append,
            )
        )

    async def rows(self, statement: str) -> list[tuple[object, ...]]:
        async with self.database.transaction() as tx:
            return [tuple(row) for row in await (await tx.execute(statement)).fetchall()]

    async def value(self, statement: str) -> object:
        return (await self.rows(statement))[0][0]

    async def run(self, statement: str) -> None:
        async with self.database.transaction() as tx:
            await tx.execute(statement)

    async def set_policy(self, policy: conflict_policy.Policy) -> None:
        async with self.database.transaction() as tx:
            settings = {"policies": {"default": policy.value}, "stock": {"pause": 0}}
            await stores.save(tx, self.store.id, {"settings": settings})

    def with_capabilities(self, **changes: bool) -> "Puller":
        return replace(self, found=structs.replace(self.found, **changes))


OpenPuller = Callable[[woosim.Running], Awaitable[Puller]]
