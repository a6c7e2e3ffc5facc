"""How many requests at once: shops with a known number of workers; rate, pauses, order."""

import asyncio
import heapq
import random
import statistics

import pytest

from unit.woo.small_store import StillTime
from woosync.woo.throttle import AdaptiveLimit, Throttle

KINDS = {"products": 0.45, "orders": 0.7, "heads": 0.08}


def run_shop(workers: int, *, seed: int, requests: int = 600, ceiling: int = 8) -> list[int]:
    """Drive the limit against a shop with so many PHP workers; return the limit after each answer.

    Every request costs its kind's time, +-25 %; with more requests than workers they queue.
    """
    chance = random.Random(seed)  # noqa: S311 - a repeatable simulation
    limit, history = AdaptiveLimit(ceiling=ceiling), []
    free = [0.0] * workers
    flying: list[tuple[float, float, str, int]] = []
    now = 0.0
    for _ in range(requests):
        while len(flying) < int(limit.limit):
            kind = chance.choice(list(KINDS))
            start = max(now, heapq.heappop(free))
            done = start + KINDS[kind] * chance.uniform(0.75, 1.25)
            heapq.heappush(free, done)
            heapq.heappush(flying, (done, now, kind, len(flying) + 1))
        now, sent, kind, in_flight = heapq.heappop(flying)
        limit.answered(kind, now - sent, in_flight=in_flight)
        history.append(int(limit.limit))
    return history


@pytest.mark.parametrize("seed", range(20))
def test_a_shop_with_two_workers_gets_two_or_three_at_once(seed: int) -> None:
    settled = run_shop(2, seed=seed)[200:]
    assert 2 <= statistics.fmean(settled) <= 3.3
    assert max(settled) <= 5


@pytest.mark.parametrize("seed", range(20))
def test_a_shop_with_eight_workers_gets_eight_at_once(seed: int) -> None:
    history = run_shop(8, seed=seed)
    assert statistics.fmean(history[100:]) >= 7
    assert 8 in history[:100]


@pytest.mark.parametrize("seed", range(5))
def test_a_shop_with_one_worker_is_not_flooded(seed: int) -> None:
    assert statistics.fmean(run_shop(1, seed=seed)[100:]) <= 3.3


def test_429_and_5xx_halve_it_once_a_round_and_it_recovers() -> None:
    limit = AdaptiveLimit(ceiling=8)
    for _ in range(60):
        limit.answered("a", 0.1, in_flight=int(limit.limit))
    assert limit.limit == 8
    limit.failed()
    assert limit.limit == 4
    limit.failed()
    assert limit.limit == 4, "answers to requests sent before the cut say nothing about it"
    for _ in range(20):
        limit.failed()
    assert limit.limit == 1
    for _ in range(100):
        limit.answered("a", 0.1, in_flight=int(limit.limit))
    assert limit.limit == 8


def test_an_idle_client_does_not_grow() -> None:
    limit = AdaptiveLimit(ceiling=8)
    for _ in range(100):
        limit.answered("a", 0.1, in_flight=1)
    assert limit.limit == 2


def test_a_shop_that_becomes_slower_for_good_is_learned_anew() -> None:
    limit = AdaptiveLimit(ceiling=8)
    for _ in range(60):
        limit.answered("a", 0.1, in_flight=int(limit.limit))
    for _ in range(300):
        limit.answered("a", 0.3, in_flight=int(limit.limit))
    assert limit.limit == 8


async def test_no_more_are_let_in_than_the_limit_and_each_leaver_wakes_one() -> None:
    throttle = Throttle(ceiling=8, rate_limit=None, clock=StillTime().clock())
    await throttle.acquire()
    await throttle.acquire()
    third = asyncio.create_task(throttle.acquire())
    await asyncio.sleep(0)
    assert not third.done()
    throttle.release()
    assert await third == 2


async def test_a_waiter_that_gives_up_takes_no_place() -> None:
    throttle = Throttle(ceiling=1, rate_limit=None, clock=StillTime().clock())
    await throttle.acquire()
    waiters = [asyncio.create_task(throttle.acquire()) for _ in range(3)]
    await asyncio.sleep(0)
    waiters[0].cancel()
    throttle.release()
    waiters[1].cancel()
    await asyncio.gather(*waiters[:2], return_exceptions=True)
    assert await waiters[2] == 1
    throttle.release()
    assert throttle.in_flight == 0


async def test_the_rate_spaces_requests_evenly() -> None:
    time = StillTime()
    throttle = Throttle(ceiling=8, rate_limit=4, clock=time.clock())
    times = []
    for _ in range(5):
        await throttle.acquire()
        times.append(time.at)
        throttle.release()
    assert times == [0, 0.25, 0.5, 0.75, 1.0]


async def test_a_pause_holds_everybody() -> None:
    time = StillTime()
    throttle = Throttle(ceiling=8, rate_limit=None, clock=time.clock())
    throttle.pause(30)
    await throttle.acquire()
    assert time.at == 30
