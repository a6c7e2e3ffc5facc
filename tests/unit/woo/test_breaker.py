"""The circuit breaker: opens after failures in a row, probes one at a time, closes on success."""

import pytest

from unit.woo.small_store import StillTime
from woosync.woo import errors
from woosync.woo.breaker import CircuitBreaker


def opened(time: StillTime) -> CircuitBreaker:
    breaker = CircuitBreaker(time.clock(), threshold=3, first_pause=10, longest_pause=25)
    for _ in range(3):
        breaker.check()
        breaker.failed("It hangs.")
    return breaker


def test_it_opens_only_after_failures_in_a_row() -> None:
    breaker = CircuitBreaker(StillTime().clock(), threshold=3)
    for _ in range(5):
        breaker.failed("It hangs.")
        breaker.failed("It hangs.")
        breaker.succeeded()
    breaker.check()


def test_open_it_says_how_long_to_wait() -> None:
    time = StillTime()
    breaker = opened(time)
    time.at += 4
    with pytest.raises(errors.StoreUnreachable) as refused:
        breaker.check()
    assert refused.value.retry_after == 6


def test_after_the_pause_one_probe_passes_and_closes_it() -> None:
    time = StillTime()
    breaker = opened(time)
    time.at += 10
    breaker.check()
    with pytest.raises(errors.StoreUnreachable):
        breaker.check()
    breaker.succeeded()
    breaker.check()
    breaker.check()


def test_failed_probes_double_the_pause_up_to_a_limit() -> None:
    time = StillTime()
    breaker = opened(time)
    for pause in (10, 20, 25, 25):
        time.at += pause - 0.1
        with pytest.raises(errors.StoreUnreachable):
            breaker.check()
        time.at += 0.1
        breaker.check()
        breaker.failed("It hangs.")


def test_a_cancelled_probe_leaves_room_for_another() -> None:
    time = StillTime()
    breaker = opened(time)
    time.at += 10
    breaker.check()
    breaker.abandoned()
    breaker.check()
