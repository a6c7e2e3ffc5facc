"""Levels that wait for a person: nothing but that person lets them go."""

import json
from typing import Any

import pytest

from flows.stocking import Stocker
from woosim.admin import actions
from woosync.flows.stock import holding

LOCKED = {"code": "woocommerce_rest_locked", "message": "Locked by a plugin.", "data": {}}


async def held(stocker: Stocker, woo_id: int) -> object:
    return await stocker.puller.value(
        f"SELECT reason FROM stock_links WHERE woo_id = {woo_id} AND state = 'held'"
    )


async def test_a_level_that_a_person_holds_stays_held_though_both_sides_agree(
    stocker: Stocker,
) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    local = await stocker.local(product)
    await holding.hold(await stocker.job(), [local], reason="stock take")
    await stocker.audit()
    assert await held(stocker, product) == "stock take"
    await stocker.move(product, 2)
    await stocker.push()
    assert stocker.writes() == 0
    await holding.release(await stocker.job(), [local], take="ours")
    await stocker.push()
    await stocker.assert_settled(product, before + 2)


async def test_what_the_store_refuses_is_sent_once_and_then_waits_for_a_person(
    stocker: Stocker,
) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    refusal = {"status": 400, "body": json.dumps(LOCKED)}
    faults = stocker.puller.running.front.faults
    faults.inject("status", method="POST", count=99, options=refusal)
    await stocker.move(product, 3)
    for _ in range(3):
        await stocker.push()
    await stocker.audit()
    await stocker.push()
    assert stocker.writes() == 1
    assert "Locked by a plugin" in str(await held(stocker, product))
    waiting = "SELECT count(*) FROM outbox WHERE entity = 'stock'"
    assert await stocker.puller.value(waiting) == 0, "the worker would be woken for ever"
    faults.clear()
    await holding.release(await stocker.job(), [await stocker.local(product)], take="ours")
    await stocker.push()
    await stocker.assert_settled(product, before + 3)


async def test_a_push_asks_the_store_nothing_about_a_level_that_a_person_is_to_decide(
    stocker: Stocker,
) -> None:
    [product] = stocker.counted()
    await stocker.set_rules(edits="hold")
    await stocker.audit()
    actions.set_stock(stocker.shop, "product", product, 99)
    await stocker.puller()
    assert await held(stocker, product)
    asked = stocker.puller.running.front.requests.total()
    await stocker.push()
    assert stocker.puller.running.front.requests.total() == asked


@pytest.mark.parametrize("take", ["ours", "store"])
async def test_a_sale_while_a_person_decides_is_counted_once(
    stocker: Stocker, take: holding.Take
) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    await stocker.set_rules(edits="hold")
    await stocker.audit()
    actions.set_stock(stocker.shop, "product", product, before + 50)
    await stocker.puller()
    client = stocker.puller.client
    fetch_as = client.fetch_as
    sold: list[Any] = []

    async def sell_after_orders(*arguments: Any, **named: Any) -> Any:
        answer = await fetch_as(*arguments, **named)
        if arguments[1] == "orders" and not sold:
            sold.append(stocker.sell(product, 2))
        return answer

    client.fetch_as = sell_after_orders  # type: ignore[method-assign] # a shopper at that moment
    await holding.release(await stocker.job(), [await stocker.local(product)], take=take)
    assert sold
    for _ in range(2):
        await stocker.puller()
        await stocker.push()
    units = before + 50 if take == "store" else before
    await stocker.assert_settled(product, units - 2)
