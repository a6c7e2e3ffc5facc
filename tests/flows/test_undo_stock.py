"""Goods that a run booked because of a store's level are booked back; facts stay."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from flows.pulling import Puller
from flows.stocking import Stocker
from woosync.flows import undo
from woosync.postgres import engine, reversals

NOW = datetime(2026, 12, 1, tzinfo=UTC)


async def taken_back(puller: Puller, run_id: object, **options: Any) -> undo.Report:
    assert isinstance(run_id, int)
    chosen = undo.Options(**options)
    return await undo.undo(puller.database, run_id, chosen, actor="ann", now=NOW)


async def gathered(puller: Puller) -> object:
    """Return the run that gathers what audits took over."""
    [(run_id,)] = await puller.rows("SELECT id FROM sync_runs WHERE direction = 'stock'")
    return run_id


def edit(stocker: Stocker, woo_id: int, level: int) -> None:
    record = stocker.shop.read("product", woo_id)
    assert record is not None
    stocker.shop.save("product", dict(record) | {"stock_quantity": level})


def units(report: undo.Report) -> list[tuple[object, object]]:
    return [one.fields["on_hand"] for one in report.restored if one.entity == "stock"]


def reasons(report: undo.Report) -> list[str]:
    return [one.reason for one in report.left]


async def books(puller: Puller) -> object:
    """Count the movements; on hand is their sum, always."""
    wrong = """SELECT count(*) FROM inventory AS level WHERE on_hand <> (SELECT sum(qty)
      FROM inventory_movements AS m WHERE m.product_id = level.product_id
      AND m.warehouse_id = level.warehouse_id)"""
    assert await puller.value(wrong) == 0
    return await puller.value("SELECT count(*) FROM inventory_movements")


@pytest.mark.parametrize("change", [15, -3])
async def test_an_edit_that_a_pull_took_over_is_booked_back_and_the_store_follows(
    stocker: Stocker, change: int
) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    edit(stocker, product, before + change)
    run_id = (await stocker.puller()).run_id
    assert await stocker.on_hand(product) == before + change
    booked = await books(stocker.puller)
    foreseen = await taken_back(stocker.puller, run_id, dry_run=True)
    assert units(foreseen) == [(before + change, before)]
    assert await books(stocker.puller) == booked
    report = await taken_back(stocker.puller, run_id)
    assert (units(report), report.left) == (units(foreseen), foreseen.left)
    assert await stocker.on_hand(product) == before
    await stocker.push()
    await stocker.assert_settled(product, before)
    booked = await books(stocker.puller)
    again = await taken_back(stocker.puller, run_id)
    assert (units(again), reasons(again)) == ([], ["it was put back before"])
    assert await books(stocker.puller) == booked
    noted = "SELECT actor, cause FROM woocommerce_sync_log WHERE event = 'undone'"
    assert await stocker.puller.rows(noted) == [("ann", f"run {run_id}")]
    kind = f"SELECT kind, actor FROM inventory_movements WHERE source_ref LIKE '{reversals.KIND}:%'"
    assert await stocker.puller.rows(kind) == [("undo", "ann")]


async def test_edits_that_an_audit_took_over_are_booked_back(stocker: Stocker) -> None:
    first, second = stocker.counted(2)
    levels = [stocker.level(one) for one in (first, second)]
    edit(stocker, first, levels[0] + 4)
    assert (await stocker.audit()).verdicts["adopted"] == 1
    edit(stocker, second, levels[1] - 2)
    assert (await stocker.audit()).verdicts["adopted"] == 1
    run_id = await gathered(stocker.puller)
    with pytest.raises(undo.UndoTooWideError, match=r"levels taken over of an hour: 2 records"):
        await taken_back(stocker.puller, run_id)
    assert len(units(await taken_back(stocker.puller, run_id, yes=True))) == 2
    await stocker.push(yes=True)
    await stocker.assert_settled(first, levels[0])
    await stocker.assert_settled(second, levels[1])


async def test_what_was_sold_meanwhile_stays_sold(stocker: Stocker) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    edit(stocker, product, before + 15)
    run_id = (await stocker.puller()).run_id
    stocker.sell(product, 2)
    await stocker.puller()
    await taken_back(stocker.puller, run_id)
    await stocker.push()
    await stocker.assert_settled(product, before - 2)


async def test_sales_and_what_came_back_are_facts(stocker: Stocker) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    order = stocker.sell(product, 2)
    report = await taken_back(stocker.puller, (await stocker.puller()).run_id)
    told = [(one.woo_id, one.field) for one in report.left if one.entity == "order"]
    assert sorted(told) == [(order["id"], ""), (order["id"], "stock")]
    assert units(report) == []
    assert await stocker.on_hand(product) == before - 2


async def test_goods_that_are_gone_or_were_counted_since_stay(stocker: Stocker) -> None:
    sold, counted, gone = stocker.counted(3)
    for one in (sold, counted, gone):
        edit(stocker, one, stocker.level(one) + 20)
    run_id = (await stocker.puller()).run_id
    await stocker.move(sold, -(stocker.level(sold) - 19))
    place, local = stocker.puller.store.warehouse_id, await stocker.local(counted)
    await stocker.puller.run(
        "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref)"
        f" VALUES ({local}, {place}, 0, 'count', 'shelf 7')"
    )
    lost = await stocker.local(gone)
    await stocker.puller.run(f"UPDATE products SET deleted_at = now() WHERE id = {lost}")
    booked = await books(stocker.puller)
    report = await taken_back(stocker.puller, run_id)
    found = {one.woo_id: one.reason for one in report.left if one.entity == "stock"}
    assert found == {
        sold: "20 would be taken away, and 19 are on hand",
        counted: "the goods were counted since",
        gone: "the product is not here any more",
    }
    assert units(report) == []
    assert await books(stocker.puller) == booked


async def test_a_level_that_the_shop_set_again_is_taken_back_from_the_newest(
    stocker: Stocker,
) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    edit(stocker, product, before + 15)
    first = (await stocker.puller()).run_id
    edit(stocker, product, before + 20)
    second = (await stocker.puller()).run_id
    assert "the store's level was changed again since" in reasons(
        await taken_back(stocker.puller, first)
    )
    await taken_back(stocker.puller, second)
    await taken_back(stocker.puller, first)
    await stocker.push()
    await stocker.assert_settled(product, before)


async def test_an_edit_stays_under_a_later_one_of_the_run_that_stays(stocker: Stocker) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    for level in (before - 3, before + 20):
        edit(stocker, product, level)
        assert (await stocker.audit()).verdicts["adopted"] == 1
    await stocker.move(product, -(before + 15))
    booked = await books(stocker.puller)
    report = await taken_back(stocker.puller, await gathered(stocker.puller), yes=True)
    assert reasons(report) == [
        "23 would be taken away, and 5 are on hand",
        "the store's level was changed again since",
    ]
    assert units(report) == []
    assert await books(stocker.puller) == booked


async def test_a_level_that_was_only_told_follows_the_goods(stocker: Stocker) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    run_id = await stocker.puller.value(
        "INSERT INTO sync_runs (store_id, direction, mode) SELECT id, 'stock', 'push' FROM stores"
        " RETURNING id"
    )
    assert isinstance(run_id, int)
    await stocker.move(product, 7)
    await stocker.push(run_id=run_id)
    report = await taken_back(stocker.puller, run_id)
    assert report.restored == []
    assert [(one.entity, one.woo_id, one.field) for one in report.left] == [
        ("stock", product, "level")
    ]
    assert "follows the goods" in reasons(report)[0]
    await stocker.push()
    await stocker.assert_settled(product, before + 7)


async def test_the_opening_of_a_product_that_was_here_before_is_booked_back(
    puller: Puller,
) -> None:
    stocker = Stocker(puller)
    product, other = stocker.counted(2)
    sku, level = (stocker.shop.read("product", product) or {})["sku"], stocker.level(product)
    await puller.run(
        f"""WITH made AS (INSERT INTO products (kind, name, sku, manage_stock)
          VALUES ('simple', 'Ours', '{sku}', 'yes') RETURNING id)
        INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref)
        SELECT made.id, (SELECT warehouse_id FROM stores), 3, 'receipt', 'r1' FROM made"""
    )
    run_id = (await puller()).run_id
    assert await stocker.on_hand(product) == level
    report = await taken_back(puller, run_id)
    assert units(report) == [(level, 3)]
    assert await stocker.on_hand(other) == stocker.level(other)
    await stocker.push(yes=True)
    await stocker.assert_settled(product, 3)


async def test_two_who_take_a_run_back_at_once_book_it_once(stocker: Stocker) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    edit(stocker, product, before + 6)
    run_id = (await stocker.puller()).run_id
    booked = await books(stocker.puller)
    reports = await asyncio.gather(*(taken_back(stocker.puller, run_id) for _ in range(4)))
    assert sorted(len(units(one)) for one in reports) == [0, 0, 0, 1]
    assert await books(stocker.puller) == int(str(booked)) + 1
    assert await stocker.on_hand(product) == before


async def test_an_undo_that_was_killed_goes_on_where_it_was(
    stocker: Stocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    products = stocker.counted(3)
    before = {one: stocker.level(one) for one in products}
    for one in products:
        edit(stocker, one, before[one] + 5)
    run_id = (await stocker.puller()).run_id
    opened, transaction = [0], engine.Database.transaction

    def dying(self: engine.Database, **options: Any) -> Any:
        opened[0] += 1
        if opened[0] == 3:
            raise KeyboardInterrupt
        return transaction(self, **options)

    with monkeypatch.context() as patched:
        patched.setattr(engine.Database, "transaction", dying)
        with pytest.raises(KeyboardInterrupt):
            await taken_back(stocker.puller, run_id)
    undone = f"SELECT count(*) FROM inventory_movements WHERE kind = '{reversals.KIND}'"
    assert await stocker.puller.value(undone) == 1
    await taken_back(stocker.puller, run_id)
    assert await stocker.puller.value(undone) == 3
    await stocker.push(yes=True)
    for one in products:
        await stocker.assert_settled(one, before[one])
