"""Full scans over a store that changes meanwhile: what existed all the time comes exactly once."""

import random
from collections.abc import Mapping

import pytest
from aiohttp import web

from unit.woo import small_store
from unit.woo.small_store import SmallStore
from woosync.woo import errors, paging
from woosync.woo.client import StoreClient


async def scan(client: StoreClient, **how: object) -> list[int]:
    found: list[int] = []
    async for page in paging.fetch_scan(client, "products", {}, **how):
        found += [record.id for record in page.records]
    return found


async def test_a_scan_gives_every_row_once_and_asks_once_beyond_the_end() -> None:
    async with (
        small_store.serve(SmallStore(small_store.rows(950))) as store,
        small_store.connect(store.url) as client,
    ):
        assert await scan(client) == list(range(1, 951))
        assert len(store.queries) == 11
        assert {query["orderby"] + query["order"] for query in store.queries} == {"idasc"}


@pytest.mark.parametrize("count", [0, 1, 2, 99, 100, 101, 199, 200, 298, 299])
@pytest.mark.parametrize("with_total", [True, False])
async def test_every_length_is_read_to_its_end(count: int, with_total: bool) -> None:  # noqa: FBT001 - a parametrized flag
    store = SmallStore(small_store.rows(count), with_total=with_total)
    async with small_store.serve(store), small_store.connect(store.url) as client:
        assert await scan(client) == list(range(1, count + 1))
        assert len(store.queries) <= count // 99 + 2


async def test_an_empty_collection_gives_one_empty_page_for_one_request() -> None:
    async with (
        small_store.serve(SmallStore([])) as store,
        small_store.connect(store.url) as client,
    ):
        pages = [page async for page in paging.fetch_scan(client, "products", {})]
        assert [page.records for page in pages] == [[]]
        assert len(store.queries) == 1


@pytest.mark.parametrize("seed", range(12))
async def test_rows_deleted_and_added_between_pages_hide_no_other(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a repeatable test, no secret
    everything = small_store.rows(700)
    store = SmallStore(list(everything))
    deleted: set[int] = set()

    def trade(store: SmallStore, _query: Mapping[str, str]) -> None:
        for row in chance.sample(store.rows, min(len(store.rows), chance.choice([0, 0, 1, 5, 60]))):
            store.rows.remove(row)
            deleted.add(row["id"])
        if len(store.queries) < 30:
            store.rows += small_store.rows(
                chance.choice([0, 3]), first=1000 + 10 * len(store.queries)
            )

    store.before = trade
    store.delay = lambda: chance.choice([0, 0, 0.002])
    async with small_store.serve(store), small_store.connect(store.url) as client:
        found = await scan(client, page_size=40)
    assert len(found) == len(set(found))
    assert found == sorted(found)
    assert {row["id"] for row in everything} - deleted <= set(found)


async def test_everything_deleted_meanwhile_ends_the_scan() -> None:
    store = SmallStore(small_store.rows(500))
    store.before = lambda store, _query: store.rows.clear() if len(store.queries) == 2 else None
    async with small_store.serve(store), small_store.connect(store.url) as client:
        assert (await scan(client))[:100] == list(range(1, 101))


async def test_a_scan_resumes_exactly_after_rows_before_it_went() -> None:
    store = SmallStore(small_store.rows(400))
    async with small_store.serve(store), small_store.connect(store.url) as client:
        given, position = [], paging.START
        async for page in paging.fetch_scan(client, "products", {}):
            given += [record.id for record in page.records]
            position = page.position
            if len(given) > 150:
                break
        del store.rows[10:160]
        rest = await scan(client, start=position)
    assert position == paging.ScanPosition(offset=199, last_id=199)
    assert rest == list(range(200, 401))


async def test_many_rows_restored_before_the_position_do_not_end_the_scan() -> None:
    store = SmallStore(small_store.rows(900)[500:])
    async with small_store.serve(store), small_store.connect(store.url) as client:
        store.rows = small_store.rows(900)
        rest = await scan(client, start=paging.ScanPosition(offset=100, last_id=600))
    assert rest == list(range(601, 901))


async def test_rows_the_key_may_not_read_hide_no_others() -> None:
    store = SmallStore(small_store.rows(600), hidden={1, 99, 100, *range(150, 420), 600})
    async with small_store.serve(store), small_store.connect(store.url) as client:
        found = await scan(client)
    assert found == [i for i in range(1, 601) if i not in store.hidden]


async def test_a_host_that_caps_the_page_size_costs_requests_and_no_rows() -> None:
    store = SmallStore(small_store.rows(500), cap=20)
    async with small_store.serve(store), small_store.connect(store.url) as client:
        assert await scan(client) == list(range(1, 501))
        assert len(store.queries) < 40


async def test_pages_are_in_flight_together_but_bounded() -> None:
    store = SmallStore(small_store.rows(6000), delay=lambda: 0.003)
    async with (
        small_store.serve(store),
        small_store.connect(store.url, concurrency=4) as client,
    ):
        scanning = paging.fetch_scan(client, "products", {})
        await anext(scanning)
        await anext(scanning)
        for _ in range(20):
            await __import__("asyncio").sleep(0.005)
        assert len(store.queries) <= 8
        await scanning.aclose()
        assert 2 <= store.busiest <= 4


@pytest.mark.parametrize("kind", ["empty", "too large", "500", "504"])
async def test_a_page_too_heavy_for_the_store_comes_in_parts(kind: str) -> None:
    def spoil(_store: SmallStore, query: Mapping[str, str]) -> web.Response | None:
        start, size = int(query.get("offset", 0)), int(query["per_page"])
        if not (start <= 137 < start + size and size > 3):
            return None
        if kind.isdigit():
            return web.Response(status=int(kind), text="<h1>Error</h1>")
        return web.Response(text="" if kind == "empty" else "x" * 70_000)

    store = SmallStore(small_store.rows(300), spoil=spoil)
    async with (
        small_store.serve(store),
        small_store.connect(store.url, body_limit=60_000, retries=0) as client,
    ):
        assert await scan(client) == list(range(1, 301))


async def test_answers_that_get_lost_are_asked_for_again_and_not_in_parts() -> None:
    chance = random.Random(5)  # noqa: S311 - no secret

    def spoil(_store: SmallStore, _query: Mapping[str, str]) -> web.Response | None:
        return web.Response(text="") if chance.random() < 0.2 else None

    store = SmallStore(small_store.rows(3000), spoil=spoil)
    async with small_store.serve(store), small_store.connect(store.url) as client:
        assert await scan(client) == list(range(1, 3001))
    assert len(store.queries) < 2 * 30


async def test_one_entry_that_is_no_record_is_given_as_bad_and_the_others_go_on() -> None:
    rows = small_store.rows(150)
    store = SmallStore(rows)

    def spoil(store: SmallStore, query: Mapping[str, str]) -> web.Response:
        answer = store.page(query)
        text = answer.text or ""
        return web.Response(
            text=text.replace('"id": 100,', '"id": "x",').replace('"id": 7,', '"ID": 7,'),
            headers={"X-WP-Total": answer.headers["X-WP-Total"]},
        )

    store.spoil = spoil
    async with small_store.serve(store), small_store.connect(store.url) as client:
        pages = [page async for page in paging.fetch_scan(client, "products", {})]
    bad = [entry for page in pages for entry in page.bad]
    good = [record.id for page in pages for record in page.records]
    assert good == [i for i in range(1, 151) if i not in {7, 100}]
    assert len(bad) == 2
    assert b'"name": "Row 7"' in bad[0].raw
    assert "id" in bad[0].reason


async def test_a_store_that_ignores_the_order_is_refused() -> None:
    store = SmallStore(small_store.rows(50))
    store.spoil = lambda store, query: web.Response(
        text=str(store.page(query).text).replace('"id": 9,', '"id": 900,')
    )
    async with small_store.serve(store), small_store.connect(store.url, retries=0) as client:
        with pytest.raises(errors.StoreAnsweredNonsense, match="id order"):
            await scan(client)


async def test_a_cache_that_always_gives_the_same_page_is_found_out() -> None:
    store = SmallStore(small_store.rows(500))
    store.spoil = lambda store, query: store.page({**query, "offset": "0"})
    async with small_store.serve(store), small_store.connect(store.url, retries=0) as client:
        with pytest.raises(errors.StoreAnsweredNonsense, match="without anything new"):
            await scan(client)


async def test_fields_that_paging_needs_are_added() -> None:
    store = SmallStore(small_store.rows(2))
    async with small_store.serve(store), small_store.connect(store.url) as client:
        async for _ in paging.fetch_scan(client, "products", {"_fields": "name,id"}):
            pass
    assert store.queries[0]["_fields"] == "date_modified_gmt,name,id"


async def test_a_collection_that_shrinks_far_costs_few_requests() -> None:
    store = SmallStore(small_store.rows(3000))
    store.before = lambda store, _query: (
        store.rows.__delitem__(slice(60, None)) if len(store.queries) == 4 else None
    )
    async with small_store.serve(store), small_store.connect(store.url) as client:
        found = await scan(client)
    assert found == sorted(set(found))
    assert set(range(1, 61)) <= set(found)
    assert len(store.queries) < 20
