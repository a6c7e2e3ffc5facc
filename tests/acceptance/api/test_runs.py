"""Work asked for over HTTP: 202 and a run, joined by who asks again, done by any worker."""

from collections.abc import AsyncIterator

import pytest

from acceptance.api.calling import BASE, Api
from woosync.entrypoints import worker

QUICK = worker.Options(scheduled=False, stalled_after=3)


@pytest.fixture
async def working(api: Api) -> AsyncIterator[Api]:
    async with worker.working(api.opened, QUICK):
        yield api


async def test_a_pull_is_asked_for_and_done_by_the_worker(working: Api) -> None:
    said = await working.post("/sync/customers/pull", json={"limit": 5}, role="operator")
    asked = said.good(202)
    assert said.headers["Location"] == f"{BASE}/runs/{asked['runId']}"
    assert asked["state"] in {"queued", "running"}
    same = await working.post("/sync/customers/pull?wait=60", json={"limit": 5})
    ended = same.good()
    assert ended["runId"] == asked["runId"]
    assert ended["state"] == "completed"
    run = (await working.get(said.headers["Location"], role="viewer")).good()
    assert run["counts"]["customers"]["created"] == 5
    assert (run["direction"], run["mode"], run["actor"]) == ("pull", "part", "the operator")


async def woo_ids(api: Api, entity: str) -> list[int]:
    found = await api.rows("SELECT woo_id FROM links WHERE entity = %s ORDER BY 1 DESC", entity)
    return [row[0] for row in found]


async def test_limit_and_page_say_which_records_a_call_pulls(working: Api) -> None:
    for page in (1, 2):
        body = {"limit": 6, "page": page}
        (await working.post("/sync/customers/pull?wait=60", json=body)).good()
    newest = await woo_ids(working, "customer")
    assert len(newest) == 12
    rest = {"limit": 12, "page": 2}
    (await working.post("/sync/customers/pull?wait=60", json=rest)).good()
    everyone = await woo_ids(working, "customer")
    assert len(everyone) == 18  # staff included
    assert everyone[:12] == newest
