import pytest

import woosim
from flows.pulling import OpenPuller, OpenShop, Puller
from woosync.woo import errors

COUNTS = {"product": 120, "customer": 40, "order": 60}


async def test_a_first_pull_takes_everything_the_store_has(puller: Puller) -> None:
    report = await puller()
    assert report.state == "completed"
    assert report.mode == "full"
    for entity, count in COUNTS.items():
        assert report.counts[entity]["created"] >= count, entity
    live = dict(
        await puller.rows("SELECT entity, count(*) FROM links GROUP BY entity")  # type: ignore[arg-type] # pairs
    )
    assert live["product"] == 120
    assert live["variation"] == report.counts["variation"]["seen"]
    assert live["order"] == 60


async def test_a_second_full_pull_changes_nothing(puller: Puller) -> None:
    await puller()
    before = await puller.rows("SELECT id, version FROM products ORDER BY id")
    report = await puller(full=True)
    for entity, count in report.counts.items():
        assert (count["created"], count["updated"]) == (0, 0), entity
        assert count["seen"] == count["unchanged"], entity
    assert await puller.rows("SELECT id, version FROM products ORDER BY id") == before


async def test_an_incremental_pull_of_a_quiet_store_takes_five_requests(puller: Puller) -> None:
    await puller()
    before = puller.client.calls.total
    report = await puller(sweep=False)
    assert report.mode == "incremental"
    assert puller.client.calls.total - before <= 5


async def test_variations_know_their_parents_and_orders_what_they_belong_to(
    puller: Puller,
) -> None:
    await puller()
    orphans = "SELECT count(*) FROM products WHERE kind = 'variation' AND parent_id IS NULL"
    assert await puller.value(orphans) == 0
    strangers = (
        "SELECT count(*) FROM purchase_order_items i JOIN links l ON l.woo_id = i.woo_product_id"
        " AND l.entity IN ('product', 'variation') WHERE i.product_id IS NULL"
    )
    assert await puller.value(strangers) == 0
    unowned = "SELECT count(*) FROM purchase_orders WHERE customer_id IS NULL"
    assert await puller.value(unowned) == 0


async def test_stock_is_the_sum_of_its_movements_and_equals_the_store(puller: Puller) -> None:
    await puller()
    levels = await puller.rows(
        "SELECT i.on_hand, (p.metadata->'woocommerce'->'default'->>'stock_quantity')::numeric,"
        " (SELECT sum(qty) FROM inventory_movements m WHERE m.product_id = i.product_id)"
        " FROM inventory i JOIN products p ON p.id = i.product_id"
    )
    assert len(levels) > 50
    assert all(on_hand == level == moved for on_hand, level, moved in levels)


async def test_guests_become_customers_once_per_address(puller: Puller) -> None:
    await puller()
    doubled = (
        "SELECT lower(email) FROM customers WHERE role = 'guest' GROUP BY 1 HAVING count(*) > 1"
    )
    assert await puller.rows(doubled) == []
    assert await puller.value("SELECT count(*) FROM customers WHERE role = 'guest'") != 0


async def test_refunds_come_along_without_a_request_an_order(puller: Puller) -> None:
    before = puller.client.calls.total
    await puller()
    requests = puller.client.calls.total - before
    refunds = await puller.value("SELECT count(*) FROM purchase_order_refunds")
    told = await puller.value(
        "SELECT sum(jsonb_array_length(details->'refunds')) FROM purchase_orders"
    )
    assert refunds == told != 0
    assert requests < 20


@pytest.mark.parametrize("version", ["10.2", "10.5", "11.0"])
async def test_every_woocommerce_version_gives_the_same_result(
    open_shop: OpenShop, open_puller: OpenPuller, version: str
) -> None:
    running = await open_shop(products=60, variable=6, customers=10, orders=10, version=version)
    puller = await open_puller(running)
    assert puller.found.variations_route == (version != "10.2")
    report = await puller()
    variations = await puller.value("SELECT count(*) FROM products WHERE kind = 'variation'")
    assert variations == report.counts["variation"]["created"] != 0
    assert await puller.value("SELECT count(*) FROM products WHERE parent_id IS NULL") == 60


async def test_a_wrong_secret_ends_the_run_with_a_remedy(
    shop: woosim.Running, open_puller: OpenPuller
) -> None:
    puller = await open_puller(shop)
    shop.service.keyring.keys[shop.key].scope = "write"
    with pytest.raises(errors.StoreAuthFailed) as caught:
        await puller()
    assert caught.value.remedy
    assert await puller.rows("SELECT state, error <> '' FROM sync_runs") == [("failed", True)]
