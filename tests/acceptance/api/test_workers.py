"""Hosts that die: no run is lost, whoever of API host and worker is killed, and at which point."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

import woosim
from acceptance.api import calling
from acceptance.commands import Workplace
from conftest import OpenShop
from woosync.postgres import engine, runs

PATIENCE = 60.0
SERVING = re.compile(r"Serving at (\S+),")


@pytest.fixture
async def stuck_shop(open_shop: OpenShop) -> woosim.Running:
    """Start a store that tells of products, and of orders only when its faults are cleared."""
    running = await open_shop(products=150, variable=5, customers=60, orders=60, seed=7)
    running.front.faults.inject("hang", path="/wc/v3/orders*", count=None)
    return running


@pytest.fixture
async def host(
    work: Workplace, stuck_shop: woosim.Running
) -> AsyncIterator[Callable[..., Awaitable[asyncio.subprocess.Process]]]:
    """Start hosts of one database: processes that the test may kill."""
    work.connect(stuck_shop, WOOSYNC_JWT_SECRET=calling.SECRET)
    started: list[asyncio.subprocess.Process] = []

    async def start(*arguments: str, says: str) -> asyncio.subprocess.Process:
        process = await work.start(*arguments)
        started.append(process)
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
        assert says in line.decode(), line
        if found := SERVING.search(line.decode()):
            work.environment["SERVED"] = found[1]
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def run_of(database: engine.Database, run_id: int) -> dict[str, Any]:
    async with database.transaction() as tx:
        (found,) = await runs.load(tx, run_id=run_id)
    return found


async def until(
    database: engine.Database, run_id: int, reached: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        while not reached(run := await run_of(database, run_id)):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
    return run


def has_begun(run: dict[str, Any]) -> bool:
    return run["state"] == "running" and any(one["done"] for one in run["progress"].values())


def has_ended(run: dict[str, Any]) -> bool:
    return run["state"] not in {"queued", "running"}


async def ask(url: str, token: str, path: str, body: dict[str, Any]) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(url + calling.BASE + path, json=body) as answer,
    ):
        assert answer.status == 202, await answer.text()
        return await answer.json()


async def test_a_killed_server_and_a_killed_worker_lose_no_run(
    work: Workplace,
    host: Callable[..., Awaitable[asyncio.subprocess.Process]],
    stuck_shop: woosim.Running,
    database: engine.Database,
) -> None:
    server = await host("serve", "--port", "0", "--no-worker", says="Serving")
    token = await calling.make_token(database, "operator")
    asked = await ask(
        *(work.environment.pop("SERVED"), token, "/sync/full"),
        {"direction": "pull", "batchSize": 10},
    )
    server.send_signal(signal.SIGKILL)
    assert (await run_of(database, asked["runId"]))["state"] == "queued"
    first = await host("worker", "--stalled-after", "1", says="Working")
    begun = await until(database, asked["runId"], has_begun)
    first.send_signal(signal.SIGKILL)
    await first.wait()
    assert not has_ended(await run_of(database, asked["runId"]))
    stuck_shop.front.faults.clear()
    await host("worker", "--stalled-after", "1", says="Working")
    ended = await until(database, asked["runId"], has_ended)
    assert (ended["state"], ended["error"]) == ("completed", "")
    assert ended["started_at"] == begun["started_at"]
    async with database.transaction() as tx:
        counted = await (
            await tx.execute("SELECT entity, count(*) FROM links GROUP BY 1")
        ).fetchall()
    assert dict(counted)["product"] == 150
    assert dict(counted)["order"] == 60


async def test_a_worker_that_is_told_to_stop_gives_its_run_back(
    work: Workplace,
    host: Callable[..., Awaitable[asyncio.subprocess.Process]],
    stuck_shop: woosim.Running,
    database: engine.Database,
) -> None:
    first = await host("worker", says="Working")
    async with asyncio.timeout(PATIENCE):
        while (run_id := await find_begun(database)) is None:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
    ended = await work.stop(first, signal.SIGTERM)
    assert ended.code == 0, ended
    given_back = await run_of(database, run_id)
    assert given_back["state"] == "queued"
    stuck_shop.front.faults.clear()
    await host("worker", says="Working")
    assert (await until(database, run_id, has_ended))["state"] == "completed"


async def find_begun(database: engine.Database) -> int | None:
    """Return the first run under way: a worker pulls a new store of itself."""
    async with database.transaction() as tx:
        return next((run["id"] for run in await runs.load(tx) if has_begun(run)), None)
