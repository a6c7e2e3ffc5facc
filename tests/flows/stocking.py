"""Writing stock in tests: a pulled store, and the protocol by hand."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import woosim
from flows.pulling import Puller
from woosim.admin import actions
from woosync.flows import stock
from woosync.flows.pull import prepare as pull_prepare
from woosync.postgres import stores


@dataclass
class Time:
    """A clock that a test moves on."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def pass_by(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


@dataclass
class Stocker:
    """One store whose stock is written from here."""

    puller: Puller
    time: Time = field(default_factory=Time)
    moves: int = 0

    @property
    def shop(self) -> woosim.Shop:
        return self.puller.running.shop

    async def job(self, *, run_id: int | None = None, **options: Any) -> stock.Job:
        async with self.puller.database.transaction() as tx:
            store = await stores.load(tx, self.puller.store.key)
        return await stock.prepare(
            stock.Wanted(
                database=self.puller.database,
                store=store,
                client=self.puller.client,
                capabilities=self.puller.found,
                policies=pull_prepare.rules_of(store.settings),
                options=stock.Options(**options),
                actor="test",
                clock=self.time,
                run_id=run_id,
            )
        )

    async def push(self, **options: Any) -> stock.Report:
        return await stock.push(await self.job(**options))

    async def audit(self, **options: Any) -> stock.Report:
        return await stock.audit(await self.job(**options))

    async def set_rules(self, **rules: object) -> None:
        async with self.puller.database.transaction() as tx:
            await stores.save(
                tx, self.puller.store.id, {"settings": {"stock": {"pause": 0} | rules}}
            )

    async def move(self, woo_id: int, qty: int, *, warehouse: int | None = None) -> None:
        """Book a movement as anybody in the warehouse would, with plain SQL."""
        self.moves += 1
        product = await self.local(woo_id)
        place = warehouse or self.puller.store.warehouse_id
        await self.puller.run(
            "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref)"
            f" VALUES ({product}, {place}, {qty}, 'receipt', 'test {self.moves}')"
        )

    async def local(self, woo_id: int) -> int:
        found = await self.puller.value(
            f"SELECT local_id FROM links WHERE store_id = {self.puller.store.id}"
            f" AND entity IN ('product', 'variation') AND woo_id = {woo_id}"
        )
        return int(str(found))

    def level(self, woo_id: int) -> int:
        """Return what the store really shows."""
        kind = "product" if self.shop.read("product", woo_id) else "variation"
        record = self.shop.read(kind, woo_id)
        assert record is not None
        return int(record["stock_quantity"])

    def counted(self, amount: int = 1, *, kind: str = "product") -> list[int]:
        """Return records that count their stock, and sell."""
        catalog = self.shop.catalogs[kind]
        ids = [catalog.base.id_of(i) for i in range(catalog.base.size)]
        found = [
            i
            for i in ids
            if (r := self.shop.read(kind, i)) is not None
            if r["manage_stock"] is True and r["status"] == "publish" and r["stock_quantity"] > 5
        ]
        return found[:amount]

    def sell(self, woo_id: int, quantity: int, **more: Any) -> dict[str, Any]:
        key = "product_id" if self.shop.read("product", woo_id) else "variation_id"
        return actions.sell(self.shop, [{key: woo_id, "quantity": quantity}], **more)

    async def on_hand(self, woo_id: int) -> Decimal:
        found = await self.puller.value(
            f"SELECT sum(on_hand) FROM inventory WHERE product_id = {await self.local(woo_id)}"
        )
        return Decimal(str(found))

    async def state(self, woo_id: int) -> tuple[Decimal, str]:
        [(expected, state)] = await self.puller.rows(
            f"SELECT expected, state FROM stock_links WHERE store_id = {self.puller.store.id}"
            f" AND woo_id = {woo_id}"
        )
        return Decimal(str(expected)), str(state)

    async def assert_settled(self, woo_id: int, units: int) -> None:
        """Both sides, the ledger and what is expected say the same."""
        assert self.level(woo_id) == units
        assert await self.on_hand(woo_id) == units
        assert await self.state(woo_id) == (units, "clean")
        assert await self.puller.value("SELECT count(*) FROM outbox WHERE entity = 'stock'") == 0

    def writes(self) -> int:
        """Count the requests that may have changed the store."""
        return sum(
            count
            for (method, _), count in self.puller.running.front.requests.items()
            if method not in {"GET", "HEAD"}
        )
