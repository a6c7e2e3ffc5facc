"""Pulls through bad weather: a store that fails, stutters and lies, and records that are bad."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from flows.pulling import OpenPuller, OpenShop, Puller
from flows.test_pull_crashes import assert_whole, trade
from woosync import errors
from woosync.woo import errors as store_errors
from woosync.woo.client import StoreClient

SIZES = {"products": 60, "variable": 6, "customers": 30, "orders": 40, "seed": 11}
READS = {"method": "GET", "path": "/wc/v3/*", "count": None}
WEATHER: dict[str, dict[str, Any]] = {
    "throttled": {"kind": "status", "options": {"status": 429, "retry_after": "0"}},
    "throttled until a date": {
        "kind": "status",
        "options": {"status": 429, "retry_after": "date:0"},
    },
    "throttled without a word": {"kind": "status", "options": {"status": 429}},
    "crash": {"kind": "status", "options": {"status": 500}},
    "crash in JSON": {"kind": "status", "options": {"status": 500, "body": "json"}},
    "bad gateway": {"kind": "status", "options": {"status": 502, "body": ""}},
    "maintenance": {"kind": "status", "options": {"status": 503, "retry_after": "0"}},
    "gateway timeout": {"kind": "status", "options": {"status": 504}},
    "reset": {"kind": "reset"},
    "reset mid-body": {"kind": "cut_body"},
    "cut JSON": {"kind": "cut_json"},
    "notice": {"kind": "prefix", "options": {"text": "notice"}},
    "byte order mark": {"kind": "prefix", "options": {"text": "bom"}},
    "comment": {"kind": "prefix", "options": {"text": "html"}},
    "login page": {"kind": "html"},
    "empty": {"kind": "empty"},
    "slow": {"kind": "slow", "options": {"seconds": 0.05}},
    "trickle": {"kind": "slow", "options": {"chunk": 20_000, "pause": 0.01}},
    "wrong totals": {"kind": "wrong_totals", "options": {"total": 3}},
    "no totals": {"kind": "wrong_totals", "options": {"total": 0}},
    "high totals": {"kind": "wrong_totals", "options": {"total": 99_999}},
}


@contextlib.asynccontextmanager
async def restarted(puller: Puller) -> AsyncIterator[Puller]:
    """Give the puller of a new process: a client that remembers nothing."""
    async with StoreClient(puller.client.options) as client:
        yield replace(puller, client=client)


async def pull_until_done(puller: Puller, **options: Any) -> int:
    """Pull again after each failure, as a scheduler does; return how often it failed.

    Every failure must say what happened and what to do.
    """
    for failed in range(30):
        trouble = None
        async with restarted(puller) as fresh:
            try:
                await fresh(**options)
            except errors.TemporaryError as error:
                trouble = error
        last = await puller.rows("SELECT state, error FROM sync_runs ORDER BY id DESC LIMIT 1")
        if trouble is None:
            assert last == [("completed", "")]
            return failed
        assert last == [("failed", trouble.message)]
        assert trouble.remedy
    pytest.fail("30 pulls failed")


def fired(puller: Puller) -> int:
    return sum(rule.fired for rule in puller.running.front.faults.rules)


async def assert_agreed(puller: Puller) -> None:
    """Pull what is left in good weather and compare everything."""
    puller.running.front.faults.clear()
    async with restarted(puller) as fresh:
        await fresh(sweep=True, scan_customers=True)
        await assert_whole(fresh)


@pytest.mark.parametrize("weather", WEATHER)
async def test_a_pull_gets_through_each_kind_of_weather(
    weather: str, open_shop: OpenShop, open_puller: OpenPuller
) -> None:
    running = await open_shop(**SIZES)
    puller = await open_puller(running)
    running.front.faults.inject(**READS, probability=0.25, seed=5, **WEATHER[weather])
    await pull_until_done(puller, page_size=10)
    trade(running.shop)
    await pull_until_done(puller, page_size=10, sweep=True)
    assert fired(puller) >= 5
    await assert_agreed(puller)


@pytest.mark.parametrize(("seed", "share"), [(1, 0.1), (2, 0.2), (3, 0.3), (4, 0.3)])
async def test_a_pull_gets_through_all_of_it_at_once(
    seed: int, share: float, open_shop: OpenShop, open_puller: OpenPuller
) -> None:
    running = await open_shop(**SIZES)
    puller = await open_puller(running)
    # Rules are asked in turn, so each hits its part of what the ones before it let pass.
    for number, weather in enumerate(WEATHER.values()):
        part = 1 - (1 - share) ** (1 / len(WEATHER))
        running.front.faults.inject(**READS, probability=part, seed=100 * seed + number, **weather)
    await pull_until_done(puller, page_size=7)
    for _ in range(2):
        trade(running.shop)
        await pull_until_done(puller, page_size=10, sweep=True)
    assert fired(puller) >= 5
    await assert_agreed(puller)


async def test_an_old_store_is_pulled_through_bad_weather_too(
    open_shop: OpenShop, open_puller: OpenPuller
) -> None:
    running = await open_shop(**SIZES, version="10.2")
    puller = await open_puller(running)
    for number, weather in enumerate(WEATHER.values()):
        running.front.faults.inject(**READS, probability=0.015, seed=number, **weather)
    await pull_until_done(puller, page_size=10)
    assert fired(puller) >= 5
    await assert_agreed(puller)


async def test_a_pause_that_the_store_asks_for_is_kept(
    open_shop: OpenShop, open_puller: OpenPuller
) -> None:
    running = await open_shop(**SIZES)
    puller = await open_puller(running)
    throttled = {"status": 429, "retry_after": "1"}
    running.front.faults.inject("status", path="/wc/v3/products", options=throttled)
    report = await puller()
    assert report.state == "completed"
    assert report.seconds >= 1
    await assert_agreed(puller)


async def test_a_maintenance_ends_the_pull_and_a_later_one_goes_on_where_it_was(
    open_shop: OpenShop, open_puller: OpenPuller
) -> None:
    running = await open_shop(**SIZES)
    puller = await open_puller(running)
    closed = {"status": 503, "retry_after": "600"}
    running.front.faults.inject("status", path="/wc/v3/orders", skip=4, count=None, options=closed)
    with pytest.raises(store_errors.StoreFailed) as caught:
        await puller(page_size=7)
    assert caught.value.retry_after == 600
    here = await puller.value("SELECT count(*) FROM links WHERE entity = 'order'")
    assert 7 <= int(str(here)) < 40
    assert await puller.value("SELECT count(*) FROM links WHERE entity = 'product'") == 60
    running.front.faults.clear()
    running.front.recent.clear()
    async with restarted(puller) as fresh:
        await fresh(page_size=7, sweep=False)
    asked = [path for _, path, _ in running.front.recent if "/wc/v3/orders?" in path]
    scanned = [path for path in asked if "orderby=id" in path]
    assert scanned
    assert all("offset=" in path for path in scanned), scanned
    # What was read before the maintenance may have changed: that is asked for, and nothing else.
    changed = [path for path in asked if path not in scanned]
    assert all("modified_after=" in path for path in changed), changed
    await assert_agreed(puller)


async def test_a_store_that_stays_away_fails_the_pull_and_loses_nothing(
    open_shop: OpenShop, open_puller: OpenPuller
) -> None:
    running = await open_shop(**SIZES)
    puller = await open_puller(running)
    await puller()
    before = await puller.rows("SELECT entity, woo_id, local_id FROM links ORDER BY 1, 2")
    running.front.faults.inject("reset", count=None)
    for options in ({}, {"full": True}, {"sweep": True}):
        async with restarted(puller) as fresh:
            with pytest.raises(errors.TemporaryError) as caught:
                await fresh(**options)
        assert caught.value.remedy
    assert await puller.rows("SELECT entity, woo_id, local_id FROM links ORDER BY 1, 2") == before
    assert await puller.value("SELECT count(*) FROM links WHERE tombstoned_at IS NOT NULL") == 0
    await assert_agreed(puller)


BAD_VALUES: dict[str, dict[str, Any]] = {
    "products": {"regular_price": "abc"},
    "variations": {"stock_quantity": "many"},
    "customers": {"first_name": "nul \x00 inside"},
    "orders": {"total": {"is": "odd"}},
    "refunds": {"amount": "abc"},
}
SPOILT: dict[str, dict[str, Any]] = {
    "bad value": {"change": "set"},
    "no id": {"change": "no_id"},
    "no record": {"change": "not_object"},
}


@pytest.mark.parametrize("spoilt", SPOILT)
@pytest.mark.parametrize("noun", BAD_VALUES)
async def test_a_bad_record_is_set_aside_and_the_others_go_on(
    noun: str, spoilt: str, open_shop: OpenShop, open_puller: OpenPuller
) -> None:
    running = await open_shop(**SIZES)
    puller = await open_puller(running)
    options = {"index": 2, "values": BAD_VALUES[noun], **SPOILT[spoilt]}
    # The first request asks for the newest change; customers and refunds have none.
    skip = 0 if noun in {"customers", "refunds"} else 1
    running.front.faults.inject("bad_record", path=f"/wc/v3/{noun}", skip=skip, options=options)
    report = await puller()
    assert fired(puller) == 1
    entity = noun.removesuffix("s")
    counts = report.counts[entity]
    assert counts["quarantined"] == 1
    assert counts["created"] == counts["seen"] - (spoilt == "bad value") > 3
    [(kind, reason, remedy)] = await puller.rows("SELECT entity, reason, remedy FROM quarantine")
    assert (kind, bool(reason), bool(remedy)) == (entity, True, True)
    await assert_agreed(puller)
    await puller(full=True)
    assert await puller.rows("SELECT * FROM quarantine") == []
