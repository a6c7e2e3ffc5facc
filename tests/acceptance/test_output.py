"""What commands print: JSON whatever happens, and no traceback when nobody takes it."""

import asyncio
import json
import os
import sys

import pytest

import woosim
from acceptance.commands import Ended, Workplace


async def run_into(work: Workplace, path: str, *arguments: str) -> Ended:
    """Run a command whose standard output is a file or device."""
    with open(path, "wb") as out:  # noqa: ASYNC230, PTH123 - opening a device takes no time
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "woosync", *arguments),
            cwd=work.folder,
            env=work.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=asyncio.subprocess.PIPE,
        )
        _, err = await process.communicate()
    return Ended(process.returncode or 0, "", err.decode())


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")  # noqa: PTH110 - at import
@pytest.mark.parametrize(
    "arguments",
    [
        ("stores", "list", "--json"),
        ("stores", "list"),
        ("export", "products", "--format", "csv"),
        ("db", "url"),
        ("version", "--json"),
        ("stores", "show", "nobody", "--json"),
    ],
)
async def test_a_full_standard_output_is_told_in_a_sentence(
    work: Workplace, arguments: tuple[str, ...]
) -> None:
    ended = await run_into(work, "/dev/full", *arguments)
    assert ended.code in {64, 73}, ended
    assert len(ended.err.splitlines()) == 2, ended.err
    assert "Traceback" not in ended.err
    assert ended.err.startswith("woosync: ")


@pytest.mark.parametrize("as_json", [(), ("--json",)])
async def test_a_reader_that_went_away_is_no_failed_doctor(
    work: Workplace, as_json: tuple[str, ...]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "woosync", "stores", "list", *as_json),
        cwd=work.folder,
        env=work.environment,
        stdout=writing,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(writing)
    _, err = await process.communicate()
    assert (process.returncode, err) == (141, b"")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("pul", "--json"), "No such command"),
        (("pull", "everything", "--json"), "everything"),
        (("pull", "--json", "--fast"), "--fast"),
        (("export", "--json"), "Missing argument"),
        (("stores", "add", "x", "--json"), "--url"),
        (("stores", "--json"), "--json"),
        (("runs", "--json", "--limit", "0"), "'--limit'"),
    ],
)
async def test_what_cannot_be_understood_is_json_too(
    work: Workplace, arguments: tuple[str, ...], says: str
) -> None:
    ended = await work.run(*arguments)
    assert ended.code == 2
    error = ended.document["error"]
    assert says in error["message"]
    assert "--help" in error["remedy"]
    assert (error["kind"], error["exit_code"]) == ("Usage", 2)


async def test_without_json_the_usage_is_shown_as_ever(work: Workplace) -> None:
    ended = await work.run("pull", "--fast")
    assert (ended.code, ended.out) == (2, "")
    assert "Usage: woosync pull" in ended.err


async def test_help_and_version_end_well_beside_json(work: Workplace) -> None:
    assert "Usage" in (await work.run("pull", "--json", "--help")).good().out
    assert json.loads((await work.run("version", "--json")).good().out)["version"]


async def test_removing_a_store_asks_nobody_who_cannot_answer(
    work: Workplace, shop: woosim.Running
) -> None:
    work.connect(shop)
    (await work.run("pull", "customers")).good()
    await work.failing("stores", "remove", "default", code=64, says="not removed without a yes")
    assert (await work.run("stores", "remove", "default")).code == 64
    shown = (await work.run("stores", "remove", "default", "--yes", "--json")).good().document
    assert shown["result"] == "removed"


@pytest.mark.parametrize("target", [".", "/", "no/such/folder/file", "n" * 300])
async def test_a_file_that_cannot_be_is_told(work: Workplace, target: str) -> None:
    await work.failing("export", "products", "-o", target, code=73, says="cannot be written")
