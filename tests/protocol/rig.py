"""Stores and a back office that can be hurt at will: for the state machine, chaos and mutants.

Everything is real (HTTP on loopback, PostgreSQL) but time, late requests and kills, which happen
exactly when a test says so: a kill ends all that the "process" does at its next commit or call.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import woosim
from woosim.admin import actions
from woosync.domain import conflict_policy
from woosync.flows import ingest, stock, undo
from woosync.flows.ingest import news
from woosync.flows.ingest.streams import PRODUCTS
from woosync.flows.stock import holding
from woosync.postgres import cursors, engine, stores
from woosync.woo import capabilities, errors, lookup
from woosync.woo.client import Answer, StoreClient
from woosync.woo.clock import Clock
from woosync.woo.options import StoreOptions

#: Examples lie so far apart in the shops' time that no overlap reaches back into the one before.
APART = 3600


class Killed(BaseException):
    """The process was killed."""


@dataclass
class Bomb:
    """Kills when it has been asked often enough; after that everything is dead at once."""

    left: int = 0
    passed: int = 0

    def tick(self) -> None:
        self.passed += 1
        if self.left and self.passed >= self.left:
            raise Killed


class Database(engine.Database):
    """Ticks before and after every commit."""

    bomb = Bomb()

    @contextlib.asynccontextmanager
    async def transaction(self, *, relaxed: bool = False) -> AsyncIterator[engine.Transaction]:
        async with super().transaction(relaxed=relaxed) as connection:
            yield connection
            self.bomb.tick()
        self.bomb.tick()


class Client(StoreClient):
    """Ticks before and after every request; keeps back writes that are to come late."""

    bomb = Bomb()
    late = 0
    kept: list[Callable[[], Awaitable[Answer]]]

    async def fetch_as(self, *arguments: Any, **named: Any) -> Any:
        self.bomb.tick()
        answer = await super().fetch_as(*arguments, **named)
        self.bomb.tick()
        return answer

    async def send(self, method: str, route: str, **named: Any) -> Answer:
        self.bomb.tick()
        if self.late:
            self.late -= 1
            self.kept.append(lambda: StoreClient.send(self, method, route, **named))
            raise errors.OutcomeUnknown("The answer never came.", remedy="Wait.")
        answer = await super().send(method, route, **named)
        self.bomb.tick()
        return answer


@dataclass
class Shop:
    """One store with its client, and its row in the database."""

    running: woosim.Running
    client: Client
    found: capabilities.Capabilities
    store: stores.Store

    @property
    def shop(self) -> woosim.Shop:
        return self.running.shop

    def level(self, woo_id: int) -> int:
        record = self.shop.read("product", woo_id)
        assert record is not None
        return int(record["stock_quantity"])

    def writes(self) -> int:
        """Count the writing requests the store got so far."""
        return sum(
            count
            for (method, _), count in self.running.front.requests.items()
            if method not in {"GET", "HEAD"}
        )

    def held_by_orders(self, woo_id: int) -> int:
        """Return what all order lines hold of a product now."""
        total = 0
        for order in self.shop.catalogs["order"].touched.values():
            for line in order["line_items"]:
                if line["product_id"] == woo_id:
                    held = [m["value"] for m in line["meta_data"] if m["key"] == "_reduced_stock"]
                    total += int(held[0]) if held else 0
        return total


@dataclass
class Rig:
    """Stores, one database, one clock; `places` are the warehouses that stores sell from, by id."""

    database: Database
    shops: list[Shop]
    ahead: timedelta = timedelta()
    numbers: int = 0
    bomb: Bomb = field(default_factory=Bomb)
    places: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def pass_time(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)
        for one in self.shops:
            one.running.front.clock.advance(seconds)

    def monotonic(self) -> float:
        """Return seconds of the test's time: faults that open a breaker close it in time."""
        return time.monotonic() + self.ahead.total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.pass_time(seconds)
        await asyncio.sleep(0)

    def arm(self, left: int) -> None:
        self.bomb.left, self.bomb.passed = left, 0

    async def job(self, one: Shop, **options: Any) -> stock.Job:
        async with self.database.transaction() as tx:
            store = await stores.load(tx, one.store.key)
        return await stock.prepare(
            stock.Wanted(
                database=self.database,
                store=store,
                client=one.client,
                capabilities=one.found,
                policies=conflict_policy.Rules(),
                options=stock.Options(**options),
                actor="test",
                clock=self.now,
            )
        )

    async def as_process(self, work: Awaitable[Any], *, kill_at: int = 0) -> bool:
        """Do some work in a process that is killed at a point; tell whether it was."""
        self.arm(kill_at)
        try:
            await work
        except BaseException:
            if self.bomb.left and self.bomb.passed >= self.bomb.left:
                return True
            raise
        finally:
            self.arm(0)
        return False

    async def push(self, one: Shop, **options: Any) -> stock.Report:
        return await stock.push(await self.job(one, **options))

    async def audit(self, one: Shop) -> stock.Report:
        return await stock.audit(await self.job(one))

    async def pull_orders(self, one: Shop) -> None:
        await (await self.job(one)).pull_orders()

    async def see(self, one: Shop, woo_ids: Sequence[int]) -> None:
        """Ingest products as a pull or a webhook does."""
        query = {**PRODUCTS.query, "include": ",".join(map(str, woo_ids)), "orderby": "id"}
        page = await lookup.fetch_page(one.client, "products", query, size=len(woo_ids))
        context = (await self.job(one)).context
        async with self.database.transaction() as tx:
            prepared = await ingest.prepare(tx, context, PRODUCTS.noun, page.records)
        async with self.database.transaction(relaxed=True) as tx:
            await ingest.save(tx, context, PRODUCTS.noun, prepared.incoming)

    async def release(self, one: Shop, *, take: holding.Take) -> int:
        """Decide about everything that is held."""
        held = await self.rows(
            f"SELECT product_id FROM stock_links WHERE state = 'held' AND store_id = {one.store.id}"
        )
        if not held:
            return 0
        ids = [int(str(row[0])) for row in held]
        return await holding.release(await self.job(one), ids, take=take)

    async def newest_run(self) -> int:
        """Return the number of the last run that gathers what was taken over from shops."""
        return int(await self.number("SELECT max(id) FROM sync_runs WHERE direction = 'stock'"))

    async def undo(self, run_id: int) -> undo.Report:
        """Take back what a run booked."""
        whole = undo.Options(yes=True)
        return await undo.undo(self.database, run_id, whole, actor="test", now=self.now())

    async def rows(self, statement: str) -> list[tuple[object, ...]]:
        async with self.database.transaction() as tx:
            return [tuple(row) for row in await (await tx.execute(statement)).fetchall()]

    async def run(self, statement: str) -> None:
        async with self.database.transaction() as tx:
            await tx.execute(statement)

    async def number(self, statement: str) -> Decimal:
        [(found,)] = await self.rows(statement)
        return Decimal(str(found or 0))

    def make_products(self, one: Shop, levels: Sequence[int], *, first: int) -> list[int]:
        """Make products with these levels; SKUs are numbered from `first`."""
        return [
            actions.create(
                one.shop,
                "product",
                {
                    "name": f"Thing {first + n}",
                    "sku": f"T-{first + n}",
                    "regular_price": "1.00",
                    "manage_stock": True,
                    "backorders": "yes",
                    "stock_quantity": level,
                },
            )["id"]
            for n, level in enumerate(levels)
        ]

    async def local_id(self, one: Shop, woo_id: int) -> int:
        found = await self.number(
            "SELECT local_id FROM links WHERE entity = 'product'"
            f" AND store_id = {one.store.id} AND woo_id = {woo_id}"
        )
        return int(found)

    async def add_warehouse(self) -> int:
        """Add a warehouse with nothing in it."""
        self.numbers += 1
        name = f"W-{self.numbers}"
        await self.run(f"INSERT INTO warehouses (code) VALUES ('{name}')")
        return int(await self.number(f"SELECT id FROM warehouses WHERE code = '{name}'"))

    async def sell_from(self, one: Shop, *warehouses: int) -> None:
        """Let a store sell from these warehouses."""
        rules = RULES | {"warehouses": list(warehouses)}
        async with self.database.transaction() as tx:
            await stores.save(tx, one.store.id, {"settings": {"stock": rules}})

    async def chain(self, one: Shop, middle: Shop, last: Shop) -> None:
        """Let two stores share nothing, and both share with the one in the middle."""
        first, second = one.store.warehouse_id, await self.add_warehouse()
        self.places |= {
            one.store.id: (first,),
            middle.store.id: (first, second),
            last.store.id: (second,),
        }
        for shop in (one, middle, last):
            await self.sell_from(shop, *self.places[shop.store.id])

    async def begin(self) -> None:
        """Leave what was before behind: an hour later, nothing faulty, nobody listening."""
        self.arm(0)
        self.pass_time(APART)
        for statement in FORGET:
            await self.run(statement)
        for one in self.shops:
            one.running.front.faults.clear()
            one.client.late, one.client.kept = 0, []
            one.client.breaker.succeeded()
            async with self.database.transaction() as tx:
                await cursors.save(tx, one.store.id, "order", news.Position(self.now()))
                await cursors.save(tx, one.store.id, news.CURSOR, news.Position(self.now()))


#: What an example left open is no business of the next one.
FORGET = (
    "DELETE FROM outbox",
    "UPDATE stock_ops SET state = 'refused' WHERE state IN ('planned', 'sent', 'unknown')",
    "UPDATE stock_links SET state = 'unmanaged' WHERE state <> 'unmanaged'",
)
RULES = {"pause": 0, "brake": {"share": 1, "products": 1000}}


@contextlib.asynccontextmanager
async def opened(url: str, *, count: int = 2) -> AsyncIterator[Rig]:
    """Serve stores beside a database."""
    async with contextlib.AsyncExitStack() as stack:
        database = Database(url)
        stack.push_async_callback(database.close)
        rig = Rig(database, [])
        database.bomb = rig.bomb
        for number in range(count):
            sizes = woosim.Options(products=0, variable=0, customers=0, orders=0)
            running = await stack.enter_async_context(woosim.serve(woosim.Shop(sizes)))
            options = StoreOptions(
                url=running.url,
                key=running.key,
                secret=running.secret,
                allow_private=True,
                backoff=0,
                retries=0,
                timeout=10,
            )
            clock = Clock(monotonic=rig.monotonic, sleep=rig.sleep)
            client = await stack.enter_async_context(Client(options, clock=clock))
            client.bomb, client.kept = rig.bomb, []
            found = await capabilities.fetch_capabilities(client)
            async with database.transaction() as tx:
                values = {"url": running.url, "settings": {"stock": RULES}}
                store = await stores.save_new(tx, f"store{number}", values)
            rig.shops.append(Shop(running, client, found, store))
            rig.places[store.id] = (store.warehouse_id,)
        yield rig


@contextlib.asynccontextmanager
async def opened_for_machine(url: str) -> AsyncIterator[Rig]:
    """Serve two stores that share all their goods, and two that make a chain with the first."""
    async with opened(url, count=4) as rig:
        one, _, middle, last = rig.shops
        await rig.chain(one, middle, last)
        yield rig
