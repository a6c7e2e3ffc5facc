"""The stock protocol under everything at once; `make chaos` runs thousands more."""

import asyncio
import collections
import contextlib
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from conftest import Server, new_event_loop
from protocol import machine, rig

EXAMPLES = 200
STEPS = 10


@pytest.fixture
def played(postgres: Server) -> Iterator[type[machine.Machine]]:
    """Give the machine with its stores and database."""
    name = postgres.clone()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        stack = contextlib.AsyncExitStack()
        opened = runner.run(
            stack.enter_async_context(rig.opened_for_machine(postgres.address(name)))
        )

        class Played(machine.Machine):
            pass

        Played.rig, Played.runner = opened, runner
        Played.figures = collections.Counter()
        yield Played
        runner.run(stack.aclose())
    postgres.drop(name)


@pytest.mark.parametrize("edited", [True, False], ids=["edited", "unedited"])
def test_stores_and_ledger_agree_whatever_happened(
    played: type[machine.Machine],
    edited: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    played.with_edits = edited
    run_state_machine_as_test(
        played,
        settings=settings(
            max_examples=EXAMPLES // 2,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )
    assert played.figures["examples"] >= EXAMPLES // 2
