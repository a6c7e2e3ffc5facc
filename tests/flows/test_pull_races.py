"""Pulls of a store that changes meanwhile: nothing missed, nothing doubled, in any time zone."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import woosim
from flows.pulling import OpenPuller, OpenShop, Puller
from flows.test_pull_crashes import assert_whole
from woosim import errors as shop_errors
from woosim.admin import actions, trade
from woosync.postgres import runs

SIZES = {"products": 60, "variable": 8, "customers": 30, "orders": 40}
#: The smallest overlap that is right: dates of a store are whole seconds.
SHARP = timedelta(seconds=1)
DELETABLE = ("product", "variation", "customer", "order")


class Trader(trade.Trader):
    """Leaves deleting to the meddler, who knows how much is too much."""

    def _trash(self) -> None:
        return None

    def _delete(self) -> None:
        return None


class Meddler:
    """Shoppers and staff who act whenever the store has answered, drawn by a seed."""

    def __init__(self, shop: woosim.Shop, seed: int) -> None:
        self.shop = shop
        self.trader = Trader(shop, seed)
        self.chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.deleted = 0

    def act(self) -> None:
        self.trade(self.chance.choice((0, 1, 1, 2, 4)))
        if self.chance.random() < 0.3:
            self.delete_or_restore()

    def trade(self, times: int) -> None:
        for _ in range(times):
            self.trader.step()

    def delete_or_restore(self) -> None:
        kind = self.chance.choice(DELETABLE)
        known = [i for i in range(1, 2_000) if self.shop.read(kind, i) is not None]
        chosen = self.chance.choice(known)
        with contextlib.suppress(LookupError, shop_errors.RestError):
            if self.chance.random() < 0.4:
                self.trader._restore()
            elif self.deleted < 12:  # more would be taken for a fault of the store
                force = self.chance.random() < 0.5 or kind == "variation"
                actions.delete(self.shop, kind, chosen, force=force)
                self.deleted += 1


@contextlib.contextmanager
def meddled(running: woosim.Running, act: Callable[[], None]) -> Iterator[None]:
    """Have `act` done after every answer of the store, while the next request is under way."""
    front = running.front
    answer = front.answer
    defects: list[Exception] = []

    async def answer_and_act(*arguments: Any) -> Any:
        answered = await answer(*arguments)
        try:
            act()
        except Exception as defect:  # noqa: BLE001 - it would look like a failure of the store
            defects.append(defect)
        return answered

    front.answer = answer_and_act  # type: ignore[method-assign] # the point of it
    try:
        yield
    finally:
        front.answer = answer  # type: ignore[method-assign] # as it was
    if defects:
        raise defects[0]


async def settle(puller: Puller, **options: Any) -> None:
    """Pull once more while nothing happens, and compare everything."""
    await puller(sweep=True, scan_customers=True, **options)
    await assert_whole(puller)


@pytest.mark.parametrize("page_size", [7, 10])
@pytest.mark.parametrize("seed", range(2))
async def test_a_full_pull_of_a_changing_store_is_made_whole_by_the_next_pull(
    seed: int, page_size: int, open_shop: OpenShop, open_puller: OpenPuller
) -> None:
    running = await open_shop(**SIZES, seed=seed)
    puller = await open_puller(running)
    with meddled(running, Meddler(running.shop, seed).act):
        await puller(page_size=page_size)
    await settle(puller, page_size=page_size, overlap=SHARP)


@pytest.mark.parametrize("page_size", [7, 10])
@pytest.mark.parametrize("seed", range(2))
async def test_incremental_pulls_of_a_changing_store_are_made_whole_by_the_next_pull(
    seed: int, page_size: int, open_shop: OpenShop, open_puller: OpenPuller
) -> None:
    running = await open_shop(**SIZES, seed=seed)
    puller = await open_puller(running)
    await puller(page_size=page_size)
    meddler = Meddler(running.shop, 100 + seed)
    for sweep in (False, True, False):
        meddler.trade(15)
        with meddled(running, meddler.act):
            await puller(page_size=page_size, sweep=sweep, overlap=SHARP)
    await settle(puller, page_size=page_size, overlap=SHARP)


async def test_stock_sold_while_it_is_pulled_is_counted_once(
    open_shop: OpenShop, open_puller: OpenPuller
) -> None:
    running = await open_shop(**SIZES, seed=5)
    puller = await open_puller(running)
    shop = running.shop
    goods = [
        i
        for i in range(1, 200)
        if (record := shop.read("product", i)) is not None
        and record["type"] == "simple"
        and record["manage_stock"] is True
    ][:5]

    sold = iter(range(40))  # an end, since a pull follows a store as long as it sells

    def sell() -> None:
        for product in goods if next(sold, None) is not None else ():
            actions.sell(shop, [{"product_id": product, "quantity": 1}])

    with meddled(running, sell):
        await puller(page_size=10)
        await puller(page_size=10, overlap=SHARP)
    await settle(puller, overlap=SHARP)
    for product in goods:
        level = (shop.read("product", product) or {})["stock_quantity"]
        here = (
            "SELECT i.on_hand, (SELECT sum(reduced_qty) FROM order_line_effects"
            f" WHERE woo_product_id = {product}) FROM inventory i JOIN links l ON"
            f" l.local_id = i.product_id AND l.entity = 'product' AND l.woo_id = {product}"
        )
        [(on_hand, reduced)] = await puller.rows(here)
        assert on_hand == level
        assert reduced is not None


async def test_of_two_pulls_at_once_the_second_is_refused(
    open_shop: OpenShop, open_puller: OpenPuller
) -> None:
    running = await open_shop(**SIZES, seed=6)
    puller = await open_puller(running)
    running.front.faults.inject("slow", path="/wc/v3/orders", options={"seconds": 8})
    results = await asyncio.gather(puller(page_size=7), puller(), return_exceptions=True)
    refused = [result for result in results if isinstance(result, runs.RunUnderWayError)]
    assert len(refused) == 1
    assert refused[0].remedy
    assert await puller.rows("SELECT state FROM sync_runs") == [("completed",)]
    await settle(puller)


class ShopTime:
    """A shop's clock that stands still until it is told to go on."""

    def __init__(self, start: datetime) -> None:
        self.at = start

    def now(self) -> datetime:
        return self.at

    def advance(self, **by: float) -> None:
        self.at += timedelta(**by)


@contextlib.asynccontextmanager
async def shop_at(time: ShopTime, zone: str, **sizes: Any) -> Any:
    options = woosim.Options(**{**SIZES, "seed": 8, "zone": zone, **sizes})
    async with woosim.serve(woosim.Shop(options, now=time.now)) as running:
        yield running


@pytest.mark.parametrize("seed", range(2))
async def test_an_old_store_that_changes_is_made_whole_too(
    seed: int, open_puller: OpenPuller
) -> None:
    """Without /variations a product tells of its variations, by a date of whole seconds."""
    time = ShopTime(datetime(2026, 1, 5, 12, tzinfo=UTC))
    async with shop_at(time, "Europe/Berlin", version="10.2") as running:
        puller = await open_puller(running)
        meddler = Meddler(running.shop, 200 + seed)

        def act() -> None:
            time.advance(seconds=1)
            meddler.act()
            time.advance(seconds=1)

        with meddled(running, act):
            await puller(page_size=10)
            await puller()
        await settle(puller)


#: Each an hour before the clocks go back, or on at night's end; zones without that for comparison.
NIGHTS = {
    "Berlin back": ("Europe/Berlin", datetime(2025, 10, 26, 0, 0, tzinfo=UTC)),
    "Berlin on": ("Europe/Berlin", datetime(2026, 3, 29, 0, 0, tzinfo=UTC)),
    "New York back": ("America/New_York", datetime(2025, 11, 2, 5, 0, tzinfo=UTC)),
    "New York on": ("America/New_York", datetime(2026, 3, 8, 6, 0, tzinfo=UTC)),
    "Lord Howe back, half an hour": ("Australia/Lord_Howe", datetime(2026, 4, 4, 14, tzinfo=UTC)),
    "Lord Howe on, half an hour": ("Australia/Lord_Howe", datetime(2025, 10, 4, 14, tzinfo=UTC)),
    "Kolkata": ("Asia/Kolkata", datetime(2025, 10, 26, 0, 0, tzinfo=UTC)),
}


@pytest.mark.parametrize("night", NIGHTS)
async def test_no_change_of_a_night_is_missed(night: str, open_puller: OpenPuller) -> None:
    zone, start = NIGHTS[night]
    time = ShopTime(start)
    async with shop_at(time, zone) as running:
        puller = await open_puller(running)
        await puller()
        shop = running.shop
        products = [i for i in range(1, 200) if shop.read("product", i) is not None]
        names = {}
        for step, product in enumerate(products[:24]):
            time.advance(minutes=7, seconds=1)
            names[product] = f"Named in step {step}"
            actions.edit(shop, "product", product, {"name": names[product]})
            if step % 3 == 2:
                report = await puller(sweep=False, overlap=SHARP)
                assert report.counts["product"]["updated"] == 3, step
        found = await puller.rows(
            "SELECT l.woo_id, p.name FROM products p JOIN links l ON l.local_id = p.id"
            " AND l.entity = 'product' WHERE p.name LIKE 'Named in%'"
        )
        assert dict(found) == names  # type: ignore[arg-type] # pairs
        await settle(puller, overlap=SHARP)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
async def test_a_fifth_of_the_products_changed_in_one_second_all_arrive(
    zone: str, open_puller: OpenPuller
) -> None:
    time = ShopTime(datetime(2026, 1, 5, 12, tzinfo=UTC))
    async with shop_at(time, zone, products=150) as running:
        puller = await open_puller(running)
        await puller()
        shop = running.shop
        products = [i for i in range(1, 400) if shop.read("product", i) is not None]
        time.advance(hours=1)
        for product in products[::5]:
            actions.edit(shop, "product", product, {"name": "Changed at once"})
        report = await puller(page_size=7, sweep=False, overlap=SHARP)
        assert report.counts["product"]["updated"] == 30
        # The second has not ended: what changes in it now must not hide behind the cursor.
        for product in products[1::5]:
            actions.edit(shop, "product", product, {"name": "Changed in the same second"})
        report = await puller(page_size=7, sweep=False, overlap=SHARP)
        assert report.counts["product"]["updated"] == 30
        time.advance(seconds=1)
        actions.edit(shop, "product", products[2], {"name": "Changed in the next"})
        report = await puller(page_size=7, sweep=False, overlap=SHARP)
        assert report.counts["product"]["updated"] == 1
        await settle(puller, overlap=SHARP)


async def test_a_shop_clock_that_is_ahead_hides_nothing(open_puller: OpenPuller) -> None:
    time = ShopTime(datetime(2026, 1, 5, 12, tzinfo=UTC))
    async with shop_at(time, "Europe/Berlin") as running:
        puller = await open_puller(running)
        await puller()
        shop = running.shop
        products = [i for i in range(1, 200) if shop.read("product", i) is not None]
        time.advance(days=400)
        actions.edit(shop, "product", products[0], {"name": "From the future"})
        time.advance(days=-399)
        await puller(sweep=False, overlap=SHARP)
        actions.edit(shop, "product", products[1], {"name": "From now on"})
        report = await puller(sweep=False, overlap=SHARP)
        assert report.counts["product"]["updated"] == 1
        await settle(puller, overlap=SHARP)


async def test_records_made_and_removed_between_two_pages_do_no_harm(
    open_shop: OpenShop, open_puller: OpenPuller
) -> None:
    running = await open_shop(**SIZES, seed=9)
    puller = await open_puller(running)
    shop = running.shop
    made: list[tuple[str, int]] = []
    numbers = iter(range(1_000))

    def make_and_remove() -> None:
        values = {"name": "Short-lived", "regular_price": "1.00"}
        made.append(("product", actions.create(shop, "product", values)["id"]))
        person = {"email": f"short{next(numbers)}@example.test"}
        made.append(("customer", actions.create(shop, "customer", person)["id"]))
        if len(made) > 6:
            for kind, record_id in (made.pop(0), made.pop(0)):
                actions.delete(shop, kind, record_id, force=True)

    with meddled(running, make_and_remove):
        await puller(page_size=7, sweep=False)
        await puller(page_size=7, overlap=SHARP, sweep=False)
    await settle(puller, overlap=SHARP)
