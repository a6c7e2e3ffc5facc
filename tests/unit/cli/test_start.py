import json
import os
import subprocess
import sys

import pytest

LOADED = """
import json, sys
from woosync.entrypoints import cli
cli.load("{command}")
print(json.dumps(sorted(sys.modules)))
"""
AUTHORITIES = """
import json, os
from woosync.woo import transport
import aiohttp.connector
made = (aiohttp.connector._SSL_CONTEXT_VERIFIED, aiohttp.connector._SSL_CONTEXT_UNVERIFIED)
given = [os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")]
print(json.dumps([[one.cert_store_stats()["x509"] for one in made], given]))
"""


def said(program: str, **environment: str) -> object:
    kept = {name: v for name, v in os.environ.items() if not name.startswith("SSL_CERT")}
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, check=True, env=kept | environment
    )
    return json.loads(ended.stdout)


@pytest.mark.parametrize("command", ["pull", "push", "sync", "status", "export", "runs"])
def test_a_command_starts_without_what_it_may_not_need(command: str) -> None:
    loaded = said(LOADED.format(command=command))
    assert isinstance(loaded, list)
    assert "aiohttp" in loaded
    slow = {"alembic", "fastapi", "procrastinate", "pydantic", "rich", "sqlalchemy", "structlog"}
    assert slow & set(loaded) == set()


def test_a_pull_starts_without_the_flows_that_it_does_not_call() -> None:
    loaded = said(LOADED.format(command="pull"))
    assert isinstance(loaded, list)
    others = {f"woosync.flows.{name}" for name in ("apply", "push", "receive", "stock", "undo")}
    assert others & set(loaded) == set()


def test_no_authority_is_read_before_a_store_needs_it() -> None:
    assert said(AUTHORITIES) == [[0, 0], [None, None]]
    assert said(AUTHORITIES, SSL_CERT_FILE="/x") == [[0, 0], ["/x", None]]
