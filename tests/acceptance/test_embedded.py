"""The database that comes along: shared by processes, and gone when the last of them is."""

import asyncio
import signal
from pathlib import Path

import psutil

from acceptance.commands import Workplace


def servers(work: Workplace) -> list[psutil.Process]:
    """Find the PostgreSQL servers on the folder."""
    folder = str(Path(work.environment["WOOSYNC_DATA"]) / "postgres")
    return [
        process
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] == "postgres" and folder in (process.info["cmdline"] or ())
    ]


async def test_processes_that_start_together_share_one_database(embedded_work: Workplace) -> None:
    ended = await asyncio.gather(*(embedded_work.run("db", "status", "--json") for _ in range(3)))
    assert {one.good().document["kind"] for one in ended} == {"embedded"}
    assert servers(embedded_work) == []


async def test_a_killed_process_leaves_no_server_for_ever(embedded_work: Workplace) -> None:
    work = embedded_work
    held = await work.start("db", "hold")
    assert held.stdout is not None
    assert (await held.stdout.readline()).startswith(b"postgresql://")
    held.kill()
    await held.wait()
    assert len(servers(work)) == 1
    (await work.run("db", "status")).good()
    assert servers(work) == []


async def test_a_held_database_stops_on_a_signal(embedded_work: Workplace) -> None:
    work = embedded_work
    held = await work.start("db", "hold")
    assert held.stdout is not None
    await held.stdout.readline()
    (await work.run("db", "status")).good()
    assert len(servers(work)) == 1
    ended = await work.stop(held, signal.SIGTERM)
    assert ended.code == 143
    assert "no longer held" in ended.err
    assert "next run" not in ended.err
    assert servers(work) == []


async def test_a_held_database_that_crashes_is_started_again(embedded_work: Workplace) -> None:
    work = embedded_work
    held = await work.start("db", "hold")
    assert held.stdout is not None
    assert held.stderr is not None
    await held.stdout.readline()
    (server,) = (one for one in servers(work) if one.parent() not in servers(work))
    server.kill()
    while b"was started again" not in (line := await held.stderr.readline()):
        assert line
    (await work.run("db", "status")).good()
    assert (await work.stop(held, signal.SIGTERM)).code == 143
    assert servers(work) == []


async def test_a_reader_that_goes_away_is_not_shouted_at(embedded_work: Workplace) -> None:
    process = await embedded_work.start("stores", "list", "--json")
    assert process.stdout is not None
    process.stdout._transport.close()  # type: ignore[attr-defined] # there is no other way
    _, err = await process.communicate()
    assert process.returncode in {0, 141}
    assert err == b""
