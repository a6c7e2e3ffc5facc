"""What becomes of deliveries: handled, ignored, tried again, parked, replayed."""

import asyncio
from typing import Any

import pytest

from flows.hooking import Hooked
from flows.pulling import OpenPuller, OpenShop, Puller
from flows.test_pull_changes import edit, ids_of
from woosim import faults
from woosim.admin import actions
from woosync.flows import apply as applying
from woosync.flows.apply import work
from woosync.postgres import deliveries
from woosync.woo import errors as store_errors


@pytest.fixture
async def hooked(open_shop: OpenShop, open_puller: OpenPuller) -> Hooked:
    running = await open_shop(products=30, variable=5, customers=8, orders=10)
    puller = await open_puller(running)
    await puller()
    return Hooked(puller)


async def link_of(puller: Puller, entity: str, woo_id: int) -> tuple[Any, ...]:
    """Return (is tombstoned, reason) of a record's link."""
    found = await puller.rows(
        "SELECT tombstoned_at IS NOT NULL, tombstone_reason FROM links"
        f" WHERE entity = '{entity}' AND woo_id = {woo_id}"
    )
    return found[0] if found else ()


async def name_of(puller: Puller, woo_id: int) -> object:
    return await puller.value(
        "SELECT p.name FROM products p JOIN links l ON l.local_id = p.id"
        f" WHERE l.entity = 'product' AND l.woo_id = {woo_id}"
    )


async def test_a_delivery_leads_to_what_the_store_says_and_not_to_what_it_says_itself(
    hooked: Hooked,
) -> None:
    product = ids_of(hooked.puller, "product")[3]
    edit(hooked.puller, "product", product, name="True")
    told = await hooked.tell("product.updated", {"id": product, "name": "False"})
    report = await hooked.apply()
    assert await name_of(hooked.puller, product) == "True"
    assert await hooked.state(told) == ("handled", "", 1, False)
    assert (report.handled, report.counts.updated) == (1, 1)


async def test_many_deliveries_cost_few_requests(hooked: Hooked) -> None:
    products = ids_of(hooked.puller, "product")[:20]
    for product in products * 5:
        await hooked.tell("product.updated", {"id": product, "type": "simple"})
    before = hooked.puller.client.calls.total
    report = await hooked.apply()
    assert report.handled == 100
    assert hooked.puller.client.calls.total - before == 1


@pytest.mark.parametrize(("kind", "topic"), [("product", "product"), ("order", "order")])
async def test_a_trashed_record_is_marked_and_comes_back_when_it_is_restored(
    hooked: Hooked, kind: str, topic: str
) -> None:
    record = ids_of(hooked.puller, kind)[2]
    actions.delete(hooked.puller.running.shop, kind, record)
    told = await hooked.tell(f"{topic}.deleted", {"id": record})
    await hooked.apply()
    assert await hooked.state(told) == ("handled", "trashed in the store", 1, False)
    assert await link_of(hooked.puller, kind, record) == (True, "trashed")
    actions.restore(hooked.puller.running.shop, kind, record)
    await hooked.tell(f"{topic}.restored", {"id": record})
    report = await hooked.apply()
    assert report.counts.restored >= 1
    assert await link_of(hooked.puller, kind, record) == (False, "")


@pytest.mark.parametrize("kind", ["product", "order", "customer"])
async def test_a_deletion_that_the_store_does_not_confirm_deletes_nothing(
    hooked: Hooked, kind: str
) -> None:
    record = ids_of(hooked.puller, kind)[2]
    told = await hooked.tell(f"{kind}.deleted", {"id": record})
    await hooked.apply()
    assert (await hooked.state(told))[0] == "handled"
    assert await link_of(hooked.puller, kind, record) == (False, "")


async def test_a_record_that_is_gone_for_good_is_marked_with_its_variations(
    hooked: Hooked,
) -> None:
    variation = ids_of(hooked.puller, "variation")[0]
    shop = hooked.puller.running.shop
    parent = (shop.read("variation", variation) or {})["parent_id"]
    actions.delete(shop, "product", parent, force=True)
    await hooked.tell("product.updated", {"id": parent, "type": "variable"})
    await hooked.apply()
    assert await link_of(hooked.puller, "product", parent) == (True, "deleted")
    assert await link_of(hooked.puller, "variation", variation) == (True, "deleted")


async def test_the_id_of_a_page_or_coupon_is_ignored_without_a_question(hooked: Hooked) -> None:
    before = hooked.puller.client.calls.total
    told = await hooked.tell("product.deleted", {"id": 987654})
    report = await hooked.apply()
    state, cause, _, _ = await hooked.state(told)
    assert (state, report.ignored) == ("ignored", 1)
    assert "no product of this id" in cause
    assert hooked.puller.client.calls.total == before


NO_OBJECT: list[tuple[bytes, str]] = [
    (
        b'{"code":"woocommerce_rest_product_invalid_id","message":"Invalid ID.","data":null}',
        "gone before the store could show it (woocommerce_rest_product_invalid_id)",
    ),
    (b"<html>", "no JSON object"),
    (b"[" * 100_000, "no JSON object"),
    (b'{"id":' + b"[" * 100_000, "no JSON object"),
    (b'{"id":' + b"9" * 1_000_000 + b"}", "no JSON object"),
    (b'{"id":NaN}', "no JSON object"),
    (b'{"id":"7"}', "names no object"),
    (b'{"id":true}', "names no object"),
    (b'{"id":-7}', "names no object"),
    (b"{}", "names no object"),
    (b"\xff\xfe", "no JSON object"),
    (b"", "no JSON object"),
]


@pytest.mark.parametrize(("body", "says"), NO_OBJECT, ids=range(len(NO_OBJECT)))
async def test_a_body_that_names_no_object_is_kept_and_ignored(
    hooked: Hooked, body: bytes, says: str
) -> None:
    told = await hooked.tell("product.updated", body)
    good = await hooked.tell("product.updated", {"id": ids_of(hooked.puller, "product")[0]})
    await hooked.apply()
    state, cause, _, _ = await hooked.state(told)
    assert state == "ignored"
    assert says in cause
    assert (await hooked.state(good))[0] == "handled"


async def test_a_store_that_is_down_for_hours_is_waited_for(hooked: Hooked) -> None:
    product = ids_of(hooked.puller, "product")[3]
    edit(hooked.puller, "product", product, name="Late")
    told = await hooked.tell("product.updated", {"id": product})
    rules = hooked.puller.running.front.faults
    rules.add(faults.Fault(kind="status", path="/wc/v3/*", count=None, options={"status": 503}))
    for waited in (31, 31, 61, 121, 3601, 3601, 3601):
        report = await hooked.apply()
        assert (report.put_back, report.parked) == (1, 0)
        state, cause, attempts, _ = await hooked.state(told)
        assert (state, attempts) == ("waiting", 0)
        assert "store" in cause
        assert (await hooked.apply()).put_back == 0
        hooked.clock.advance(waited)
    rules.clear()
    hooked.puller.client.breaker.succeeded()
    assert (await hooked.apply()).handled == 1
    assert await name_of(hooked.puller, product) == "Late"
    assert await hooked.state(told) == ("handled", "", 1, False)


async def test_a_store_that_is_down_for_half_a_day_is_tried_three_times_and_then_a_person_decides(
    hooked: Hooked,
) -> None:
    product = ids_of(hooked.puller, "product")[3]
    told = await hooked.tell("product.updated", {"id": product})
    rules = hooked.puller.running.front.faults
    rules.add(faults.Fault(kind="status", path="/wc/v3/*", count=None, options={"status": 503}))
    hooked.clock.advance(applying.OUTAGE.total_seconds() + 1)
    for attempt, delay in ((1, 30), (2, 180)):
        report = await hooked.apply()
        assert (report.put_back, report.parked) == (1, 0)
        assert (await hooked.state(told))[::2] == ("waiting", attempt)
        hooked.clock.advance(delay + 1)
    assert (await hooked.apply()).parked == 1
    assert (await hooked.state(told))[0] == "parked"
    rules.clear()
    hooked.puller.client.breaker.succeeded()
    async with hooked.puller.database.transaction() as tx:
        assert await deliveries.replay(tx, hooked.puller.store.id, None) == 1
    assert (await hooked.apply()).handled == 1


async def test_what_trying_again_does_not_mend_is_parked_at_once(hooked: Hooked) -> None:
    told = await hooked.tell("product.updated", {"id": 1})
    hooked.learned.append(store_errors.StoreAuthFailed("The key is refused.", status=401))
    await hooked.apply()
    assert await hooked.state(told) == ("parked", "The key is refused.", 1, False)


async def test_trouble_with_one_kind_of_record_does_not_stop_the_others(hooked: Hooked) -> None:
    order = await hooked.tell("order.updated", {"id": ids_of(hooked.puller, "order")[0]})
    product = await hooked.tell("product.updated", {"id": ids_of(hooked.puller, "product")[0]})
    hooked.puller.running.front.faults.add(
        faults.Fault(kind="status", path="/wc/v3/orders*", count=None, options={"status": 503})
    )
    await hooked.apply()
    assert (await hooked.state(order))[0] == "waiting"
    assert (await hooked.state(product))[0] == "handled"


async def test_a_bad_record_is_parked_and_the_others_go_on(hooked: Hooked) -> None:
    bad, good = ids_of(hooked.puller, "product")[3:5]
    for product in (bad, good):
        edit(hooked.puller, "product", product, name="New", regular_price="1")
    edit(hooked.puller, "product", bad, regular_price="abc")
    told = [await hooked.tell("product.updated", {"id": one}) for one in (bad, good)]
    await hooked.apply()
    state, cause, _, _ = await hooked.state(told[0])
    assert state == "parked"
    assert "regular_price" in cause
    assert (await hooked.state(told[1]))[0] == "handled"
    assert await name_of(hooked.puller, good) == "New"
    assert await hooked.puller.rows("SELECT entity, record FROM quarantine") == [
        ("product", str(bad))
    ]


async def test_a_repeated_body_is_marked_but_never_that_of_a_deletion(hooked: Hooked) -> None:
    product = ids_of(hooked.puller, "product")[3]
    told = [
        await hooked.tell(topic, {"id": product})
        for topic in ("product.updated", "product.updated", "product.deleted", "product.deleted")
    ]
    await hooked.apply()
    assert [(await hooked.state(one))[3] for one in told] == [False, True, False, False]


async def test_a_dead_workers_deliveries_are_free_again_after_the_lease(hooked: Hooked) -> None:
    told = await hooked.tell("product.updated", {"id": ids_of(hooked.puller, "product")[0]})
    for _ in range(applying.ATTEMPTS):
        async with hooked.puller.database.transaction() as tx:
            claimed = await deliveries.claim(
                tx, hooked.puller.store.id, now=hooked.clock(), lease=applying.LEASE, limit=10
            )
        assert [one.id for one in claimed] == [told]
        assert (await hooked.apply()).handled == 0
        hooked.clock.advance(applying.LEASE + 1)
    assert (await hooked.apply()).parked == 1
    assert "died" in (await hooked.state(told))[1]


async def test_who_is_stopped_gives_deliveries_back_uncounted(
    hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await hooked.tell("product.updated", {"id": ids_of(hooked.puller, "product")[0]})
    reached = asyncio.Event()

    async def forever(*_: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patched:
        patched.setattr(work.Work, "look_up", forever)
        task = asyncio.create_task(hooked.apply())
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await hooked.state(told) == ("waiting", "", 0, False)
    assert (await hooked.apply()).handled == 1


async def test_a_defect_is_counted_and_parked_in_the_end(
    hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await hooked.tell("product.updated", {"id": ids_of(hooked.puller, "product")[0]})

    async def broken(*_: object) -> None:
        raise KeyError("unforeseen")

    monkeypatch.setattr(work.Work, "look_up", broken)
    for _ in range(applying.ATTEMPTS):
        with pytest.raises(KeyError):
            await hooked.apply()
        hooked.clock.advance(200)
    assert (await hooked.state(told))[:2] == ("parked", "A defect of woosync: KeyError.")


async def test_a_defect_parks_what_it_comes_from_and_not_what_came_beside_it(
    hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = ids_of(hooked.puller, "product")[:2]
    told = [await hooked.tell("product.updated", {"id": one}) for one in (bad, good)]
    order = await hooked.tell("order.updated", {"id": ids_of(hooked.puller, "order")[0]})
    look_up = work.Work.look_up

    async def broken(self: work.Work, stream: Any, woo_ids: Any) -> Any:
        if bad in woo_ids and stream.entity.value == "product":
            raise KeyError("unforeseen")
        return await look_up(self, stream, woo_ids)

    monkeypatch.setattr(work.Work, "look_up", broken)
    for _ in range(applying.ATTEMPTS):
        with pytest.raises(KeyError):
            await hooked.apply()
        assert (await hooked.state(order))[0] == "handled"
        hooked.clock.advance(200)
    assert [(await hooked.state(one))[0] for one in told] == ["parked", "handled"]


async def test_one_process_at_a_time_applies_and_leaves_nothing_behind(hooked: Hooked) -> None:
    products = ids_of(hooked.puller, "product")
    for product in products:
        edit(hooked.puller, "product", product, name=f"Name {product}")

    async def tell_and_apply(product: int) -> applying.Report:
        await hooked.tell("product.updated", {"id": product})
        return await hooked.apply()

    reports = await asyncio.gather(*map(tell_and_apply, products))
    assert sum(report.handled for report in reports) == len(products)
    left = "SELECT count(*) FROM webhook_deliveries WHERE state <> 'handled'"
    assert await hooked.puller.value(left) == 0


async def test_a_pull_and_deliveries_at_the_same_time_agree_in_the_end(hooked: Hooked) -> None:
    shop = hooked.puller.running.shop
    for _ in range(3):
        product = actions.create(shop, "product", {"name": "Both", "regular_price": "1"})["id"]
        ann = actions.create(shop, "customer", {"email": f"ann{product}@x.test"})["id"]
        order = actions.sell(shop, [{"product_id": product, "quantity": 1}], customer_id=ann)["id"]
        for topic, woo_id in (("order", order), ("customer", ann), ("product", product)):
            await hooked.tell(f"{topic}.created", {"id": woo_id})
        await asyncio.gather(hooked.puller(sweep=False), hooked.apply())
    await hooked.puller(sweep=False)
    doubled = (
        "SELECT count(*) - count(DISTINCT lower(email)) FROM customers WHERE deleted_at IS NULL"
    )
    assert await hooked.puller.value(doubled) == 0
    loose = "SELECT count(*) FROM purchase_orders WHERE customer_id IS NULL AND deleted_at IS NULL"
    assert await hooked.puller.value(loose) == 0
    parked = "SELECT count(*) FROM webhook_deliveries WHERE state <> 'handled'"
    assert await hooked.puller.value(parked) == 0
