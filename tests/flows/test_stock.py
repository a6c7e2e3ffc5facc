"""The stock protocol between a real database and a simulated store, step by step."""

import functools
from typing import Any

import pytest

from flows.stocking import Stocker
from woosim.admin import actions
from woosync.flows import stock
from woosync.postgres import stock_ops
from woosync.woo import errors


async def test_a_receipt_reaches_the_store_as_a_difference(stocker: Stocker) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    await stocker.move(product, 7)
    report = await stocker.push()
    assert (report.confirmed, report.verdicts) == (1, {"agreed": 1})
    await stocker.assert_settled(product, before + 7)
    assert stocker.writes() == 1
    [sent] = [r for r in stocker.puller.running.front.recent if r[0] == "POST"]
    assert "/products/batch?" in sent[1]


async def test_a_store_that_agrees_is_not_written_to(stocker: Stocker) -> None:
    await stocker.push()
    await stocker.push(sweep=True)
    await stocker.puller()
    assert stocker.writes() == 0


async def test_several_changes_of_one_product_are_one_write(stocker: Stocker) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    for qty in (5, -2, 1):
        await stocker.move(product, qty)
    await stocker.push()
    await stocker.assert_settled(product, before + 4)
    assert stocker.writes() == 1


async def test_a_sale_before_the_write_is_kept(stocker: Stocker) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    stocker.sell(product, 2)
    await stocker.move(product, 10)
    await stocker.push()
    await stocker.assert_settled(product, before + 8)


async def test_a_sale_between_the_stores_read_and_write_is_found_and_mended(
    stocker: Stocker,
) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    stocker.puller.running.front.faults.inject(
        "sale_between", method="POST", path="/wc/v3/products/batch", options={"quantity": 2}
    )
    await stocker.move(product, 10)
    report = await stocker.push()
    assert report.verdicts == {"repaired": 1, "agreed": 1}
    await stocker.assert_settled(product, before + 8)


async def test_an_answer_lost_after_the_write_is_read_back_and_not_sent_again(
    stocker: Stocker,
) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    stocker.puller.running.front.faults.inject("reset", method="POST", after_write=True)
    await stocker.move(product, 3)
    report = await stocker.push()
    assert (report.unknown, report.marker_only) == (1, 1)
    await stocker.assert_settled(product, before + 3)
    assert stocker.writes() == 1


async def test_a_lost_rise_waits_its_time_and_is_sent_once_more(stocker: Stocker) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    stocker.puller.running.front.faults.inject("reset", method="POST")
    await stocker.move(product, 3)
    report = await stocker.push()
    assert (report.unknown, report.waiting) == (1, 1)
    assert report.next_at is not None
    assert stocker.level(product) == before
    stocker.time.pass_by(60)
    assert (await stocker.push()).waiting == 1
    assert stocker.writes() == 1
    stocker.time.pass_by(61)
    await stocker.push()
    await stocker.assert_settled(product, before + 3)
    assert stocker.writes() == 2


async def test_a_lost_cut_is_sent_again_after_seconds(stocker: Stocker) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    stocker.puller.running.front.faults.inject("reset", method="POST")
    await stocker.move(product, -3)
    await stocker.push()
    stocker.time.pass_by(6)
    await stocker.push()
    await stocker.assert_settled(product, before - 3)


async def test_a_store_that_died_between_marker_and_level_is_found_and_mended(
    stocker: Stocker,
) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    stocker.puller.running.front.faults.inject("half_write", method="POST")
    await stocker.move(product, 3)
    report = await stocker.push()
    assert (report.unknown, report.marker_only) == (1, 1)
    assert report.verdicts["repaired"] == 1
    await stocker.assert_settled(product, before + 3)


async def test_a_write_that_comes_late_after_it_was_sent_again_is_taken_back(
    stocker: Stocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    client, kept = stocker.puller.client, []
    true = client.send

    async def later(*asked: Any, **more: Any) -> None:
        kept.append(functools.partial(true, *asked, **more))
        raise errors.OutcomeUnknown("The answer never came.")

    monkeypatch.setattr(client, "send", later)
    await stocker.move(product, -3)
    await stocker.push()
    monkeypatch.setattr(client, "send", true)
    stocker.time.pass_by(6)
    await stocker.push()
    await stocker.assert_settled(product, before - 3)
    await kept[0]()
    assert stocker.level(product) == before - 6
    report = await stocker.audit()
    assert report.verdicts["repaired"] == 1
    await stocker.push()
    await stocker.assert_settled(product, before - 3)


async def test_refunds_cancellations_and_edits_of_orders_give_back_what_they_held(
    stocker: Stocker,
) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    order = stocker.sell(product, 4)
    await stocker.puller()
    await stocker.assert_settled(product, before - 4)
    line = order["line_items"][0]["id"]
    actions.refund(stocker.shop, order["id"], items=[{"id": line, "quantity": 1}])
    await stocker.puller()
    await stocker.assert_settled(product, before - 3)
    actions.set_status(stocker.shop, order["id"], "cancelled")
    await stocker.puller()
    await stocker.assert_settled(product, before)
    assert stocker.writes() == 0
    kinds = await stocker.puller.rows(
        "SELECT kind, qty FROM inventory_movements WHERE kind LIKE 'sale%' ORDER BY id"
    )
    assert kinds == [("sale", -4), ("sale_returned", 1), ("sale_returned", 3)]


async def test_a_line_that_is_taken_off_the_order_gives_back_all(stocker: Stocker) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    order = stocker.sell(product, 2)
    await stocker.puller()
    gone = [{"id": order["line_items"][0]["id"], "product_id": None}]
    actions.edit(stocker.shop, "order", order["id"], {"line_items": gone})
    await stocker.puller()
    await stocker.assert_settled(product, before)


async def test_orders_are_counted_once_however_often_they_are_read(stocker: Stocker) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    stocker.sell(product, 2)
    for options in ({}, {"full": True}, {"force": True}):
        await stocker.puller(**options)
        await stocker.audit()
    await stocker.assert_settled(product, before - 2)
    assert (
        await stocker.puller.value("SELECT count(*) FROM inventory_movements WHERE kind = 'sale'")
        == 1
    )


async def test_an_edit_in_the_shop_is_adopted_with_clean_evidence(stocker: Stocker) -> None:
    [product] = stocker.counted()
    await stocker.audit()
    actions.set_stock(stocker.shop, "product", product, 99)
    await stocker.puller()
    await stocker.assert_settled(product, 99)
    kinds = await stocker.puller.rows(
        "SELECT kind FROM inventory_movements ORDER BY id DESC LIMIT 1"
    )
    assert kinds == [("shop_edit",)]
    assert stocker.writes() == 0


async def test_an_edit_in_the_shop_is_reverted_where_the_rules_say_so(stocker: Stocker) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    await stocker.set_rules(edits="revert")
    await stocker.audit()
    actions.set_stock(stocker.shop, "product", product, 99)
    await stocker.puller()
    assert (stocker.level(product), stocker.writes()) == (99, 0)
    await stocker.push()
    await stocker.assert_settled(product, before)


async def test_an_edit_in_the_shop_is_held_where_the_rules_say_so(stocker: Stocker) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    await stocker.set_rules(edits="hold")
    await stocker.audit()
    actions.set_stock(stocker.shop, "product", product, 99)
    await stocker.puller()
    await stocker.move(product, 1)
    await stocker.push()
    assert await stocker.state(product) == (before, "held")
    assert (stocker.level(product), stocker.writes()) == (99, 0)
    found = await stocker.puller.rows(
        "SELECT entity, field, ours, theirs FROM conflicts WHERE state = 'open'"
    )
    assert found == [("stock", "level", before, 99)]
    actions.set_stock(stocker.shop, "product", product, before)
    await stocker.audit()
    await stocker.push()
    await stocker.assert_settled(product, before + 1)
    assert await stocker.puller.value("SELECT count(*) FROM conflicts WHERE state='open'") == 0


async def test_a_gap_after_a_doubtful_write_is_never_adopted(stocker: Stocker) -> None:
    [product] = stocker.counted()
    stocker.puller.running.front.faults.inject("reset", method="POST", after_write=True)
    await stocker.move(product, 3)
    await stocker.push()
    actions.set_stock(stocker.shop, "product", product, 77)
    report = await stocker.audit()
    assert report.verdicts["held"] == 1
    assert (await stocker.state(product))[1] == "held"


async def test_variations_are_written_at_their_own_route(stocker: Stocker) -> None:
    [variation] = stocker.counted(kind="variation")
    before = stocker.level(variation)
    await stocker.move(variation, 4)
    stocker.sell(variation, 1)
    await stocker.push()
    await stocker.assert_settled(variation, before + 3)


async def test_a_product_that_the_store_does_not_count_any_more_is_left_alone(
    stocker: Stocker,
) -> None:
    [product] = stocker.counted()
    actions.edit(stocker.shop, "product", product, {"manage_stock": False})
    await stocker.move(product, 4)
    report = await stocker.push()
    assert report.refused == 1
    assert (await stocker.state(product))[1] == "unmanaged"
    await stocker.move(product, 4)
    await stocker.push()
    assert stocker.writes() == 1
    changes = {"manage_stock": True, "stock_quantity": 11}
    actions.edit(stocker.shop, "product", product, changes)
    await stocker.puller()
    assert (await stocker.state(product)) == (11, "clean")


async def test_a_brake_stops_a_run_that_would_empty_the_store(stocker: Stocker) -> None:
    products = stocker.counted(40)
    await stocker.set_rules(brake={"share": 0.1, "products": 5})
    for product in products:
        await stocker.move(product, -stocker.level(product))
    with pytest.raises(stock.StockBrakeError, match="units that the store sells") as caught:
        await stocker.push()
    assert "--yes" in caught.value.remedy
    assert stocker.writes() == 0
    shown = await stocker.push(dry_run=True)
    assert len(shown.plan) == len(products)
    assert stocker.writes() == 0
    await stocker.push(yes=True)
    for product in products:
        await stocker.assert_settled(product, 0)


async def test_a_buffer_and_reservations_are_kept_back(stocker: Stocker) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    await stocker.set_rules(buffer=2)
    await stocker.puller.run(
        f"UPDATE inventory SET reserved = 1 WHERE product_id = {await stocker.local(product)}"
    )
    await stocker.push(products=(await stocker.local(product),))
    assert stocker.level(product) == before - 3
    assert await stocker.on_hand(product) == before


async def test_several_warehouses_feed_one_store(stocker: Stocker) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    second = int(
        str(await stocker.puller.value("INSERT INTO warehouses (code) VALUES ('B') RETURNING id"))
    )
    main = stocker.puller.store.warehouse_id
    await stocker.set_rules(warehouses=[main, second], order_warehouse="fullest")
    await stocker.move(product, 1000, warehouse=second)
    await stocker.push()
    await stocker.assert_settled(product, before + 1000)
    order = stocker.sell(product, 3)
    await stocker.puller()
    taken = "SELECT warehouse_id, qty FROM inventory_movements WHERE kind LIKE 'sale%' ORDER BY id"
    assert await stocker.puller.rows(taken) == [(second, -3)]
    await stocker.set_rules(warehouses=[main, second])
    actions.set_status(stocker.shop, order["id"], "cancelled")
    await stocker.puller()
    assert await stocker.puller.rows(taken) == [(second, -3), (second, 3)]
    await stocker.push()
    await stocker.assert_settled(product, before + 1000)


async def test_a_refused_write_holds_the_product_and_says_why(stocker: Stocker) -> None:
    [product] = stocker.counted()
    actions.delete(stocker.shop, "product", product, force=True)
    await stocker.move(product, 4)
    report = await stocker.push()
    assert report.refused == 1
    reason = await stocker.puller.value("SELECT reason FROM stock_links WHERE state = 'held'")
    assert "the store refused" in str(reason)


async def test_a_store_that_cannot_be_reached_keeps_what_was_planned(stocker: Stocker) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    stocker.puller.running.front.faults.inject(
        "status", method="POST", options={"status": 429, "retry_after": "0"}
    )
    await stocker.move(product, 4)
    report = await stocker.push()
    assert report.error is not None
    assert stocker.level(product) == before
    await stocker.push()
    await stocker.assert_settled(product, before + 4)


async def test_a_run_that_dies_leaves_word_that_somebody_is_to_come_back(
    stocker: Stocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)

    async def die(*_: Any, **__: Any) -> None:
        raise errors.StoreAuthFailed("the process dies", status=401)

    with monkeypatch.context() as patched:
        patched.setattr(stock_ops, "mark_sent", die)
        await stocker.move(product, 2)
        with pytest.raises(errors.StoreAuthFailed):
            await stocker.push()
    waits = "SELECT entity, available_at > now() FROM outbox"
    assert await stocker.puller.rows(waits) == [("stock", True)]
    await stocker.push()
    await stocker.assert_settled(product, before + 2)
