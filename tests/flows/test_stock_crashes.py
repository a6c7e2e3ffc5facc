"""The crash matrix of stock: a real process, killed with SIGKILL at every point a push has."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from flows.pulling import Puller
from flows.stocking import Stocker
from woosync.domain import stock_rules

TESTS = Path(__file__).parents[1]
#: Longer than any write can be under way.
LATER = stock_rules.DEFAULT.patience.total_seconds() + 1


class Crasher:
    """Runs pushes in processes of their own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def __call__(self, puller: Puller, point: int, *, ahead: float = 0) -> tuple[int, int]:
        """Push, die at the point (0: never); return the exit status and the points passed."""
        running, asked, answered = puller.running, self.process.stdin, self.process.stdout
        assert asked
        assert answered
        words = [puller.database.url, running.url, running.key, running.secret, point, ahead]
        asked.write((" ".join(map(str, words)) + "\n").encode())
        status, passed = (await answered.readline()).split()
        return int(status), int(passed)


@pytest.fixture
async def crasher() -> AsyncIterator[Crasher]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "flows.stock_crashing",
        cwd=TESTS,
        env={**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent / 'src'}"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    yield Crasher(process)
    assert process.stdin
    process.stdin.close()
    await process.wait()


async def test_a_push_may_be_killed_at_every_point(puller: Puller, crasher: Crasher) -> None:
    """After each kill the next push brings both sides together, and sends nothing twice."""
    await puller()
    stocker = Stocker(puller)
    cut, raised = stocker.counted(2)
    levels = {product: stocker.level(product) for product in (cut, raised)}
    point = 0
    while True:
        point += 1
        for product, qty in ((cut, -1), (raised, 2)):
            await stocker.move(product, qty)
            levels[product] += qty
        stocker.sell(raised, 1)
        levels[raised] -= 1
        before = stocker.writes()
        status, passed = await crasher(puller, point)
        if status == 0:
            assert stocker.writes() - before == 2
        else:
            assert status == -signal.SIGKILL
            assert (await crasher(puller, 0, ahead=LATER * point))[0] == 0
            # A write whose answer was lost is read back; one that never left is sent once more.
            assert stocker.writes() - before == 2
        for product, level in levels.items():
            await stocker.assert_settled(product, level)
        if status == 0:
            assert 20 < passed < point
            return
