"""The API against its own description: schemathesis tries every operation, well and badly."""

import asyncio
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig

import woosim
from acceptance.api import calling
from conftest import Server
from woosync.entrypoints.api import app as api_app
from woosync.entrypoints.api import dependencies, limits, signing

load_all_checks()
WANTED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "ignored_auth",
    "unsupported_method",
)
#: All the cases that schemathesis can think of are thousands; SCHEMA_COVERAGE=1 has minutes.
THOROUGH = bool(os.environ.get("SCHEMA_COVERAGE"))
config = SchemathesisConfig()
config.projects.default.phases.coverage.enabled = THOROUGH
schema = schemathesis.openapi.from_dict(api_app.document(), config=config)


class Served(threading.Thread):
    """A served API in a thread of its own, since schemathesis calls and waits."""

    def __init__(self, database_url: str, folder: Path) -> None:
        super().__init__(daemon=True)
        self.database_url, self.folder = database_url, folder
        self.ready = threading.Event()
        self.url = self.token = ""

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self.loop, self.over = asyncio.get_running_loop(), asyncio.Event()
        plenty = limits.Rate(1e6, 1e6)
        roomy = limits.Limits(limits.Buckets(plenty), limits.Buckets(plenty))
        serving = dependencies.Serving(signing.Signer(calling.SECRET), roomy)
        shop = woosim.Shop(woosim.Options(products=20, variable=2, customers=5, orders=10, seed=7))
        try:
            async with (
                woosim.serve(shop) as running,
                calling.serve(self.database_url, running, self.folder, serving) as api,
            ):
                self.url, self.token = api.url, api.tokens["admin"]
                self.ready.set()
                await self.over.wait()
        finally:
            self.ready.set()

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self.over.set)
        self.join(timeout=30)


@pytest.fixture(scope="module")
def served(postgres: Server) -> Iterator[Served]:
    name = postgres.clone()
    with tempfile.TemporaryDirectory() as folder:
        thread = Served(postgres.address(name), Path(folder))
        thread.start()
        assert thread.ready.wait(60)
        assert thread.url
        yield thread
        thread.end()
    postgres.drop(name)


@schema.parametrize()
@hypothesis.settings(
    max_examples=3,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)
def test_every_operation_keeps_to_its_description(case: Any, served: Served) -> None:
    if any(parameter.name == "wait" for parameter in case.operation.query):
        case.query = {**(case.query or {}), "wait": 0}  # nobody works here
    case.call_and_validate(
        base_url=served.url,
        headers={"Authorization": f"Bearer {served.token}"},
        checks=[CHECKS.get_one(name) for name in WANTED],
        timeout=30,
    )
