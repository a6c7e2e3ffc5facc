"""The state machine: trade, edits, faults, kills at random; then everything must agree again."""

import asyncio
import contextlib
import math
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from protocol.rig import Rig, Shop
from woosim.admin import actions

QTY = st.integers(1, 4)
WHICH = st.integers(0, 1)
#: Of histories with shared goods, every how manieth plays in a chain of three stores.
CHAINS = 8
MOVED = st.sampled_from([-3, -1, 1, 2, 8])
#: What may go wrong with a write, and whether the store may have made it.
FAULTS: dict[str, dict[str, Any]] = {
    "lost": {"kind": "reset"},
    "answer lost": {"kind": "reset", "after_write": True},
    "failed after": {"kind": "status", "after_write": True, "options": {"status": 502}},
    "web page": {"kind": "html", "after_write": True},
    "cut": {"kind": "cut_json"},
    "died between": {"kind": "half_write"},
    "sale between": {"kind": "sale_between"},
    "throttled": {"kind": "status", "options": {"status": 429, "retry_after": "0"}},
}
HURT = st.sampled_from([*FAULTS, "late", "", "", "", ""])
KILL = st.sampled_from([0, 0, 0, *range(1, 45)])
ROUNDS = 12


class Machine(RuleBasedStateMachine):
    """Two products that one to three stores sell; everybody does what they like."""

    rig: Rig
    runner: asyncio.Runner
    figures: dict[str, int]
    with_edits = True

    @initialize(levels=st.tuples(st.integers(5, 30), st.integers(0, 30)), shared=st.booleans())
    def begin(self, levels: tuple[int, int], shared: bool) -> None:  # noqa: FBT001 - drawn
        first, second, middle, last = self.rig.shops
        self.shops = [first, second] if shared else [first]
        if shared and levels[1] % CHAINS == CHAINS - 1:
            self.shops = [first, middle, last]
            self.figures["chains of stores"] += 1
        self.turn = 0
        self.changes = self.hurt = self.edits = 0
        self.moved: dict[int, int] = {}
        self.orders: list[tuple[Shop, int]] = []
        self.did(self.start(levels))

    async def start(self, levels: tuple[int, int]) -> None:
        rig = self.rig
        await rig.begin()
        first, rig.numbers = rig.numbers, rig.numbers + len(levels)
        self.products: dict[int, list[int]] = {
            one.store.id: rig.make_products(one, levels, first=first) for one in self.shops
        }
        for one in self.shops:
            await rig.see(one, self.products[one.store.id])
        self.local = [
            await rig.local_id(self.shops[0], i) for i in self.products[self.shops[0].store.id]
        ]
        self.initial = dict(zip(self.local, levels, strict=True))
        self.writes = {one.store.id: one.writes() for one in self.shops}
        self.runs = await rig.newest_run()
        self.ready = True
        if len(self.shops) > 1:
            self.changes += 2 * len(self.local)
            await self.settle()

    def did(self, work: Any) -> Any:
        return self.runner.run(work)

    @invariant()
    def take_turns(self) -> None:
        """Let one of two mean any of three in turn, which draws nothing more by chance."""
        self.turn += len(self.shops) // 3

    def at(self, which: int) -> Shop:
        return self.shops[(which + self.turn) % len(self.shops)]

    def woo_id(self, one: Shop, which: int) -> int:
        return self.products[one.store.id][which]

    # In the shops.

    @rule(store=WHICH, product=WHICH, qty=QTY)
    def sell(self, store: int, product: int, qty: int) -> None:
        one = self.at(store)
        item = {"product_id": self.woo_id(one, product), "quantity": qty}
        self.orders.append((one, actions.sell(one.shop, [item])["id"]))
        self.changes += 1

    @precondition(lambda self: self.orders)
    @rule(which=st.integers(0, 50), status=st.sampled_from(["cancelled", "processing", "pending"]))
    def set_status(self, which: int, status: str) -> None:
        one, order = self.orders[which % len(self.orders)]
        actions.set_status(one.shop, order, status)
        self.changes += 1

    @precondition(lambda self: self.orders)
    @rule(which=st.integers(0, 50), restock=st.booleans())
    def refund(self, which: int, restock: bool) -> None:  # noqa: FBT001 - drawn
        one, order = self.orders[which % len(self.orders)]
        line = (one.shop.read("order", order) or {})["line_items"][0]["id"]
        with contextlib.suppress(Exception):  # more than was paid: the shop refuses
            items = [{"id": line, "quantity": 1}]
            actions.refund(one.shop, order, items=items, restock=restock)
        self.changes += 1

    @precondition(lambda self: self.with_edits)
    @rule(store=WHICH, product=WHICH, level=st.integers(0, 40))
    def edit_in_shop(self, store: int, product: int, level: int) -> None:
        one = self.at(store)
        actions.set_stock(one.shop, "product", self.woo_id(one, product), level)
        self.changes += 1
        self.edits += 1

    # In the back office.

    @rule(product=WHICH, qty=MOVED)
    def move(self, product: int, qty: int) -> None:
        self.rig.numbers += 1
        local = self.local[product]
        places = sorted({one for shop in self.shops for one in self.rig.places[shop.store.id]})
        place = places[self.rig.numbers % len(places)]
        self.moved[local] = self.moved.get(local, 0) + qty
        self.did(
            self.rig.run(
                "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref)"
                f" VALUES ({local}, {place}, {qty}, 'receipt',"
                f" 'm{self.rig.numbers}')"
            )
        )
        self.changes += len(self.shops)

    @rule(product=WHICH, qty=st.integers(0, 3))
    def reserve(self, product: int, qty: int) -> None:
        local = self.local[product]
        self.did(self.rig.run(f"UPDATE inventory SET reserved={qty} WHERE product_id={local}"))
        self.changes += len(self.shops)

    # The protocol, hurt.

    @rule(store=WHICH, fault=HURT, kill=KILL)
    def push(self, store: int, fault: str, kill: int) -> None:
        one = self.at(store)
        self.break_writes(one, fault)
        self.hurt += bool(self.did(self.rig.as_process(self.rig.push(one), kill_at=kill)))
        one.running.front.faults.clear()
        one.client.late = 0

    @rule(store=WHICH, product=WHICH, qty=MOVED, fault=HURT, kill=KILL)
    def move_and_push(self, store: int, product: int, qty: int, fault: str, kill: int) -> None:
        self.move(product, qty)
        self.push(store, fault, kill)

    @rule(store=WHICH, product=WHICH, qty=MOVED, fault=HURT)
    def move_push_and_sell(self, store: int, product: int, qty: int, fault: str) -> None:
        self.move(product, qty)
        self.push(store, fault, 0)
        self.sell(store, product, 1)

    def break_writes(self, one: Shop, fault: str) -> None:
        if not fault:
            return
        self.hurt += 1
        if fault == "late":
            one.client.late = 1
        else:
            one.running.front.faults.inject(
                method="POST", path="/wc/v3/products/batch", **FAULTS[fault]
            )

    @rule(store=WHICH, kill=KILL)
    def audit(self, store: int, kill: int) -> None:
        one = self.at(store)
        self.hurt += bool(self.did(self.rig.as_process(self.rig.audit(one), kill_at=kill)))

    @precondition(lambda self: self.with_edits)
    @rule(store=WHICH, product=WHICH, level=st.integers(0, 40), kill=KILL)
    def edit_and_take_it_back(self, store: int, product: int, level: int, kill: int) -> None:
        self.edit_in_shop(store, product, level)
        self.audit(store, 0)
        run_id = self.did(self.rig.newest_run())
        if run_id > self.runs:
            undone = "SELECT count(*) FROM inventory_movements WHERE kind = 'undo'"
            before = self.did(self.rig.number(undone))
            self.hurt += bool(self.did(self.rig.as_process(self.rig.undo(run_id), kill_at=kill)))
            taken_back = int(self.did(self.rig.number(undone)) - before)
            self.changes += taken_back * len(self.shops)
            self.figures["edits taken back"] += taken_back

    @rule(store=WHICH, kill=KILL)
    def poll_orders(self, store: int, kill: int) -> None:
        work = self.rig.pull_orders(self.at(store))
        self.hurt += bool(self.did(self.rig.as_process(work, kill_at=kill)))

    @rule(store=WHICH, kill=KILL)
    def hear_of_products(self, store: int, kill: int) -> None:
        one = self.at(store)
        work = self.rig.see(one, self.products[one.store.id])
        self.hurt += bool(self.did(self.rig.as_process(work, kill_at=kill)))

    @rule(seconds=st.sampled_from([1, 6, 130]))
    def pass_time(self, seconds: int) -> None:
        self.rig.pass_time(seconds)

    @rule()
    def late_writes_land(self) -> None:
        for one in self.shops:
            self.did(self.land(one))

    async def land(self, one: Shop) -> None:
        kept, one.client.kept = one.client.kept, []
        for send in kept:
            await send()

    # And then all must be well.

    def teardown(self) -> None:
        if getattr(self, "ready", False):
            self.did(self.end())

    async def end(self) -> None:
        for one in self.shops:
            await self.land(one)
        self.rig.pass_time(130)
        await self.settle()
        for one in self.shops:
            for which, woo_id in enumerate(self.products[one.store.id]):
                await self.check(one, woo_id, self.local[which])
        self.figures["examples"] += 1
        for name, amount in (("changes", self.changes), ("faults and kills", self.hurt)):
            self.figures[name] += amount
        self.figures["writes"] += self.count_writes()
        self.figures["edits in shops"] += self.edits

    async def settle(self) -> None:
        take = "store" if self.edits else "ours"
        for _ in range(ROUNDS):
            for one in self.shops:
                await self.rig.audit(one)
                self.figures["held for a person"] += await self.rig.release(one, take=take)
                report = await self.rig.push(one)
            self.count_writes()
            if not await self.is_busy():
                return
        ids = ",".join(map(str, self.local))
        left = await self.rig.rows(
            "SELECT store_id, product_id, expected, observed, state, reason, allocation, wanted,"
            f" seq, agreed_seq FROM stock_links WHERE product_id IN ({ids}) ORDER BY 2, 1"
        )
        marks = await self.rig.rows("SELECT store_id, entity, local_id FROM outbox")
        goods = await self.rig.rows(
            f"SELECT product_id, on_hand, reserved FROM inventory WHERE product_id IN ({ids})"
        )
        raise AssertionError(f"it never comes to rest: {left}, {marks}, {goods}, {report}")

    def count_writes(self) -> int:
        """Count what was written to the stores, which changes and faults must account for."""
        written = sum(one.writes() - self.writes[one.store.id] for one in self.shops)
        allowed = self.changes + 3 * self.hurt + 2 * self.edits
        assert written <= allowed, f"{written} writes for {self.changes} changes, {self.hurt} hurts"
        return written

    async def is_busy(self) -> bool:
        ids = ",".join(map(str, self.local))
        return bool(
            await self.rig.number(
                "SELECT (SELECT count(*) FROM outbox WHERE entity = 'stock') + (SELECT count(*)"
                f" FROM stock_links WHERE product_id IN ({ids}) AND (state <> 'clean' OR"
                " observed <> expected OR wanted IS NOT NULL))"
            )
        )

    async def check(self, one: Shop, woo_id: int, local: int) -> None:
        store_id = one.store.id
        [(expected, allocation)] = await self.rig.rows(
            "SELECT expected, allocation FROM stock_links"
            f" WHERE store_id = {store_id} AND product_id = {local}"
        )
        inventory = f"FROM inventory WHERE product_id = {local}"
        on_hand = await self.rig.number(f"SELECT sum(on_hand) {inventory}")
        places = ",".join(map(str, self.rig.places[store_id]))
        free = await self.rig.number(
            f"SELECT sum(on_hand - reserved) {inventory} AND warehouse_id IN ({places})"
        )
        movements = f"FROM inventory_movements WHERE product_id = {local}"
        assert on_hand == await self.rig.number(f"SELECT sum(qty) {movements}")
        target = free if allocation is None else min(Decimal(str(allocation)), free)
        target = target if target < 0 else Decimal(math.floor(target))
        level = one.level(woo_id)
        assert level == expected == target, f"{level} shown, {expected} expected, {target} wanted"
        sold = await self.rig.number(
            f"SELECT -sum(qty) {movements} AND source_ref LIKE 'store:{store_id}:order:%'"
        )
        assert sold == one.held_by_orders(woo_id), "an order line is not counted exactly once"
        if not self.edits:
            await self.check_truth(local, on_hand)

    async def check_truth(self, local: int, on_hand: Decimal) -> None:
        """Nobody edited a level, so every unit is one of the beginning, moved or sold."""
        which = self.local.index(local)
        sold = sum(s.held_by_orders(self.products[s.store.id][which]) for s in self.shops)
        assert on_hand == self.initial[local] + self.moved.get(local, 0) - sold
