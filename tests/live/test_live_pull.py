"""Pulls of the store: everything arrives, agrees, and costs little when nothing has changed."""

import asyncio
import time
from collections.abc import Callable

import pytest

from live import target as targets
from woosync.woo import probe

Note = Callable[[str], None]
#: A busy shop changes between a pull and the audit; what really differs differs every time.
ROUNDS = 3
REQUESTS = 5


async def test_the_doctor_finds_the_store_fit(target: targets.Target, note: Note) -> None:
    async with target.connect() as client:
        result = await probe.probe(client)
    for finding in result.findings:
        note(f"{finding.state.value:8} {finding.name}: {finding.says} {finding.remedy}".rstrip())
    assert result.state is not probe.State.FAILED, result.findings
    assert result.capabilities is not None


async def test_a_full_pull_takes_the_whole_store(pulled: targets.Pulled) -> None:
    assert pulled.report.state == "completed", pulled.report.warnings
    for entity, counts in pulled.report.counts.items():
        assert counts["created"] + counts["quarantined"] >= counts["seen"] - 1, entity


async def test_what_was_pulled_agrees_with_the_store(live: targets.Live, note: Note) -> None:
    async with asyncio.timeout(live.target.seconds * ROUNDS):
        lasting: set[str] | None = None
        for _ in range(ROUNDS):
            await live.pull(sweep=True, scan_customers=True)
            agreements = await live.audit()
            differing = {one for found in agreements for one in found.examples}
            if not differing:
                break
            lasting = differing if lasting is None else lasting & differing
    bad = await live.rows("SELECT entity, record, reason FROM quarantine")
    for entity, record, reason in bad:
        note(f"in quarantine: {entity} {record}: {reason}")
    for found in agreements:
        note(f"audit: {found.entity}: {found.store} in the store, {found.here} here")
    known = {f"{entity} {record} is in the store only" for entity, record, _ in bad}
    assert not differing or lasting is None or lasting - known == set()


async def test_a_poll_without_changes_is_cheap(live: targets.Live, note: Note) -> None:
    await live.pull(sweep=False)
    for _ in range(ROUNDS):
        before, started = live.client.calls.total, time.perf_counter()
        report = await live.pull(sweep=False)
        seconds = time.perf_counter() - started
        requests = live.client.calls.total - before
        changed = sum(count["seen"] - count["unchanged"] for count in report.counts.values())
        if not changed:
            note(f"poll without changes: {requests} requests, {seconds:.2f} s")
            lists = live.found.variations_route  # an older store is asked for more
            assert requests <= REQUESTS + (not lists)
            return
    pytest.skip("the store changed during every poll")
