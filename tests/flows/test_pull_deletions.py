import pytest

from flows.pulling import OpenPuller, OpenShop, Puller
from flows.test_pull_changes import edit, ids_of
from woosim.admin import actions
from woosync.flows.pull import belongings
from woosync.flows.pull import variations as variation_pull
from woosync.flows.pull.run import Run

OLD = "10.2"  # lists variations by product only


async def cursor_of(puller: Puller, entity: str) -> dict[str, object]:
    found = await puller.value(f"SELECT position FROM cursors WHERE entity = '{entity}'")
    assert isinstance(found, dict)
    return found


async def test_an_idle_poll_of_an_old_store_asks_for_no_variations(
    open_shop: OpenShop, open_puller: OpenPuller
) -> None:
    running = await open_shop(products=60, variable=20, customers=3, orders=3, version=OLD)
    puller = await open_puller(running)
    first = await puller()
    assert first.requests > 20
    edit(puller, "product", ids_of(puller, "product")[0])
    await puller(sweep=False)
    before = puller.client.calls.total
    report = await puller(sweep=False)
    assert report.mode == "incremental"
    assert puller.client.calls.total - before < 10
    assert not (await cursor_of(puller, "product")).get("parents")


async def test_changes_of_more_parents_than_one_group_all_arrive_and_are_forgotten(
    open_shop: OpenShop, open_puller: OpenPuller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(variation_pull, "GROUP", 6)
    running = await open_shop(products=60, variable=20, customers=3, orders=3, version=OLD)
    puller = await open_puller(running)
    await puller()
    variations = ids_of(puller, "variation")
    parents = {(running.shop.read("variation", i) or {})["parent_id"] for i in variations}
    assert len(parents) == 20
    for variation in variations:
        edit(puller, "variation", variation, regular_price="3.21")
    for parent in parents:
        edit(puller, "product", parent)
    report = await puller(sweep=False)
    assert report.mode == "incremental"
    assert report.counts["variation"]["updated"] == len(variations)
    assert not (await cursor_of(puller, "product")).get("parents")


async def test_a_full_pull_of_an_old_store_that_stops_early_is_made_good_by_the_next(
    open_shop: OpenShop, open_puller: OpenPuller, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = await open_shop(products=40, variable=12, customers=3, orders=3, version=OLD)
    puller = await open_puller(running)
    await puller()
    variations = ids_of(puller, "variation")
    for variation in variations:
        edit(puller, "variation", variation, regular_price="3.21")
    for parent in {(running.shop.read("variation", i) or {})["parent_id"] for i in variations}:
        edit(puller, "product", parent)

    class Stopped(BaseException):
        pass

    async def stop(_: object) -> None:
        raise Stopped

    with monkeypatch.context() as patched:
        patched.setattr(variation_pull, "pull_all", stop)
        with pytest.raises(Stopped):
            await puller(full=True)
    await puller(sweep=False)
    prices = (
        "SELECT count(*) FROM products p JOIN links l ON l.local_id = p.id"
        " WHERE l.entity = 'variation' AND p.regular_price = 3.21"
    )
    assert await puller.value(prices) == len(variations)


async def test_a_small_store_that_lists_nothing_at_all_is_not_believed(
    open_shop: OpenShop, open_puller: OpenPuller
) -> None:
    running = await open_shop(products=18, variable=0, customers=2, orders=2)
    puller = await open_puller(running)
    await puller()
    for product in ids_of(puller, "product"):
        running.shop.remove("product", product)
    report = await puller(full=True)
    assert report.state == "partial"
    assert "18 of 18" in report.warnings[0]
    assert report.counts["product"]["deleted"] == 0
    report = await puller(full=True, allow_deletes=True)
    assert report.counts["product"]["deleted"] == 18


async def test_the_only_record_of_a_kind_may_go(
    open_shop: OpenShop, open_puller: OpenPuller
) -> None:
    running = await open_shop(products=1, variable=0, customers=2, orders=2)
    puller = await open_puller(running)
    await puller()
    running.shop.remove("product", ids_of(puller, "product")[0])
    report = await puller(full=True)
    assert report.counts["product"]["deleted"] == 1


async def test_an_order_deleted_before_its_refunds_were_asked_for_fails_no_run(
    open_shop: OpenShop, open_puller: OpenPuller, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = await open_shop(products=20, variable=2, customers=3, orders=60, version="8.9")
    puller = await open_puller(running)
    assert not puller.found.refunds_route
    refunds = ids_of(puller, "refund")
    gone = (running.shop.read("refund", refunds[0]) or {})["parent_id"]
    left = [i for i in refunds if (running.shop.read("refund", i) or {})["parent_id"] != gone]
    real = belongings.pull_refunds

    async def delete_first(run: Run) -> None:
        if running.shop.read("order", gone):
            actions.delete(running.shop, "order", gone, force=True)
        await real(run)

    monkeypatch.setattr(belongings, "pull_refunds", delete_first)
    report = await puller()
    assert report.state == "completed"
    here = "SELECT array_agg(woo_id ORDER BY woo_id) FROM links WHERE entity = 'refund'"
    assert await puller.value(here) == left


async def live_variations(puller: Puller) -> object:
    return await puller.value(
        "SELECT array_agg(l.woo_id ORDER BY l.woo_id) FROM links l JOIN products p"
        " ON p.id = l.local_id WHERE l.entity = 'variation'"
        " AND l.tombstoned_at IS NULL AND p.deleted_at IS NULL"
    )


@pytest.mark.parametrize("version", [OLD, "10.5"])
@pytest.mark.parametrize("options", [{"full": True}, {}])
async def test_a_deleted_variation_and_those_of_a_deleted_product_become_tombstones(
    version: str, options: dict[str, bool], open_shop: OpenShop, open_puller: OpenPuller
) -> None:
    running = await open_shop(products=60, variable=20, customers=3, orders=3, version=version)
    puller = await open_puller(running)
    await puller()
    variations = ids_of(puller, "variation")
    actions.delete(running.shop, "variation", variations[0], force=True)
    parent = (running.shop.read("variation", variations[9]) or {})["parent_id"]
    actions.delete(running.shop, "product", parent, force=True)
    report = await puller(sweep=True, **options)
    left = ids_of(puller, "variation")
    assert report.counts["variation"]["deleted"] == len(variations) - len(left)
    assert await live_variations(puller) == left


async def test_many_missing_variations_of_an_old_store_are_held(
    open_shop: OpenShop, open_puller: OpenPuller
) -> None:
    running = await open_shop(products=60, variable=20, customers=3, orders=3, version=OLD)
    puller = await open_puller(running)
    await puller()
    variations = ids_of(puller, "variation")
    for variation in variations[:40]:
        running.shop.remove("variation", variation)
    report = await puller(sweep=True)
    assert report.state == "partial"
    assert await live_variations(puller) == variations
    report = await puller(sweep=True, allow_deletes=True)
    assert await live_variations(puller) == variations[40:]
