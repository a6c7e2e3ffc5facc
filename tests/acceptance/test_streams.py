"""Standard streams that are closed, full, cut off or unbuffered: no answer is lost unsaid."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

import woosim
from acceptance.commands import Ended, Workplace

FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
#: What writes to standard output by ways of its own.
PLAIN = [("--help",), ("pull", "--help"), ("--version",), ("version",), ("openapi",)]


def run(work: Workplace, script: str, *arguments: str, **changes: str) -> Ended:
    """Run a command by a script of the shell, in which it stands as "$@"."""
    ended = subprocess.run(  # noqa: S603 - our own program
        ["/bin/bash", "-c", script, "sh", sys.executable, "-m", "woosync", *arguments],
        cwd=work.folder,
        env=work.environment | changes,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


@FULL
@pytest.mark.parametrize("arguments", [*PLAIN, ("db", "url"), ("stores", "list", "--json")])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_told_alike_by_all(
    work: Workplace, arguments: tuple[str, ...], unbuffered: str
) -> None:
    ended = run(work, '"$@" > /dev/full', *arguments, PYTHONUNBUFFERED=unbuffered)
    assert ended.code == 73
    assert ended.err.startswith("woosync: Standard output cannot be written: No space left")
    assert len(ended.err.splitlines()) == 2


@pytest.mark.parametrize("arguments", PLAIN)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_goes_away_ends_it_without_a_word(
    work: Workplace, arguments: tuple[str, ...], unbuffered: str
) -> None:
    script = 'exec 3>&1; { "$@"; echo $? >&3; } | true'
    ended = run(work, f"sleep 0.1; {script}", *arguments, PYTHONUNBUFFERED=unbuffered)
    assert (ended.out.strip(), ended.err) == ("141", "")


@pytest.mark.parametrize("arguments", [("openapi",), ("openapi", "--markdown")])
def test_a_document_that_does_not_fit_is_not_cut_off_with_success(
    work: Workplace, arguments: tuple[str, ...]
) -> None:
    """The system takes a part of the last write: what an unbuffered stream calls done."""
    script = 'trap "" XFSZ; ulimit -f 8; "$@" > out'
    whole = run(work, '"$@"', *arguments, PYTHONUNBUFFERED="1").good()
    assert len(whole.out) > 8 * 1024
    ended = run(work, script, *arguments, PYTHONUNBUFFERED="1")
    assert ended.code == 73, ended
    assert "Standard output cannot be written: File too large" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "products"),
        ("stores", "list"),
        ("stores", "list", "--json"),
        ("version",),
        ("--help",),
        ("pull", "--help"),
    ],
)
def test_an_answer_that_nobody_can_hear_is_no_success(
    work: Workplace, arguments: tuple[str, ...]
) -> None:
    ended = run(work, 'exec "$@" <&- >&-', *arguments)
    assert ended.code == 73
    sentence, remedy = ended.err.splitlines()
    assert sentence == "woosync: Standard output is closed."
    assert remedy.strip()


async def test_what_is_done_can_be_done_unheard(work: Workplace, shop: woosim.Running) -> None:
    work.connect(shop)
    closed = 'exec "$@" <&- >&-'
    ended = await asyncio.to_thread(run, work, closed, "pull", "customers")
    assert ended == Ended(0, "", "")
    assert run(work, closed, "export", "customers", "-o", "out.json").code == 0
    ended = await asyncio.to_thread(run, work, closed, "pull", "customers", "--json")
    assert (ended.code, "Standard output is closed" in ended.err) == (73, True)


def test_all_streams_closed_still_end_with_the_code(work: Workplace) -> None:
    assert run(work, 'exec "$@" <&- >&- 2>&-', "stores", "list").code == 73
    assert run(work, 'exec "$@" <&- 2>&-', "stores", "list").code == 0
