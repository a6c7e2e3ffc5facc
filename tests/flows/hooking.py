"""Webhooks in tests: put deliveries into the inbox, apply them, look at what is here."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flows.pulling import Puller
from woosync.flows import apply as applying
from woosync.flows.pull import prepare
from woosync.postgres import deliveries, stores
from woosync.woo import capabilities


@dataclass
class Clock:
    """A time that stands still until a test moves it."""

    offset: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def advance(self, seconds: float) -> None:
        self.offset += timedelta(seconds=seconds)


@dataclass
class Hooked:
    """A store, a database, and its inbox."""

    puller: Puller
    clock: Clock = field(default_factory=Clock)
    learned: list[Exception] = field(default_factory=list)

    async def tell(self, topic: str, body: Any) -> int:
        """Put a delivery into the inbox, as if it had been received, and return its id."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        new = deliveries.NewDelivery(
            store_id=self.puller.store.id,
            topic=topic,
            webhook_id=1,
            delivery_id="same",
            body=raw,
            body_hash=hashlib.blake2b(raw, digest_size=16).digest(),
            source_address="127.0.0.1",
        )
        async with self.puller.database.transaction() as tx:
            await deliveries.save_new(tx, [new])
        return int(str(await self.puller.value("SELECT max(id) FROM webhook_deliveries")))

    async def apply(self) -> applying.Report:
        async def learn() -> capabilities.Capabilities:
            if self.learned:
                raise self.learned.pop()
            return self.puller.found

        async with self.puller.database.transaction() as tx:
            store = await stores.load(tx, self.puller.store.key)
        return await applying.apply(
            applying.Job(
                database=self.puller.database,
                store=store,
                client=self.puller.client,
                learn=learn,
                rules=prepare.rules_of(store.settings),
                clock=self.clock,
            )
        )

    async def state(self, delivery_id: int) -> tuple[Any, ...]:
        """Return (state, cause, attempts, repeated) of a delivery."""
        found = await self.puller.rows(
            "SELECT state, cause, attempts, repeated FROM webhook_deliveries"
            f" WHERE id = {delivery_id}"
        )
        return found[0]

    async def dump(self) -> dict[str, list[Any]]:
        """Return everything that deliveries may change, without ids and times of our own."""
        return {name: await self.puller.rows(statement) for name, statement in DUMP.items()}


DUMP = {
    "links": "SELECT entity, woo_id, wire_hash, base, woo_parent_id, woo_modified_at FROM links"
    " WHERE tombstoned_at IS NULL ORDER BY 1, 2",
    "customers": "SELECT email, first_name, last_name, role, billing, metadata FROM customers"
    " WHERE deleted_at IS NULL ORDER BY email",
    "products": "SELECT p.sku, p.name, p.kind, p.regular_price, p.details, p.metadata, parent.sku,"
    " parent.name FROM products p LEFT JOIN products parent ON parent.id = p.parent_id"
    " WHERE p.deleted_at IS NULL ORDER BY p.sku, p.name, p.metadata",
    "levels": "SELECT p.sku, p.name, i.on_hand FROM inventory i JOIN products p ON p.id ="
    " i.product_id WHERE p.deleted_at IS NULL ORDER BY p.sku, p.name, i.on_hand",
    "orders": "SELECT o.number, o.status, o.total, o.details, o.metadata, c.email"
    " FROM purchase_orders o LEFT JOIN customers c ON c.id = o.customer_id"
    " WHERE o.deleted_at IS NULL ORDER BY o.number",
    "items": "SELECT o.number, i.line_id, i.quantity, i.total, p.sku, p.name"
    " FROM purchase_order_items i JOIN purchase_orders o ON o.id = i.purchase_order_id"
    " LEFT JOIN products p ON p.id = i.product_id WHERE o.deleted_at IS NULL ORDER BY 1, 2",
    "refunds": "SELECT o.number, r.amount, r.reason, r.details FROM purchase_order_refunds r"
    " JOIN purchase_orders o ON o.id = r.purchase_order_id WHERE r.deleted_at IS NULL"
    " ORDER BY 1, 2, 3",
    "effects": "SELECT order_id, line_id, woo_product_id, reduced_qty FROM order_line_effects"
    " WHERE reduced_qty <> 0 ORDER BY 1, 2",
    "conflicts": "SELECT entity, woo_id, field FROM conflicts ORDER BY 1, 2, 3",
    "quarantine": "SELECT entity, record FROM quarantine ORDER BY 1, 2",
}
Tell = tuple[str, Any]
Make = Callable[[], Sequence[Tell]]
