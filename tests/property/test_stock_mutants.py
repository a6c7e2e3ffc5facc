"""Bugs put into the stock protocol on purpose: the machine catches them within some examples."""

import asyncio
import collections
import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from conftest import Server, new_event_loop
from protocol import machine, mutants, rig

EXAMPLES = 100
STEPS = 20
#: Of chance: histories that reach every bug soon.
SEED = 3


class CaughtError(BaseException):
    """Something showed the bug; no Exception, since Hypothesis would play those once more."""


@seed(SEED)
class Played(machine.Machine):
    """Stops at the first sign of a bug."""

    with_edits = False

    def did(self, work: Any) -> Any:
        try:
            return super().did(work)
        except Exception as error:
            raise CaughtError from error


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
    Played.rig, Played.runner = world
    Played.figures = collections.Counter()
    mutants.MUTANTS[name](monkeypatch)
    with pytest.raises(CaughtError):
        run_state_machine_as_test(
            Played,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],
            ),
        )
