"""Changes since a moment: exclusive whole seconds, first pages only, full seconds drained."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from aiohttp import web

from unit.woo import small_store
from unit.woo.small_store import SmallStore
from woosync.woo import paging
from woosync.woo.client import StoreClient

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def changed(count: int, *, each_second: int, first: int = 1) -> list[small_store.Row]:
    return [
        row
        | {
            "date_modified_gmt": (SINCE + timedelta(seconds=1 + i // each_second)).strftime(
                "%Y-%m-%dT%H:%M:%S"
            )
        }
        for i, row in enumerate(small_store.rows(count, first=first))
    ]


async def changes(client: StoreClient, **how: int) -> list[int]:
    found: list[int] = []
    async for page in paging.fetch_changes(client, "products", {}, since=SINCE, **how):
        found += [record.id for record in page.records]
    return found


async def test_nothing_new_costs_one_request_and_gives_one_empty_page() -> None:
    async with (
        small_store.serve(SmallStore(small_store.rows(50))) as store,
        small_store.connect(store.url) as client,
    ):
        pages = [page async for page in paging.fetch_changes(client, "products", {}, since=SINCE)]
    assert [page.records for page in pages] == [[]]
    assert pages[0].store_time is not None
    assert [query["modified_after"] for query in store.queries] == ["2026-01-01T00:00:00"]
    assert store.queries[0]["dates_are_gmt"] == "true"
    assert store.queries[0]["_skip_cache"] == "1"


async def test_a_time_in_another_zone_is_asked_for_in_utc_without_a_zone() -> None:
    berlin = SINCE.astimezone(__import__("zoneinfo").ZoneInfo("Europe/Berlin"))
    async with (
        small_store.serve(SmallStore([])) as store,
        small_store.connect(store.url) as client,
    ):
        async for _ in paging.fetch_changes(
            client, "products", {}, since=berlin + timedelta(microseconds=5)
        ):
            pass
    assert store.queries[0]["modified_after"] == "2026-01-01T00:00:00"


async def test_every_change_comes_once_whatever_shares_a_second() -> None:
    for each_second in (1, 7, 20, 21, 90):
        store = SmallStore(changed(90, each_second=each_second))
        async with small_store.serve(store), small_store.connect(store.url) as client:
            assert await changes(client, page_size=20) == list(range(1, 91))
            assert len(store.queries) <= 12


async def test_a_page_always_begins_at_the_cursor() -> None:
    store = SmallStore(changed(100, each_second=1))
    async with small_store.serve(store), small_store.connect(store.url) as client:
        await changes(client, page_size=20)
    assert not any("offset" in query or "page" in query for query in store.queries)


async def test_rows_touched_meanwhile_hide_no_others_and_come_again() -> None:
    store = SmallStore(changed(100, each_second=1))

    def touch(store: SmallStore, _query: Mapping[str, str]) -> None:
        for row in store.rows[len(store.queries) : len(store.queries) + 15]:
            if len(store.queries) < 5:
                row["date_modified_gmt"] = f"2026-01-01T01:00:{len(store.queries):02}"

    store.before = touch
    async with small_store.serve(store), small_store.connect(store.url) as client:
        found = await changes(client, page_size=20)
    assert set(found) == set(range(1, 101))


async def test_a_drained_second_that_loses_rows_on_the_way_hides_no_others() -> None:
    store = SmallStore(changed(200, each_second=200))

    def touch(store: SmallStore, _query: Mapping[str, str]) -> None:
        if len(store.queries) in {3, 6}:
            for row in store.rows[:25]:
                row["date_modified_gmt"] = f"2026-01-01T02:00:0{len(store.queries)}"

    store.before = touch
    async with small_store.serve(store), small_store.connect(store.url) as client:
        found = await changes(client, page_size=20)
    assert set(found) == set(range(1, 201))


async def test_a_short_page_is_not_the_end_while_the_store_counts_more() -> None:
    store = SmallStore(changed(60, each_second=1), cap=7)
    async with small_store.serve(store), small_store.connect(store.url) as client:
        assert await changes(client) == list(range(1, 61))


async def test_rows_the_key_may_not_read_do_not_stall_it() -> None:
    store = SmallStore(changed(40, each_second=1), hidden=set(range(30, 41)))
    async with small_store.serve(store), small_store.connect(store.url) as client:
        assert await changes(client, page_size=20) == list(range(1, 30))
        assert len(store.queries) < 20


async def test_a_heavy_page_comes_in_parts() -> None:
    def spoil(_store: SmallStore, query: Mapping[str, str]) -> web.Response | None:
        return web.Response(text="") if int(query["per_page"]) > 10 else None

    store = SmallStore(changed(60, each_second=3), spoil=spoil)
    async with small_store.serve(store), small_store.connect(store.url, retries=0) as client:
        assert await changes(client, page_size=40) == list(range(1, 61))


async def test_a_record_without_a_modified_time_is_given_and_moves_nothing() -> None:
    rows = changed(3, each_second=1)
    store = SmallStore(rows)
    store.spoil = lambda store, query: web.Response(
        text=str(store.page(query).text).replace('"2026-01-01T00:00:02"', "null")
    )
    async with small_store.serve(store), small_store.connect(store.url) as client:
        pages = [p async for p in paging.fetch_changes(client, "products", {}, since=SINCE)]
    assert [(r.id, r.modified) for p in pages for r in p.records] == [
        (1, SINCE + timedelta(seconds=1)),
        (2, None),
        (3, SINCE + timedelta(seconds=3)),
    ]
