"""Bugs in the stock protocol that random histories show too seldom: scenarios catch them."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from flows import test_stock as scenarios
from flows.stocking import Stocker
from protocol import mutants, rig
from woosync.flows import stock

Scenario = Callable[[Stocker], Awaitable[None]]


async def kill_after_the_answer(stocker: Stocker) -> None:
    """A process dies when the store has answered and nothing is booked yet."""
    [product] = stocker.counted()
    before = stocker.level(product)
    await stocker.move(product, 3)

    job = await stocker.job()
    true, client = job.client.send, job.client

    async def send(*arguments: object, **named: object) -> None:
        await true(*arguments, **named)  # type: ignore[arg-type] # as given
        raise rig.Killed

    client.send = send  # type: ignore[method-assign,assignment] # a process dies once
    [died] = await asyncio.gather(stock.push(job), return_exceptions=True)
    assert "Killed" in repr(died)
    client.send = true  # type: ignore[method-assign] # the next process lives
    await stocker.push()
    assert stocker.writes() == 1
    await stocker.assert_settled(product, before + 3)


async def see_the_product_before_the_order(stocker: Stocker) -> None:
    """A level comes, as with a webhook, that a sale has moved which nobody here knows of."""
    [product] = stocker.counted()
    before = stocker.level(product)
    stocker.sell(product, 2)
    await stocker.puller(entities=("products",))
    await stocker.audit()
    await stocker.assert_settled(product, before - 2)


WAITS = scenarios.test_a_lost_rise_waits_its_time_and_is_sent_once_more
READS_BACK = scenarios.test_an_answer_lost_after_the_write_is_read_back_and_not_sent_again
SCENARIOS: dict[str, Scenario] = {
    "lost_writes_are_sent_again_at_once": WAITS,
    "the_marker_is_not_looked_at": READS_BACK,
    "a_marker_of_anybody_will_do": WAITS,
    "rises_are_sent_again_at_once": WAITS,
    "meta_data_is_not_asked_for": READS_BACK,
    "nothing_is_noted_before_sending": kill_after_the_answer,
    "levels_are_taken_as_they_come": see_the_product_before_the_order,
}


def test_every_bug_has_its_scenario() -> None:
    assert SCENARIOS.keys() == mutants.BY_SCENARIO


@pytest.mark.parametrize("scenario", [kill_after_the_answer, see_the_product_before_the_order])
async def test_without_a_bug_a_scenario_ends_well(scenario: Scenario, stocker: Stocker) -> None:
    await scenario(stocker)


@pytest.mark.parametrize("name", sorted(SCENARIOS))
async def test_a_scenario_catches(
    name: str, stocker: Stocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutants.MUTANTS[name](monkeypatch)
    with pytest.raises(AssertionError):
        await SCENARIOS[name](stocker)
