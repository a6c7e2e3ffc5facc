"""The embedded database works wherever its folder lies, and finds what killed processes left."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from acceptance import commands
from conftest import quick_place
from woosync.postgres import embedded, temporary

NAMES = [
    "Application Support",
    'it\'s a "quoted" $HOME `id` name',
    "half%20way %s",
    "Lädchen 店",
    "one,two;three&four?host=x",
    "-dash",
    "long" * 40,
]


@pytest.fixture
def outside() -> Iterator[Path]:
    """Give a folder that a user other than ours can reach."""
    folder = Path(tempfile.mkdtemp(prefix="woosync-names-", dir=quick_place()))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_database_starts_in_a_folder_of_any_name(outside: Path, name: str) -> None:
    for _ in "12":
        with embedded.serve(outside / name / "postgres") as url:
            with psycopg.connect(url) as connection:
                row = connection.execute("SHOW data_directory").fetchone()
            assert row == (str((outside / name / "postgres").resolve()),)


async def test_commands_work_in_a_folder_with_blanks_and_percent_signs(outside: Path) -> None:
    folder = outside / "My Data" / ("100%25 mine" + "x" * 100)
    folder.mkdir(parents=True)
    work = commands.Workplace(folder, commands.clean_environment(WOOSYNC_DATA=str(folder / "d")))
    (await work.run("status", "--json")).good()
    (await work.run("export", "products", "--format", "csv")).good()


@pytest.mark.skipif(os.geteuid() != 0, reason="others than root need no other user")
def test_processes_that_make_the_user_of_the_server_at_once_all_get_it() -> None:
    names = [f"woosync-{os.getpid()}-{number}" for number in range(8)]
    asking = (
        "import sys; from woosync.postgres import postmaster; print('ready', flush=True)\n"
        "for line in sys.stdin: print(postmaster.system_user(line.strip()), flush=True)"
    )
    pipe = subprocess.PIPE
    processes = [
        subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", asking], stdin=pipe, stdout=pipe, stderr=pipe
        )
        for _ in range(4)
    ]
    try:
        _say_all(processes, "ready")
        for name in names:
            for process in processes:
                assert process.stdin is not None
                process.stdin.write(f"{name}\n".encode())
                process.stdin.flush()
            _say_all(processes, name)
    finally:
        for process in processes:
            process.communicate(timeout=60)
        for name in names:
            subprocess.run(["userdel", name], check=False, capture_output=True)  # noqa: S603, S607 - a name of ours


def _say_all(processes: list[subprocess.Popen[bytes]], word: str) -> None:
    said = [process.stdout.readline().decode().strip() for process in processes if process.stdout]
    assert said == [word] * len(processes)


def test_a_port_in_the_environment_does_not_lead_astray(
    outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "6543")
    with embedded.serve(outside / "postgres") as url:
        monkeypatch.setenv("PGPORT", "6544")
        psycopg.connect(url).close()


def test_users_of_one_process_share_a_server_until_the_last_one_goes(outside: Path) -> None:
    with embedded.serve(outside / "postgres") as url:
        with embedded.serve(outside / "postgres") as again:
            assert again == url
        psycopg.connect(url).close()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


def test_a_killed_first_start_does_not_spoil_the_folder(outside: Path) -> None:
    half = outside / ".postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with embedded.serve(outside / "postgres") as url:
        psycopg.connect(url).close()


def test_a_number_left_by_a_killed_server_may_belong_to_another_process(outside: Path) -> None:
    folder = outside / "postgres"
    with embedded.serve(folder):
        left = (folder / "postmaster.pid").read_text().splitlines()
    left[0] = str(os.getpid())
    (folder / "postmaster.pid").write_text("\n".join(left) + "\n")
    with embedded.serve(folder) as url:
        psycopg.connect(url).close()


def test_a_server_that_was_killed_is_started_again(outside: Path) -> None:
    folder = outside / "postgres"
    with embedded.serve(folder):
        psutil.Process(int((folder / "postmaster.pid").read_text().splitlines()[0])).kill()
    with embedded.serve(folder) as url:
        psycopg.connect(url).close()


def test_what_a_killed_server_leaves_is_waited_for(outside: Path) -> None:
    folder = outside / "postgres"
    with embedded.serve(folder):
        server = psutil.Process(int((folder / "postmaster.pid").read_text().splitlines()[0]))
        left = server.children()[0]
        left.suspend()
        server.kill()
        threading.Timer(0.5, left.resume).start()
    with embedded.serve(folder) as url:
        psycopg.connect(url).close()


HOLD = """
import time
from woosync.postgres import embedded, temporary
with temporary.folder("woosync-left-") as folder:
    with embedded.serve(folder / "data" / "postgres"):
        print(folder, flush=True)
        time.sleep(600)
"""


def test_folders_that_killed_processes_left_are_cleared_away() -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE) as held:  # noqa: S603 - our own program
        assert held.stdout is not None
        left = Path(held.stdout.readline().decode().strip())
        server = int((left / "data/postgres/postmaster.pid").read_text().splitlines()[0])
        held.kill()
    with temporary.folder("woosync-left-") as folder:
        assert not left.exists()
        assert not psutil.pid_exists(server)
        with temporary.folder("woosync-left-"):
            assert folder.exists()
    assert not folder.exists()
