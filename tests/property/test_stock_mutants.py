"""Bugs put into the stock protocol on purpose: the machine catches them within a few examples."""

import asyncio
import collections
import contextlib
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from conftest import Server, new_event_loop
from protocol import machine, mutants, rig

EXAMPLES = 20
STEPS = 20


@pytest.fixture(scope="module")
def world(postgres: Server) -> Iterator[tuple[rig.Rig, asyncio.Runner]]:
    name = postgres.clone()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        stack = contextlib.AsyncExitStack()
        opened = runner.run(
            stack.enter_async_context(rig.opened_for_machine(postgres.address(name)))
        )
        yield opened, runner
        runner.run(stack.aclose())
    postgres.drop(name)


@pytest.mark.parametrize("name", sorted(mutants.MUTANTS.keys() - mutants.BY_SCENARIO))
def test_the_machine_catches(
    name: str, world: tuple[rig.Rig, asyncio.Runner], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Played(machine.Machine):
        with_edits = False

    Played.rig, Played.runner = world
    Played.figures = collections.Counter()
    mutants.MUTANTS[name](monkeypatch)
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - whatever shows it
        run_state_machine_as_test(
            Played,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                derandomize=True,
                database=None,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],
            ),
        )
    assert not isinstance(caught.value, KeyboardInterrupt)
