"""Hosts that die: no run is lost, whoever of API host and worker is killed, and at which point."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import woosim
from acceptance.api import calling
from acceptance.commands import Workplace
from conftest import OpenShop
from woosync import jobs
from woosync.postgres import engine, runs

FULL = jobs.Work(
    direction="pull",
    mode="full",
    entities=("customers", "products", "orders"),
    options={"full": True, "page_size": 2},
)
PATIENCE = 60.0
SERVING = re.compile(r"Serving at (\S+),")


@pytest.fixture
async def slow_shop(open_shop: OpenShop) -> woosim.Running:
    return await open_shop(products=150, variable=5, customers=60, orders=60, seed=7, latency=0.3)


@pytest.fixture
async def host(
    work: Workplace, slow_shop: woosim.Running
) -> AsyncIterator[Callable[..., Awaitable[asyncio.subprocess.Process]]]:
    """Start hosts of one database: processes that the test may kill."""
    work.connect(slow_shop, WOOSYNC_JWT_SECRET=calling.SECRET)
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
    database: engine.Database,
    tmp_path: Path,
) -> None:
    first = await host("worker", says="Working")
    async with calling.application(work.environment["DATABASE_URL"], tmp_path) as opened:
        async with asyncio.timeout(PATIENCE):
            while not await stores_of(database):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
        store = await opened.load_store()
        run_id = await jobs.request(database, store, FULL, actor="test")
    await until(database, run_id, lambda run: run["state"] == "running")
    ended = await work.stop(first, signal.SIGTERM)
    assert ended.code == 0, ended
    given_back = await run_of(database, run_id)
    assert given_back["state"] == "queued"
    await host("worker", says="Working")
    assert (await until(database, run_id, has_ended))["state"] == "completed"


async def stores_of(database: engine.Database) -> list[str]:
    async with database.transaction() as tx:
        return [row[0] for row in await (await tx.execute("SELECT key FROM stores")).fetchall()]
