import os
import stat
import threading
from pathlib import Path

import psycopg

from woosync.entrypoints.cli import targets
from woosync.postgres import errors


def test_a_link_stays_a_link_and_its_file_is_written(tmp_path: Path) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old")
    link.symlink_to(real)
    with targets.target(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_a_pipe_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    with targets.target(pipe) as file:
        file.write(b"rows")
    reader.join(10)
    assert got == [b"rows"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_password_in_a_bad_address_is_not_repeated() -> None:
    for says in (
        'invalid percent-encoded token: "hunt%er2"',
        "failed to resolve host 'hunt%er2@127.0.0.1': nothing known",
    ):
        told = errors.translate(psycopg.OperationalError(says)).message
        assert "hunt" not in told
        assert "(hidden)" in told
