"""The cases of date filters as they were observed on a real store."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import woosim
from contract import asking
from woosim import dates

MOMENT = datetime(2026, 11, 23, 2, 1, 47, tzinfo=UTC)
LOCAL_MOMENT = datetime(2026, 11, 22, 21, 1, 47, tzinfo=UTC)
SECOND = timedelta(seconds=1)
KINDS = {"/products": "product", "/orders": "order", "/variations": "variation"}


def shop_with_a_change(zone: str = "America/New_York", **more: Any) -> woosim.Shop:
    """Return a shop where one record of each kind changed at MOMENT."""
    chosen = woosim.Options(products=30, variable=5, customers=3, orders=30, zone=zone, **more)
    shop = woosim.Shop(chosen, now=lambda: MOMENT)
    ids = shop.base.ids
    first = {
        "product": ids.product_id(3),
        "order": ids.order_id(3),
        "variation": ids.variation_id(3),
    }
    for kind, record_id in first.items():
        record = shop.edit(kind, record_id)
        assert record is not None
        shop.save(kind, record)
    return shop


def text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


async def listed(store: woosim.Running, path: str, **params: Any) -> bool:
    reply = await asking.get(store, path, _fields="id", **params)
    assert reply.status == 200, reply.text
    return reply.total == 1


@pytest.mark.parametrize("path", KINDS)
@pytest.mark.parametrize(
    ("value", "gmt", "expected"),
    [
        (text(MOMENT), True, False),
        (text(MOMENT - SECOND), True, True),
        (text(MOMENT + SECOND), True, False),
        (text(MOMENT - SECOND) + "Z", True, True),
        (text(MOMENT + SECOND) + "Z", True, True),
        (text(MOMENT + timedelta(hours=4, minutes=59)) + "Z", True, True),
        (text(MOMENT + timedelta(hours=5, minutes=1)) + "Z", True, False),
        (text(MOMENT - SECOND) + "+00:00", True, True),
        (text(LOCAL_MOMENT - SECOND), False, True),
        (text(LOCAL_MOMENT + SECOND), False, False),
        (text(MOMENT - SECOND) + "Z", False, True),
        (text(MOMENT + SECOND) + "Z", False, False),
        (text(MOMENT - SECOND), False, False),
        (text(MOMENT - SECOND) + ".500", True, True),
        (text(MOMENT - SECOND).replace("T", " "), True, True),
    ],
)
async def test_modified_after_reads_zones_as_a_real_store_does(
    path: str,
    value: str,
    gmt: bool,  # noqa: FBT001  # a column of the table
    expected: bool,  # noqa: FBT001  # a column of the table
) -> None:
    async with woosim.serve(shop_with_a_change()) as store:
        flag = {"dates_are_gmt": "true"} if gmt else {}
        assert await listed(store, path, modified_after=value, **flag) is expected


async def test_modified_before_is_exclusive_and_bounds_combine() -> None:
    async with woosim.serve(shop_with_a_change()) as store:
        near = {"modified_after": text(MOMENT - SECOND), "dates_are_gmt": "true"}
        before = text(MOMENT)
        assert not await listed(store, "/products", modified_before=before, **near)
        before = text(MOMENT + SECOND)
        assert await listed(store, "/products", modified_before=before, **near)


async def test_east_of_utc_a_named_zone_with_dates_are_gmt_misses_the_last_changes() -> None:
    async with woosim.serve(shop_with_a_change("Europe/Berlin")) as store:
        right = text(MOMENT - SECOND)
        assert await listed(store, "/products", modified_after=right, dates_are_gmt="true")
        wrong = f"{right}Z"
        assert not await listed(store, "/products", modified_after=wrong, dates_are_gmt="true")


@pytest.mark.parametrize("value", ["2026-11-23", "yesterday", "2026-13-01T00:00:00"])
async def test_a_date_that_is_none_is_refused(value: str) -> None:
    async with woosim.serve(shop_with_a_change()) as store:
        reply = await asking.get(store, "/products", modified_after=value)
    assert (reply.status, reply.json["code"]) == (400, "rest_invalid_param")
    assert reply.json["data"]["details"]["modified_after"]["code"] == "rest_invalid_date"


async def test_hpos_drops_the_zone_of_a_value_with_a_fraction() -> None:
    value = text(LOCAL_MOMENT - SECOND) + ".000Z"
    async with woosim.serve(shop_with_a_change()) as store:
        assert await listed(store, "/orders", modified_after=value)
        value = text(LOCAL_MOMENT + SECOND) + ".000Z"
        assert not await listed(store, "/orders", modified_after=value)


@pytest.mark.parametrize("name", ["America/New_York", "Europe/Berlin", "Asia/Kathmandu", "UTC"])
def test_zone_arithmetic_agrees_with_zoneinfo(name: str) -> None:
    zone = dates.zone(name)
    start = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
    for moment in range(start, start + 800 * 86400, 3571):
        local = datetime.fromtimestamp(moment, zone.info).replace(tzinfo=None).isoformat()
        assert zone.pair(moment) == (local, text(datetime.fromtimestamp(moment, UTC)))


def test_a_wall_clock_inside_the_spring_gap_moves_an_hour_on() -> None:
    zone = dates.zone("Europe/Berlin")
    gap = dates.to_seconds("2026-03-29T02:30:00")
    assert dates.to_text(zone.settle(gap)) == "2026-03-29T03:30:00"
    assert dates.to_text(zone.settle(gap - 3600)) == "2026-03-29T01:30:00"
