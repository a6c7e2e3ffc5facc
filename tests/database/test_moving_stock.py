"""Stock that people adjust, transfer and count: through movements, once, and never below zero."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from database import rows
from woosync.postgres import engine, stores
from woosync.postgres.nouns import editing, errors, inventory, listing, movements

EDIT = editing.Edit(actor="ann", now=rows.NOW)


@pytest.fixture
async def product(database: engine.Database, store: stores.Store) -> int:
    """Make a product; the store has brought the default warehouse MAIN, NORTH is a second one."""
    async with database.transaction() as tx:
        await rows.run(tx, "INSERT INTO warehouses (code) VALUES ('NORTH')")
        (made,) = await rows.add_products(tx, "A")
    return made


def act(product: int, ref: str, warehouse: str | None = None, note: str = "") -> movements.Act:
    return movements.Act(product_id=product, warehouse=warehouse, source_ref=ref, note=note)


async def adjust(
    tx: engine.Transaction, what: movements.Act, qty: object, *, below: bool = False
) -> movements.Done:
    return await movements.adjust(
        tx, what, Decimal(str(qty)), kind="adjustment", may_go_below_zero=below, edit=EDIT
    )


async def level(tx: engine.Transaction, code: str = "MAIN") -> object:
    return await rows.value(
        tx,
        "SELECT coalesce(sum(on_hand), 0) FROM inventory JOIN warehouses ON id = warehouse_id"
        f" WHERE code = '{code}'",
    )


async def test_an_adjustment_moves_the_level_and_says_who(
    tx: engine.Transaction, product: int
) -> None:
    done = await adjust(tx, act(product, "r1", note="found some"), "2.5")
    assert not done.repeated
    (moved,) = done.movements
    assert (moved["qty"], moved["kind"], moved["actor"]) == (Decimal("2.5"), "adjustment", "ann")
    assert (moved["warehouse"], moved["note"]) == ("MAIN", "found some")
    assert await level(tx) == Decimal("2.5")


async def test_the_same_cause_moves_stock_once(tx: engine.Transaction, product: int) -> None:
    first = await adjust(tx, act(product, "r1"), 5)
    again = await adjust(tx, act(product, "r1"), 5)
    assert again.repeated
    assert again.movements == first.movements
    assert await level(tx) == 5


@pytest.mark.parametrize("qty", [6, -5])
async def test_a_cause_that_was_used_for_another_act_is_refused(
    tx: engine.Transaction, product: int, qty: int
) -> None:
    await adjust(tx, act(product, "r1"), 5)
    with pytest.raises(errors.KeyUsedError):
        await adjust(tx, act(product, "r1"), qty)
    with pytest.raises(errors.KeyUsedError):
        await movements.count(tx, act(product, "r1"), Decimal(5), edit=EDIT)
    with pytest.raises(errors.KeyUsedError):
        await adjust(tx, act(product, "r1", note="another"), 5)


Try = Callable[[engine.Transaction], Awaitable[movements.Done]]


async def at_once(database: engine.Database, attempts: list[Try]) -> list[str]:
    """Run each in a transaction of its own, all at the same time, and say how they ended."""

    async def one(attempt: Try) -> str:
        try:
            async with database.transaction() as tx:
                done = await attempt(tx)
        except errors.InUseError:
            return "refused"
        return "repeated" if done.repeated else "booked"

    return sorted(await asyncio.gather(*map(one, attempts)))


async def test_fifty_equal_acts_at_once_have_one_effect(
    database: engine.Database, product: int
) -> None:
    ended = await at_once(database, [lambda tx: adjust(tx, act(product, "r1"), 5)] * 50)
    assert ended == ["booked"] + ["repeated"] * 49
    async with database.transaction() as tx:
        assert await level(tx) == 5


async def test_of_two_that_only_fit_one_at_a_time_one_is_refused(
    database: engine.Database, product: int
) -> None:
    async with database.transaction() as tx:
        await adjust(tx, act(product, "r0"), 10)
    attempts: list[Try] = [
        lambda tx: adjust(tx, act(product, "r1"), -8),
        lambda tx: adjust(tx, act(product, "r2"), -8),
    ]
    assert await at_once(database, attempts) == ["booked", "refused"]
    async with database.transaction() as tx:
        assert await level(tx) == 2


async def test_parallel_adjustments_all_count(database: engine.Database, product: int) -> None:
    def attempt(number: int) -> Try:
        return lambda tx: adjust(tx, act(product, f"r{number}"), number)

    assert {*await at_once(database, [attempt(n) for n in range(1, 21)])} == {"booked"}
    async with database.transaction() as tx:
        assert await level(tx) == 210
        assert await rows.value(tx, "SELECT sum(qty) FROM inventory_movements") == 210


async def test_what_goes_below_zero_on_purpose_may(tx: engine.Transaction, product: int) -> None:
    await adjust(tx, act(product, "r1"), -3, below=True)
    assert await level(tx) == -3


async def test_a_transfer_moves_both_sides_or_none(tx: engine.Transaction, product: int) -> None:
    await adjust(tx, act(product, "r0"), 5)
    done = await movements.transfer(
        tx, act(product, "t1"), Decimal(3), to_warehouse="NORTH", edit=EDIT
    )
    assert [(one["warehouse"], one["qty"]) for one in done.movements] == [
        ("MAIN", -3),
        ("NORTH", 3),
    ]
    again = await movements.transfer(
        tx, act(product, "t1"), Decimal(3), to_warehouse="NORTH", edit=EDIT
    )
    assert again.repeated
    with pytest.raises(errors.InUseError):
        await movements.transfer(
            tx, act(product, "t2"), Decimal(3), to_warehouse="NORTH", edit=EDIT
        )
    assert (await level(tx), await level(tx, "NORTH")) == (2, 3)


async def test_transfers_to_and_fro_at_once_do_not_block_each_other(
    database: engine.Database, product: int
) -> None:
    async with database.transaction() as tx:
        await adjust(tx, act(product, "r0"), 50)
        await adjust(tx, act(product, "r1", "NORTH"), 50)

    def attempt(number: int) -> Try:
        there, back = ("MAIN", "NORTH") if number % 2 else ("NORTH", "MAIN")
        return lambda tx: movements.transfer(
            tx, act(product, f"t{number}", there), Decimal(1), to_warehouse=back, edit=EDIT
        )

    assert {*await at_once(database, [attempt(n) for n in range(20)])} == {"booked"}
    async with database.transaction() as tx:
        assert (await level(tx), await level(tx, "NORTH")) == (50, 50)


async def test_a_count_corrects_the_level_and_is_kept_even_if_it_was_right(
    tx: engine.Transaction, product: int
) -> None:
    await adjust(tx, act(product, "r0"), 5)
    done = await movements.count(tx, act(product, "c1", note="spring"), Decimal(3), edit=EDIT)
    assert (done.movements[0]["qty"], done.movements[0]["note"]) == (-2, "counted 3: spring")
    right = await movements.count(tx, act(product, "c2"), Decimal(3), edit=EDIT)
    assert right.movements[0]["qty"] == 0
    await adjust(tx, act(product, "r9"), 4)
    again = await movements.count(tx, act(product, "c1", note="spring"), Decimal(3), edit=EDIT)
    assert again.repeated
    assert await level(tx) == 7
    with pytest.raises(errors.KeyUsedError):
        await movements.count(tx, act(product, "c1", note="spring"), Decimal(4), edit=EDIT)


async def test_a_count_and_an_adjustment_at_once_end_at_either_order(
    database: engine.Database, product: int
) -> None:
    attempts: list[Try] = [
        lambda tx: movements.count(tx, act(product, "c1"), Decimal(10), edit=EDIT),
        lambda tx: adjust(tx, act(product, "r1"), 3),
    ]
    assert await at_once(database, attempts) == ["booked", "booked"]
    async with database.transaction() as tx:
        assert await level(tx) in {10, 13}
        sums = (
            "SELECT bool_and(on_hand = (SELECT sum(qty) FROM inventory_movements)) FROM inventory"
        )
        assert await rows.value(tx, sums)


async def test_what_is_named_has_to_exist(tx: engine.Transaction, product: int) -> None:
    with pytest.raises(errors.UnfitError):
        await adjust(tx, act(999, "r1"), 1)
    with pytest.raises(errors.UnfitError):
        await adjust(tx, act(product, "r1", "SOUTH"), 1)
    with pytest.raises(errors.UnfitError):
        await movements.transfer(tx, act(product, "t1"), Decimal(1), to_warehouse="MAIN", edit=EDIT)
    await rows.run(tx, "UPDATE products SET manage_stock = 'parent'")
    with pytest.raises(errors.UnfitError):
        await adjust(tx, act(product, "r1"), 1)


async def test_levels_show_what_they_are_made_of(
    tx: engine.Transaction, product: int, store: stores.Store
) -> None:
    await adjust(tx, act(product, "r1"), 5)
    await adjust(tx, act(product, "r2"), -1)
    await movements.count(tx, act(product, "c1"), Decimal(7), edit=EDIT)
    await movements.transfer(tx, act(product, "t1"), Decimal(2), to_warehouse="NORTH", edit=EDIT)
    await rows.run(tx, "UPDATE inventory SET reserved = 1 WHERE on_hand = 5")
    await rows.run(
        tx,
        "INSERT INTO stock_links (store_id, product_id, woo_id, expected)"
        f" VALUES ({store.id}, {product}, 77, 4)",
    )
    found = await inventory.load_derivation(tx, product)
    main, north = found["levels"]
    assert (main["on_hand"], main["reserved"], main["available"]) == (5, 1, 4)
    kinds = [(one["kind"], one["movements"], one["qty"]) for one in main["movements"]]
    assert kinds == [("adjustment", 2, 4), ("count", 1, 3), ("transfer", 1, -2)]
    assert [one["qty"] for one in north["movements"]] == [2]
    assert [(one["store"], one["wc_id"], one["expected"]) for one in found["stores"]] == [
        ("default", 77, 4)
    ]
    with pytest.raises(errors.NotThereError):
        await inventory.load_derivation(tx, 999)


FILTERS = {
    "levels": (
        inventory.LEVELS,
        {"live": True, "product_id": 1, "sku": "x", "warehouse": "x", "below": 1}
        | {"updated_since": rows.NOW, "store_id": 1},
    ),
    "movements": (
        inventory.MOVEMENTS,
        {"product_id": 1, "warehouse": "x", "kind": "x", "source_ref": "x"}
        | {"since": rows.NOW, "before": rows.NOW},
    ),
}


@pytest.mark.parametrize("name", FILTERS)
async def test_every_filter_can_be_asked_with_every_sort(tx: engine.Transaction, name: str) -> None:
    what, wanted = FILTERS[name]
    assert {*wanted} == {*what.filters}
    for sort in what.sorts:
        question = listing.Question(sort=sort, filters=wanted)
        assert (await listing.load_page(tx, what, question)).rows == []


@pytest.mark.parametrize("sort", inventory.LEVELS.sorts)
async def test_levels_are_listed_page_by_page(
    tx: engine.Transaction, product: int, sort: str
) -> None:
    others = await rows.add_products(tx, "B", "C")
    for number, one in enumerate([product, *others]):
        for code in ("MAIN", "NORTH"):
            await adjust(tx, act(one, f"{one}{code}", code), number % 2)
    found: list[tuple[int, str]] = []
    cursor = None
    while True:
        question = listing.Question(sort=sort, limit=4, cursor=cursor)
        page = await listing.load_page(tx, inventory.LEVELS, question)
        found += [(row["product_id"], row["warehouse"]) for row in page.rows]
        if (cursor := page.next) is None:
            break
    assert len(found) == len({*found}) == 6
