"""Cutting a page into records: found by searching, checked against decoding."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from woosync.woo import records, statistics, tolerant

MOMENT = datetime(2026, 11, 22, 20, 53, 21, tzinfo=UTC)


def cut(*entries: Any) -> records.Cut:
    return records.PAGE.decode(json.dumps(entries, separators=(",", ":")).encode())


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("2026-11-22T20:53:21", MOMENT),
        ("2026-11-22 20:53:21", MOMENT),
        ("2026-11-22T20:53:21Z", MOMENT),
        (None, None),
        ("", None),
        ("0000-00-00T00:00:00", None),
        (False, None),
    ],
)
def test_modified_is_utc_or_nothing(date: object, moment: datetime | None) -> None:
    for entry in ({"id": 5, "date_modified_gmt": date}, {"date_modified_gmt": date, "id": 5}):
        assert [record[:2] for record in cut(entry).records] == [(5, moment)]


def test_the_raw_record_is_as_it_came() -> None:
    page = records.PAGE.decode(b'[ {"id":1, "x": "\\u0142\\/"} , {"id":2}]')
    assert [bytes(r.raw) for r in page.records] == [b'{"id":1, "x": "\\u0142\\/"}', b'{"id":2}']


def test_a_date_inside_another_object_is_not_taken() -> None:
    inner = {"id": 9, "date_modified_gmt": "1999-01-01T00:00:00"}
    entry = {"id": 5, "meta_data": [inner], "date_modified_gmt": "2026-11-22T20:53:21"}
    assert cut(entry).records[0][:2] == (5, MOMENT)
    text = {"id": 5, "name": '"date_modified_gmt":"1999', "date_modified_gmt": None}
    assert cut(text).records[0][:2] == (5, None)


@pytest.mark.parametrize(
    "entry", [{}, {"ID": 1}, {"id": "1"}, {"id": None}, {"id": 1.5}, [], 7, None, "x", {"id": True}]
)
def test_what_has_no_id_is_bad_and_the_others_stay(entry: object) -> None:
    page = cut({"id": 1}, entry, {"id": 2})
    assert [record.id for record in page.records] == [1, 2]
    assert json.loads(page.bad[0].raw) == entry
    assert page.bad[0].reason


@pytest.mark.parametrize("body", [b"", b"{}", b"7", b'[{"id":1}', b'[{"id":1},]', b"[nope]"])
def test_what_is_no_list_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any reason will do
        records.PAGE.decode(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**6) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"id": st.integers(0, 10**9), "name": st.text()},
            optional={
                "date_modified_gmt": st.none() | st.just("2026-11-22T20:53:21"),
                "meta_data": st.lists(st.dictionaries(st.just("date_modified_gmt"), JSON)),
                "x": JSON,
            },
        )
    )
)
def test_searching_and_decoding_agree(entries: list[dict[str, Any]]) -> None:
    known = [entry for entry in entries if "date_modified_gmt" in entry]
    found = [(record.id, record.modified) for record in cut(*known).records]
    assert found == [(e["id"], e["date_modified_gmt"] and MOMENT) for e in known]


@given(st.binary(max_size=60), JSON)
@example(b"\x0c", 1)
def test_junk_before_json_never_changes_the_json(junk: bytes, value: object) -> None:
    body = json.dumps([{"id": 1, "v": value}]).encode()
    if any(mark in junk for mark in (b"{", b"[")):
        return
    found, cut_off = tolerant.decode(junk + body, msgspec.json.Decoder())
    assert found == [{"id": 1, "v": value}]
    assert cut_off == (b"" if not junk.strip(b" \n\r\t") else junk)


@given(JSON, st.integers(1, 200))
def test_a_cut_body_is_never_read(value: object, missing: int) -> None:
    body = b"<b>Notice</b>" + json.dumps([{"id": 1, "v": [value, {"id": 2}]}]).encode()
    with pytest.raises(ValueError):  # noqa: PT011 - any reason will do
        tolerant.decode(body[: max(0, len(body) - missing)], msgspec.json.Decoder())


def test_routes_are_counted_by_pattern() -> None:
    assert statistics.pattern("products/17/variations/4") == "products/{id}/variations/{id}"
    assert statistics.pattern("/wc/v3/orders/5") == "/wc/v3/orders/{id}"
    assert statistics.pattern("products/batch") == "products/batch"
