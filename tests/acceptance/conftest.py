"""Working folders for commands: one on a shared PostgreSQL, one with the embedded database."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance import commands, starting
from conftest import quick_place


@pytest.fixture(scope="session")
def starter() -> Iterator[starting.Starter]:
    opened = starting.Starter()
    yield opened
    opened.close()


@pytest.fixture
def work(tmp_path: Path, database_url: str, starter: starting.Starter) -> commands.Workplace:
    """Give a folder whose commands use the test's own database."""
    environment = commands.clean_environment(
        WOOSYNC_DATA=str(tmp_path / "data"), DATABASE_URL=database_url.replace("+psycopg", "")
    )
    return commands.Workplace(tmp_path, environment, starter=starter)


@pytest.fixture
def embedded_work(starter: starting.Starter) -> Iterator[commands.Workplace]:
    """Give a folder whose commands use the embedded database.

    It lies outside pytest's own folders, which a user other than ours cannot enter.
    """
    folder = Path(tempfile.mkdtemp(prefix="woosync-cli-", dir=quick_place()))
    environment = commands.clean_environment(WOOSYNC_DATA=str(folder / "data"))
    yield commands.Workplace(folder, environment, starter=starter)
    shutil.rmtree(folder, ignore_errors=True)
