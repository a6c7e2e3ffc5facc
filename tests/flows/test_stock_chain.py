"""Three stores in a chain: the first and the third share nothing, the second shares with both."""

from collections.abc import AsyncIterator

import pytest

from protocol import rig
from woosim.admin import actions
from woosync import errors
from woosync.flows.stock import holding


class Chain:
    """One sells from the first warehouse, two from both, three from the second: one product."""

    def __init__(self, opened: rig.Rig) -> None:
        self.rig = opened
        self.one, self.two, self.three = opened.shops
        self.woo_ids: list[int] = []
        self.local = 0

    async def link(self, first: int, second: int, shown: int = 0) -> None:
        """Let every store sell the product, of which the warehouses have so many."""
        await self.rig.chain(*self.rig.shops)
        for one in self.rig.shops:
            [made] = self.rig.make_products(one, [first if one is self.one else shown], first=1)
            self.woo_ids.append(made)
            await self.rig.see(one, [made])
            if one is self.one:
                self.local = await self.rig.local_id(one, made)
                await self.move(1, second, "opening")

    async def move(self, which: int, qty: int, ref: str = "r") -> None:
        place = self.rig.places[self.two.store.id][which]
        await self.rig.run(
            "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref)"
            f" VALUES ({self.local}, {place}, {qty}, 'receipt', '{ref}{qty}')"
        )

    async def push(self, *order: rig.Shop) -> None:
        for one in order or self.rig.shops:
            await self.rig.push(one)

    async def settle(self) -> None:
        for _ in range(4):
            await self.push()

    def levels(self) -> list[int]:
        return [one.level(woo_id) for one, woo_id in zip(self.rig.shops, self.woo_ids, strict=True)]

    def writes(self) -> int:
        return sum(one.writes() for one in self.rig.shops)

    async def parts(self) -> list[object]:
        found = await self.rig.rows("SELECT allocation FROM stock_links ORDER BY store_id")
        return [row[0] for row in found]


@pytest.fixture
async def chain(database_url: str) -> AsyncIterator[Chain]:
    async with rig.opened(database_url, count=3) as opened:
        await opened.begin()
        yield Chain(opened)


async def test_each_store_gets_what_its_own_warehouses_have(chain: Chain) -> None:
    await chain.link(2, 0)
    await chain.settle()
    assert chain.levels() == [1, 1, 0]
    await chain.move(1, 10)
    await chain.settle()
    assert chain.levels() == [2, 5, 5], "the second one's part comes from the other warehouse"
    assert await chain.parts() == [2, 5, 5]
    marks = await chain.rig.number("SELECT count(*) FROM outbox")
    assert marks == 0


async def test_a_store_for_which_there_is_nothing_is_told_so(chain: Chain) -> None:
    await chain.link(9, 0, shown=5)
    await chain.settle()
    assert chain.levels() == [5, 4, 0]


async def test_whoever_plans_first_nothing_goes_to_and_fro(chain: Chain) -> None:
    await chain.link(9, 4)
    await chain.settle()
    levels, parts, writes = chain.levels(), await chain.parts(), chain.writes()
    assert sum(levels) == 13
    for _ in range(2):
        for one in chain.rig.shops:
            await chain.rig.push(one, sweep=True)
            assert await chain.parts() == parts
    assert (chain.levels(), chain.writes()) == (levels, writes)


async def test_a_store_that_plans_cuts_and_tells_those_at_the_other_end(chain: Chain) -> None:
    await chain.link(6, 6)
    await chain.settle()
    assert chain.levels() == [4, 4, 4]
    await chain.move(1, -4)
    await chain.rig.run("DELETE FROM outbox WHERE store_id <> 1")
    await chain.push(chain.one)
    assert await chain.parts() == [3, 3, 2]
    told = await chain.rig.rows("SELECT store_id FROM outbox WHERE entity = 'stock' ORDER BY 1")
    assert [row[0] for row in told if row[0] != chain.one.store.id] == [2, 3]
    await chain.settle()
    assert chain.levels() == [3, 3, 2]


async def test_a_sale_at_one_end_takes_from_that_stores_part_only(chain: Chain) -> None:
    await chain.link(6, 6)
    await chain.settle()
    writes = chain.writes()
    actions.sell(chain.three.shop, [{"product_id": chain.woo_ids[2], "quantity": 3}])
    await chain.rig.pull_orders(chain.three)
    await chain.settle()
    assert (chain.levels(), chain.writes()) == ([4, 4, 1], writes)


async def test_units_given_up_at_one_end_reach_the_other_through_the_middle(chain: Chain) -> None:
    await chain.link(6, 6)
    await chain.settle()
    await holding.limit(await chain.rig.job(chain.one), chain.local, units=0)
    await chain.settle()
    assert chain.levels() == [0, 6, 6], "the middle lives off the first warehouse now"


async def test_the_middle_is_linked_last_and_the_ends_keep_what_they_show(chain: Chain) -> None:
    first, middle, last = chain.rig.shops
    await chain.rig.chain(*chain.rig.shops)
    for one, level in ((first, 5), (last, 7), (middle, 20)):
        [made] = chain.rig.make_products(one, [level], first=1)
        chain.woo_ids.append(made)
        await chain.rig.see(one, [made])
    chain.local = await chain.rig.local_id(first, chain.woo_ids[0])
    chain.woo_ids = [chain.woo_ids[0], chain.woo_ids[2], chain.woo_ids[1]]
    assert await chain.parts() == [5, 0, 7]
    await chain.settle()
    assert chain.levels() == [4, 4, 4]


async def test_an_end_that_moves_away_leaves_its_goods_to_the_others(chain: Chain) -> None:
    await chain.link(6, 6)
    await chain.settle()
    third = await chain.rig.add_warehouse()
    await chain.rig.sell_from(chain.three, third)
    await chain.settle()
    await chain.settle()
    assert chain.levels() == [6, 6, 0]
    assert await chain.parts() == [6, 6, None]


async def test_the_database_refuses_what_exceeds_one_warehouse(chain: Chain) -> None:
    await chain.link(2, 10)
    await chain.settle()
    with pytest.raises(errors.RecordError, match="would be allocated 3 of product"):
        await chain.rig.run(
            "UPDATE stock_links SET allocation = CASE store_id WHEN 1 THEN 3 ELSE 0 END"
        )
    assert await chain.parts() == [2, 5, 5]
