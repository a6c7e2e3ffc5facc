"""The client against the simulated store: every collection, both ways of storing orders, TLS."""

from datetime import timedelta

import pytest

import woosim
from woosync.woo import capabilities, client, options, paging, probe


def connect(store: woosim.Running) -> client.StoreClient:
    return client.StoreClient(
        options.StoreOptions(
            url=store.url,
            key=store.key,
            secret=store.secret,
            ca_file=store.ca_file,
            allow_private=True,
        )
    )


@pytest.mark.parametrize("hpos", [True, False])
async def test_scans_agree_with_the_totals_of_every_collection(hpos: bool) -> None:  # noqa: FBT001 - a parametrized flag
    chosen = woosim.Options(products=230, variable=20, customers=120, orders=210, hpos=hpos)
    async with woosim.serve(woosim.Shop(chosen)) as store, connect(store) as shop:
        for route in ("products", "variations", "customers", "orders", "refunds"):
            total = (await shop.fetch(route, {"per_page": 1})).total
            pages = [page async for page in paging.fetch_scan(shop, route, {}, page_size=50)]
            found = [record.id for page in pages for record in page.records]
            assert len(found) == len(set(found)) == total
            assert found == sorted(found)
            assert not [page for page in pages if page.bad or page.junk]


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Asia/Kolkata"])
async def test_changes_are_the_scan_after_a_moment_in_any_zone(zone: str) -> None:
    chosen = woosim.Options(products=300, variable=10, customers=5, orders=150, zone=zone)
    async with woosim.serve(woosim.Shop(chosen)) as store, connect(store) as shop:
        for route in ("products", "orders", "variations"):
            everything = {
                record.id: record.modified
                async for page in paging.fetch_scan(shop, route, {})
                for record in page.records
            }
            times = sorted(moment for moment in everything.values() if moment)
            for since in (times[0] - timedelta(seconds=1), times[len(times) // 2], times[-1]):
                found = {
                    record.id
                    async for page in paging.fetch_changes(
                        shop, route, {}, since=since, page_size=20
                    )
                    for record in page.records
                }
                assert found == {i for i, moment in everything.items() if moment and moment > since}


async def test_over_tls_the_header_works_and_the_doctor_is_content() -> None:
    chosen = woosim.Options(products=120, variable=5, customers=20, orders=20)
    async with woosim.serve(woosim.Shop(chosen), tls=True) as store, connect(store) as shop:
        found = await probe.probe(shop)
        learned = await capabilities.fetch_capabilities(shop)
    assert shop.auth_mode is options.AuthMode.BASIC
    states = {finding.name: finding.state for finding in found.findings}
    assert states["connection"] is states["key"] is states["REST API"] is probe.State.GOOD
    assert found.capabilities == learned
    assert learned.variations_route
    assert learned.refunds_route
    assert learned.hpos is True


async def test_an_older_store_lacks_the_list_of_all_variations() -> None:
    chosen = woosim.Options(products=10, variable=2, customers=2, orders=2, version="10.2")
    async with woosim.serve(woosim.Shop(chosen)) as store, connect(store) as shop:
        learned = await capabilities.fetch_capabilities(shop)
    assert not learned.variations_route
    assert learned.refunds_route
