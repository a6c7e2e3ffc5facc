"""What used to be missed: after a resumed scan, without a lock, in one second, in quarantine."""

import asyncio
from datetime import timedelta

import pytest

from flows.pulling import OpenPuller, OpenShop, Puller
from flows.test_pull_changes import edit, ids_of, name_here, rename_here
from woosync import errors
from woosync.domain import conflict_policy
from woosync.postgres import runs


async def stop_amid(puller: Puller, route: str, *, pages: int) -> None:
    """Begin a full pull in which the store refuses a collection after some pages."""
    refusal = {"status": 400, "body": "json"}
    faults = puller.running.front.faults
    faults.inject("status", path=f"/wc/v3/{route}", skip=pages, count=None, options=refusal)
    with pytest.raises(errors.PermanentError):
        await puller(full=True, page_size=10)
    faults.clear()


async def test_a_resumed_full_pull_has_what_changed_before_it_resumed(puller: Puller) -> None:
    await stop_amid(puller, "products", pages=6)
    product = ids_of(puller, "product")[2]
    assert await name_here(puller, product)
    edit(puller, "product", product, name="Changed in between")
    report = await puller(full=True, page_size=10)
    assert (report.mode, report.state) == ("full", "completed")
    assert await name_here(puller, product) == "Changed in between"


async def test_a_resumed_full_pull_has_customers_that_changed_before_it_resumed(
    puller: Puller,
) -> None:
    await stop_amid(puller, "customers", pages=3)
    assert await puller.value("SELECT position->'scan' FROM cursors WHERE entity = 'customer'")
    edit(puller, "customer", ids_of(puller, "customer")[1], first_name="Changed in between")
    report = await puller(entities=("customers",), page_size=10)
    assert (report.mode, report.state) == ("full", "completed")
    found = "SELECT count(*) FROM customers WHERE first_name = 'Changed in between'"
    assert await puller.value(found) == 1


async def test_a_resumed_full_pull_looks_for_deleted_records(puller: Puller) -> None:
    await stop_amid(puller, "products", pages=6)
    just_now = "jsonb_build_object('swept_at', now())"
    await puller.run(f"UPDATE cursors SET position = position || {just_now}")
    puller.running.shop.remove("product", ids_of(puller, "product")[2])
    report = await puller(full=True, page_size=10)
    assert report.counts["product"]["deleted"] == 1


async def test_a_run_that_lost_its_lock_saves_nothing_more(puller: Puller) -> None:
    slow = {"seconds": 2}
    puller.running.front.faults.inject("slow", path="/wc/v3/orders", skip=2, options=slow)
    first = asyncio.create_task(puller(entities=("orders",), page_size=10))
    lost = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND classid = 5395790"  # noqa: E501 - one statement
    while not await puller.value("SELECT count(*) FROM purchase_orders"):
        await asyncio.wait({first}, timeout=0.05)
    assert await puller.value(lost) == 1
    await puller(entities=("customers",))
    before = await puller.value("SELECT count(*) FROM purchase_orders")
    with pytest.raises(runs.RunLostError, match="another run"):
        await first
    assert await puller.value("SELECT count(*) FROM purchase_orders") == before
    states = await puller.rows("SELECT state FROM sync_runs ORDER BY id")
    assert states == [("interrupted",), ("completed",)]


async def test_the_second_of_a_variations_last_change_is_looked_at_again(
    open_shop: OpenShop, open_puller: OpenPuller
) -> None:
    running = await open_shop(products=30, variable=4, customers=3, orders=3, version="10.2")
    puller = await open_puller(running)
    await puller()
    variation = next(i for i in range(1, 10**6) if running.shop.read("variation", i) is not None)
    parent = (running.shop.read("variation", variation) or {})["parent_id"]
    edit(puller, "variation", variation, regular_price="3.21")
    edit(puller, "product", parent)
    await puller(sweep=False)
    record = running.shop.edit("variation", variation)
    assert record is not None
    running.shop.save("variation", record | {"regular_price": "4.56"}, bump=False)
    await puller(sweep=False)
    price = f"SELECT p.regular_price::text FROM products p JOIN links l ON l.local_id = p.id WHERE l.entity = 'variation' AND l.woo_id = {variation}"  # noqa: E501 - one statement
    assert await puller.value(price) == "4.56"
    running.front.clock.advance(3600)
    await puller(sweep=False)
    left = "SELECT position->'unsettled' FROM cursors WHERE entity = 'product'"
    assert await puller.value(left) == []


async def open_conflict(puller: Puller) -> int:
    await puller()
    await puller.set_policy(conflict_policy.Policy.MANUAL)
    product = ids_of(puller, "product")[5]
    await rename_here(puller, product, "Named here")
    edit(puller, "product", product, name="Named there")
    await puller(sweep=False)
    assert await states(puller) == [("open", "", None)]
    return product


async def states(puller: Puller) -> list[tuple[object, ...]]:
    return await puller.rows("SELECT state, resolved_by, resolution FROM conflicts")


async def test_a_conflict_closes_when_the_store_takes_our_value(puller: Puller) -> None:
    product = await open_conflict(puller)
    edit(puller, "product", product, name="Named here")
    await puller(sweep=False)
    assert await states(puller) == [("resolved", "agreement", "Named here")]


async def test_a_conflict_closes_when_the_stores_value_is_typed_here(puller: Puller) -> None:
    product = await open_conflict(puller)
    await rename_here(puller, product, "Something else")
    await puller(sweep=False)
    assert await states(puller) == [("open", "", None)]
    assert await puller.value("SELECT ours FROM conflicts") == "Something else"
    await rename_here(puller, product, "Named there")
    await puller(sweep=False)
    assert await states(puller) == [("resolved", "agreement", "Named there")]


NOW = timedelta(0)


async def test_a_bad_record_that_is_again_as_before_leaves_the_quarantine(puller: Puller) -> None:
    await puller()
    product = ids_of(puller, "product")[4]
    good = puller.running.shop.edit("product", product)
    assert good is not None
    edit(puller, "product", product, name="nul \x00 inside")
    await puller(sweep=False)
    assert await puller.value("SELECT count(*) FROM quarantine") == 1
    puller.running.shop.save("product", good, bump=False)
    await puller(sweep=False)
    assert await puller.value("SELECT count(*) FROM quarantine") == 1
    await puller(sweep=False, quarantine_every=NOW)
    assert await puller.value("SELECT count(*) FROM quarantine") == 0


async def test_a_record_that_can_be_held_now_leaves_the_quarantine(puller: Puller) -> None:
    """The same bytes again: it was a rule of the database that refused them."""
    name = "refused for a while"
    rule = f"ALTER TABLE customers ADD CONSTRAINT no CHECK (first_name <> '{name}')"
    await puller.run(rule)
    customer = ids_of(puller, "customer")[4]
    edit(puller, "customer", customer, first_name=name)
    await puller()
    assert await puller.rows("SELECT record FROM quarantine") == [(str(customer),)]
    await puller.run("ALTER TABLE customers DROP CONSTRAINT no")
    report = await puller(sweep=False, quarantine_every=NOW)
    assert report.counts["customer"]["created"] == 1
    assert await puller.value("SELECT count(*) FROM quarantine") == 0


async def test_a_bad_record_that_the_store_deleted_leaves_the_quarantine(puller: Puller) -> None:
    product = ids_of(puller, "product")[4]
    edit(puller, "product", product, name="nul \x00 inside")
    await puller()
    assert await puller.value("SELECT count(*) FROM quarantine") == 1
    puller.running.shop.remove("product", product)
    await puller(sweep=False, quarantine_every=NOW)
    assert await puller.value("SELECT count(*) FROM quarantine") == 0
