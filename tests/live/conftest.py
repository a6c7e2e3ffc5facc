"""Fixtures of the live suite: it runs only where WOO_URL, WOO_KEY and WOO_SECRET name a store."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from live import made
from live import target as targets
from woosync.flows import pull
from woosync.woo import probe

NOTES = pytest.StashKey[list[str]]()
REASON = (
    "no store given: set WOO_URL, WOO_KEY and WOO_SECRET, and WOO_CA for a certificate of your own"
)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[NOTES] = []


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Show the figures of a run beside its verdict."""
    notes = config.stash.get(NOTES, [])
    if notes:
        terminalreporter.section("the store")
        for note in notes:
            terminalreporter.line(note)


@pytest.fixture(scope="session")
def note(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Say something at the end of the run, also of tests that passed."""
    return pytestconfig.stash.setdefault(NOTES, []).append


@pytest.fixture(scope="session")
def target() -> targets.Target:
    found = targets.from_environment(os.environ)
    if found is None:
        pytest.skip(REASON)
    return found


@pytest.fixture(scope="session")
def pulled(
    target: targets.Target, postgres: Any, note: Callable[[str], None]
) -> Iterator[targets.Pulled]:
    """Pull the whole store once, if that fits into the time allowed."""
    name = postgres.clone()

    async def work() -> pull.Report | str:
        async with targets.opened(target, postgres.address(name)) as live:
            records, seconds = await targets.estimate(live.client)
            if seconds > target.seconds:
                return (
                    f"reading {records} records takes about {seconds:.0f} s, more than"
                    f" WOO_MAX_SECONDS={target.seconds:.0f}"
                )
            async with asyncio.timeout(target.seconds):
                return await live.pull()

    report = targets.apart(work)
    if isinstance(report, str):
        pytest.skip(report)
    note(f"full pull: {report.records} records, {report.requests} requests, {report.seconds:.2f} s")
    yield targets.Pulled(name, report)
    postgres.drop(name)


@pytest.fixture
async def live(
    target: targets.Target, pulled: targets.Pulled, postgres: Any
) -> AsyncIterator[targets.Live]:
    """Open the store beside a copy of the database that holds it."""
    name = postgres.clone(pulled.template)
    async with targets.opened(target, postgres.address(name)) as opened:
        yield opened
    postgres.drop(name)


@pytest.fixture
async def maker(live: targets.Live, note: Callable[[str], None]) -> AsyncIterator[made.Maker]:
    """Give a maker, after looking whether the key may write and what a killed run has left."""
    findings = (await probe.probe(live.client)).findings
    refused = [
        f for f in findings if f.name.startswith("write") and f.state is not probe.State.GOOD
    ]
    if refused:
        pytest.skip(f"nothing was written: {refused[0].says}")
    left = await made.clean(live.client)
    if left:
        note(f"deleted {left} records that an earlier run had left")
        await live.pull(sweep=True)
    async with made.maker(live.client) as making:
        yield making
    assert await made.leftovers(live.client) == []
