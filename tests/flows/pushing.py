"""Pushing in tests: what the fixture gives."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flows.pulling import Puller
from woosync.domain import conflict_policy
from woosync.flows import push
from woosync.flows.pull import prepare as pull_prepare
from woosync.flows.push import prepare
from woosync.postgres import engine, stores
from woosync.woo import capabilities
from woosync.woo.client import StoreClient


@dataclass
class Pusher:
    """Pushes one database to one simulated store; `later` moves its clock."""

    puller: Puller
    plans: list[dict[str, Any]] = field(default_factory=list)
    later: timedelta = timedelta()
    database: engine.Database | None = None
    client: StoreClient | None = None
    sent: list[tuple[str, str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Note what is written to the store: method, route, body."""
        client = self.puller.client
        send = client.send

        async def noted(method: str, route: str, **named: Any) -> Any:
            self.sent.append((method, route, named.get("body")))
            return await send(method, route, **named)

        client.send = noted  # type: ignore[method-assign] # the test listens

    async def __call__(self, **options: object) -> push.Report:
        database = self.database or self.puller.database

        async def learn() -> capabilities.Capabilities:
            return self.puller.found

        async with self.puller.database.transaction() as tx:
            store = await stores.load(tx, self.puller.store.key)
        chosen: dict[str, object] = {"hold": timedelta(0)} | options
        return await prepare.push(
            prepare.Job(
                database=database,
                store=store,
                client=self.client or self.puller.client,
                learn=learn,
                options=push.Options(**chosen),  # type: ignore[arg-type] # checked by the class
                policies=pull_prepare.rules_of(store.settings),
                actor="test",
                clock=lambda: datetime.now(UTC) + self.later,
                on_plan=self.plans.append,
            )
        )

    async def set_policy(self, policy: conflict_policy.Policy) -> None:
        await self.puller.set_policy(policy)

    async def setting(self, **push_settings: object) -> None:
        async with self.puller.database.transaction() as tx:
            store = await stores.load(tx, self.puller.store.key)
            settings = {**store.settings, "push": push_settings}
            await stores.save(tx, store.id, {"settings": settings})

    async def ready(self) -> None:
        """Let what waits for later be claimed now."""
        await self.puller.run("UPDATE outbox SET available_at = now(), claimed_until = NULL")

    async def waiting(self) -> int:
        """Count what waits, stock aside."""
        found = await self.puller.value("SELECT count(*) FROM outbox WHERE entity <> 'stock'")
        assert isinstance(found, int)
        return found

    async def linked(self, entity: str, condition: str = "true") -> tuple[int, int]:
        """Return (local id, store id) of some linked record."""
        table = {"customer": "customers", "order": "purchase_orders"}.get(entity, "products")
        rows = await self.puller.rows(
            f"SELECT r.id, l.woo_id FROM {table} r JOIN links l ON l.local_id = r.id"
            f" AND l.entity = '{entity}' WHERE {condition} ORDER BY r.id LIMIT 1"
        )
        local_id, woo_id = rows[0]
        assert isinstance(local_id, int)
        assert isinstance(woo_id, int)
        return local_id, woo_id

    def there(self, kind: str, woo_id: int) -> dict[str, Any]:
        """Return a record as the store has it."""
        record = self.puller.running.shop.read(kind, woo_id)
        assert record is not None
        return dict(record)
