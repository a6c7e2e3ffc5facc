"""Waiting: full jitter under a ceiling, and Retry-After in both forms."""

import email.utils
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from woosync.woo import backoff

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_delay_lies_between_nothing_and_the_ceiling(attempt: int, fraction: float) -> None:
    assert 0 <= backoff.delay(attempt, base=0.5, ceiling=30, fraction=fraction) <= 30


def test_delays_double() -> None:
    waits = [backoff.delay(n, base=0.5, ceiling=30, fraction=1) for n in (1, 2, 3, 8)]
    assert waits == [0.5, 1, 2, 30]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Wed, 04 Mar 2026 05:07:07 GMT", 60),
        ("Wednesday, 04-Mar-26 05:07:07 GMT", 60),
        ("Wed, 04 Mar 2026 05:00:00 GMT", 0),
        ("9" * 400, 999999999999),
        *(
            (junk, None)
            for junk in ("", None, "soon", "-5", "1.5", "٣", "Wed, 99 Mar 2026 05:07:07 GMT")
        ),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str | None, seconds: float | None) -> None:
    assert backoff.retry_after(header, now=NOW) == seconds


@given(st.integers(0, 10**6))
def test_any_http_date_round_trips(seconds: int) -> None:
    header = email.utils.format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert backoff.retry_after(header, now=NOW) == seconds


@given(st.text())
def test_no_header_breaks_it(header: str) -> None:
    seconds = backoff.retry_after(header, now=NOW)
    assert seconds is None or seconds >= 0
