"""Play the stock machine until a number of examples is done; print figures, seeds, failures.

The machine is the tests' own (`tests/protocol`), so `PYTHONPATH` holds `src` and `tests`.
"""

import argparse
import asyncio
import collections
import contextlib
import random
import sys
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from protocol import machine, rig
from woosync.postgres import embedded, engine

#: Examples of one seed; a failure is told with its seed, and the next seed goes on.
BATCH = 100
BOUND = 3


def play(opened: rig.Rig, runner: asyncio.Runner, number: int, *, steps: int) -> dict[str, int]:
    """Play one seed; return its figures. Raises what the machine finds."""

    class Played(machine.Machine):
        with_edits = bool(number % 2)

    Played.rig, Played.runner = opened, runner
    Played.figures = collections.Counter()
    chosen = settings(
        max_examples=BATCH,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    run_state_machine_as_test(seed(number)(Played), settings=chosen)
    return dict(Played.figures)


def main() -> None:
    """Run, tell as it goes, and end with the figures; the exit code is 1 after a failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=2000, help="how many histories")
    parser.add_argument("--steps", type=int, default=40, help="steps of a history at most")
    parser.add_argument("--seed", type=int, help="the first seed; later ones count up")
    chosen = parser.parse_args()
    first = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(10**6)
    total: collections.Counter[str] = collections.Counter()
    failed: list[int] = []
    begun, cpu = time.perf_counter(), time.process_time()
    with (
        tempfile.TemporaryDirectory(prefix="woosync-chaos-", ignore_cleanup_errors=True) as folder,
        embedded.serve(Path(folder) / "postgres") as url,
        asyncio.Runner() as runner,
    ):
        engine.upgrade(url)
        stack = contextlib.AsyncExitStack()
        opened = runner.run(stack.enter_async_context(rig.opened_for_machine(url)))
        number = first
        while total["examples"] < chosen.examples:
            try:
                total.update(play(opened, runner, number, steps=chosen.steps))
            except Exception as error:  # noqa: BLE001 - a finding: told, and the next seed goes on
                failed.append(number)
                total["examples"] += 1
                sys.stderr.write(f"seed {number} failed: {error}\n")
            sys.stdout.write(f"seed {number}: {total['examples']} examples so far\n")
            sys.stdout.flush()
            number += 1
        runner.run(stack.aclose())
    lines = [f"{amount:>9} {name}" for name, amount in total.items()]
    lines.append(f"{len(failed):>9} seeds failed {failed or ''}")
    if not failed:
        lines.append(f"          so with 95 % certainty fewer than {BOUND / total['examples']:.2%}")
    lines.append(f"          seeds {first} to {number - 1}, {chosen.steps} steps at most")
    spent = time.process_time() - cpu
    lines.append(f"          {time.perf_counter() - begun:.0f} s, {spent:.0f} s of CPU")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
