import json
import subprocess
import sys

import pytest

LOADED = """
import json, sys
from woosync.entrypoints import cli
cli.load("{command}")
print(json.dumps(sorted(sys.modules)))
"""


def said(program: str) -> object:
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, check=True
    )
    return json.loads(ended.stdout)


@pytest.mark.parametrize("command", ["pull", "push", "sync", "status", "export", "runs"])
def test_a_command_starts_without_what_it_may_not_need(command: str) -> None:
    loaded = said(LOADED.format(command=command))
    assert isinstance(loaded, list)
    assert "pycurl" in loaded
    slow = {
        "aiohttp",
        "alembic",
        "fastapi",
        "procrastinate",
        "pydantic",
        "rich",
        "sqlalchemy",
        "structlog",
    }
    assert slow & set(loaded) == set()


def test_a_pull_starts_without_the_flows_that_it_does_not_call() -> None:
    loaded = said(LOADED.format(command="pull"))
    assert isinstance(loaded, list)
    others = {f"woosync.flows.{name}" for name in ("apply", "push", "receive", "stock", "undo")}
    assert others & set(loaded) == set()
