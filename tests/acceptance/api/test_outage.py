"""A worker whose database goes away for a while."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

import pytest
import sqlalchemy

from acceptance.api.calling import Api
from conftest import Server
from woosync import bootstrap
from woosync.entrypoints.worker import keeping, queue, waking

PATIENCE = 60.0
AT_WORK = "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^(LISTEN|SELECT pg_sleep)'"


async def until(reached: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await reached():  # noqa: ASYNC110 - another process says
            await asyncio.sleep(0.05)


async def so(reached: bool) -> bool:  # noqa: FBT001 - what the caller sees
    return reached


async def ask_the_queue(opened: bootstrap.Application) -> None:
    async with queue.queue_of(opened).open_async() as app:
        await app.connector.execute_query_async("SELECT pg_sleep(3600)")


async def test_an_outage_of_the_database_is_told_once_and_so_is_its_end(
    api: Api, postgres: Server, caplog: pytest.LogCaptureFixture
) -> None:
    name = sqlalchemy.make_url(api.opened.database.url).database
    fell: set[str] = set()

    async def part(name: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        finally:
            fell.add(name)

    async def all_work() -> bool:
        return await api.rows(AT_WORK) == [(2,)]

    keeper, wakes = keeping.Keeper(api.opened), waking.Wakes(api.opened)
    with caplog.at_level(logging.INFO, "woosync"):
        async with asyncio.TaskGroup() as group:
            kept = [
                group.create_task(keeper.keep_up(lambda: part("wakes", wakes.listen))),
                group.create_task(
                    keeper.keep_up(lambda: part("queue", lambda: ask_the_queue(api.opened)))
                ),
            ]
            await until(all_work)
            cut_off(postgres, name)
            await until(lambda: so(len(fell) == 2))
            postgres.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
            await until(lambda: so("is back" in caplog.text))
            for task in kept:
                task.cancel()
    told = [(one.levelname, one.message) for one in caplog.records if one.name == "woosync"]
    assert told == [
        ("WARNING", "the database is away; background work waits"),
        ("WARNING", "the database is back"),
    ]


async def test_a_part_that_swallows_its_cancellation_is_not_begun_again(api: Api) -> None:
    begun = 0

    async def deaf() -> None:
        nonlocal begun
        begun += 1
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(PATIENCE)

    kept = asyncio.create_task(keeping.Keeper(api.opened).keep_up(deaf))
    await until(lambda: so(begun == 1))
    kept.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.wait_for(kept, PATIENCE / 4)
    assert kept.cancelled()
    assert begun == 1


async def test_a_part_that_goes_on_after_its_cancellation_is_told_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "TELL_AGAIN", 0.05)
    at_work = asyncio.Event()

    async def deaf() -> None:
        at_work.set()
        for _ in range(3):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(PATIENCE)

    kept = asyncio.create_task(keeping.Keeper(api.opened).keep_up(deaf))
    await at_work.wait()
    kept.cancel()
    await asyncio.wait({kept}, timeout=PATIENCE / 4)
    assert kept.cancelled()


def cut_off(postgres: Server, name: str | None) -> None:
    """Let nobody into a database, and those who are in out."""
    postgres.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    postgres.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
