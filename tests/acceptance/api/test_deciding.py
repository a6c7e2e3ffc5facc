"""What people decide over HTTP: conflicts, runs taken back, and who may."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from acceptance.api.calling import Api
from woosync.domain import conflict_policy
from woosync.entrypoints import worker
from woosync.postgres import stores

QUIET = worker.Options(scheduled=False, reacting=False, stalled_after=3)


@pytest.fixture
async def pulled(api: Api) -> AsyncIterator[Api]:
    """Give an API whose store has been pulled; nobody pushes by himself."""
    async with worker.working(api.opened, QUIET):
        full = {"direction": "pull"}
        assert (await api.post("/sync/full?wait=60", json=full)).good()["state"] == "completed"
        manual = {"policies": {"default": conflict_policy.Policy.MANUAL.value}}
        (await api.call("PATCH", "/stores/default", json=manual)).good()
        yield api


async def simple(api: Api, amount: int = 1) -> list[tuple[int, int]]:
    """Return (id here, id there) of some products."""
    found = await api.rows(
        "SELECT p.id, l.woo_id FROM products p JOIN links l ON l.local_id = p.id"
        " AND l.entity = 'product' WHERE p.kind = 'simple' ORDER BY 1 LIMIT %s",
        amount,
    )
    return [(row[0], row[1]) for row in found]


def there(api: Api, woo_id: int) -> dict[str, Any]:
    record = api.shop.shop.read("product", woo_id)
    assert record
    return dict(record)


def edit_there(api: Api, woo_id: int, **changes: Any) -> None:
    api.shop.shop.save("product", there(api, woo_id) | changes)


async def edit_here(api: Api, local_id: int, name: str) -> None:
    await api.rows("UPDATE products SET name = %s WHERE id = %s RETURNING 1", name, local_id)


async def push(api: Api) -> Any:
    ended = (await api.post("/sync/products/push?wait=60", json={})).good()
    return ended["runs"][0]


async def disputes(api: Api, amount: int = 1) -> list[int]:
    """Let both sides change names; return the numbers of the conflicts."""
    for local_id, woo_id in await simple(api, amount):
        await edit_here(api, local_id, "Ours")
        edit_there(api, woo_id, name="Theirs")
    await push(api)
    said = await api.get("/conflicts?state=open", role="viewer")
    found = said.good()["conflicts"]
    assert len(found) == amount
    return sorted(one["id"] for one in found)


@pytest.mark.parametrize(
    ("body", "becomes"),
    [
        ({"choice": "theirs", "seen": {"ours": "Ours", "theirs": "Theirs"}}, "Theirs"),
        ({"choice": "ours"}, "Ours"),
        ({"choice": "value", "value": "Both"}, "Both"),
        ({"choice": "suggested"}, "Theirs"),
    ],
)
async def test_a_decision_reaches_both_sides(pulled: Api, body: Any, becomes: str) -> None:
    (number,) = await disputes(pulled)
    shown = (await pulled.get(f"/conflicts/{number}", role="viewer")).good()
    assert (shown["ours"], shown["theirs"], shown["state"]) == ("Ours", "Theirs", "open")
    said = await pulled.post(f"/conflicts/{number}/resolve", json=body, role="operator")
    settled = said.good()
    assert (settled["id"], settled["before"], settled["value"]) == (number, "Ours", becomes)
    await push(pulled)
    ((local_id, woo_id),) = await simple(pulled)
    assert there(pulled, woo_id)["name"] == becomes
    assert (await pulled.get(f"/api/products/{local_id}")).good()["name"] == becomes
    shown = (await pulled.get(f"/conflicts/{number}")).good()
    assert (shown["state"], shown["resolvedBy"]) == ("resolved", "the operator")


async def test_a_decision_about_what_is_no_longer_so_gets_the_new_state(pulled: Api) -> None:
    (number,) = await disputes(pulled)
    ((local_id, _),) = await simple(pulled)
    path = f"/conflicts/{number}/resolve"
    unseen = {"choice": "ours", "seen": {"ours": "Ours", "theirs": "Older"}}
    stale = (await pulled.post(path, json=unseen)).problem(409, "stale-resolution")
    assert (stale["ours"], stale["theirs"]) == ("Ours", "Theirs")
    await edit_here(pulled, local_id, "Newer")
    for _ in range(2):  # with `seen` it is refused as often as it comes
        seen = {"choice": "ours", "seen": {"ours": "Ours", "theirs": "Theirs"}}
        stale = (await pulled.post(path, json=seen)).problem(409, "stale-resolution")
        assert (stale["ours"], stale["theirs"]) == ("Newer", "Theirs")
    seen = {"choice": "ours", "seen": {"ours": "Newer", "theirs": "Theirs"}}
    assert (await pulled.post(path, json=seen)).good()["value"] == "Newer"


async def test_row_52_of_two_decisions_at_once_one_wins(pulled: Api) -> None:
    (number,) = await disputes(pulled)
    said = await asyncio.gather(
        *(
            pulled.post(f"/conflicts/{number}/resolve", json={"choice": choice})
            for choice in ("ours", "theirs")
        )
    )
    assert sorted(one.status for one in said) == [200, 409]
    won = next(one for one in said if one.status == 200).json
    next(one for one in said if one.status == 409).problem(409, "resolution-refused")
    ((name,),) = await pulled.rows("SELECT name FROM products WHERE id = %s", won["localId"])
    assert name == won["value"]
    resolutions = "SELECT count(*) FROM woocommerce_sync_log WHERE event = 'resolved'"
    assert await pulled.rows(resolutions) == [(1,)]


async def test_many_are_settled_by_filter_each_by_itself(pulled: Api) -> None:
    first, second, third = await disputes(pulled, 3)
    await edit_here(pulled, (await simple(pulled))[0][0], "Newer")
    for nothing in ({"entity": "customer"}, {"field": "sku"}, {"ids": [999999]}):
        said = await pulled.post("/conflicts/resolve", json={"choice": "theirs"} | nothing)
        assert said.good() == {"resolved": [], "refused": []}
    one = {"choice": "ours", "ids": [third]}
    settled = (await pulled.post("/conflicts/resolve", json=one, role="operator")).good()
    assert [each["id"] for each in settled["resolved"]] == [third]
    rest = {"choice": "theirs", "entity": "product", "field": "name"}
    settled = (await pulled.post("/conflicts/resolve", json=rest)).good()
    assert [each["id"] for each in settled["resolved"]] == [second]
    assert [each["id"] for each in settled["refused"]] == [first]
    assert "Newer" in settled["refused"][0]["reason"]


async def test_what_is_no_decision_is_refused(pulled: Api) -> None:
    (number,) = await disputes(pulled)
    path = f"/conflicts/{number}/resolve"
    for body in (
        {"choice": "mine"},
        {"choice": "value"},
        {"choice": "ours", "value": "x"},
        {"choice": "value", "value": {"no": "name"}},
        {"choice": "value", "value": "a\x00b"},
        {"choice": "ours", "seen": {"ours": 1}},
        {},
    ):
        (await pulled.post(path, json=body)).problem(422)
    (await pulled.post("/conflicts/resolve", json={"choice": "value"})).problem(422)
    (await pulled.post(path, json={"choice": "ours"}, role="viewer")).problem(403)
    many = {"choice": "ours"}
    (await pulled.post("/conflicts/resolve", json=many, role="viewer")).problem(403)
    (await pulled.post("/conflicts/4711/resolve", json={"choice": "ours"})).problem(404)
    (await pulled.get("/conflicts/4711")).problem(404)
    assert (await pulled.get(f"/conflicts/{number}")).good()["state"] == "open"


async def test_conflicts_and_runs_of_another_store_are_not_there(pulled: Api) -> None:
    (number,) = await disputes(pulled)
    async with pulled.opened.database.transaction() as tx:
        await stores.save_new(tx, "other", {"url": "https://other.example"})
    ours = {"choice": "ours"}
    (await pulled.get(f"/stores/other/conflicts/{number}")).problem(404)
    (await pulled.post(f"/conflicts/{number}/resolve?store=other", json=ours)).problem(404)
    said = await pulled.post("/conflicts/resolve?store=other", json=ours)
    assert said.good() == {"resolved": [], "refused": []}
    (await pulled.post("/runs/1/undo?store=other", json={})).problem(404)
    assert (await pulled.get(f"/stores/default/conflicts/{number}")).good()["state"] == "open"


async def test_a_run_is_taken_back_after_a_look_at_what_that_means(pulled: Api) -> None:
    ((local_id, woo_id),) = await simple(pulled)
    old = there(pulled, woo_id)["name"]
    await edit_here(pulled, local_id, "Wrong")
    run = (await push(pulled))["runId"]
    foreseen = (await pulled.post(f"/runs/{run}/undo", json={"dryRun": True})).good()
    assert foreseen["dryRun"] is True
    assert [(one["field"], one["was"], one["becomes"]) for one in foreseen["restored"]] == [
        ("name", "Wrong", old)
    ]
    assert foreseen["restored"][0]["store"] == "default"
    assert (await pulled.get(f"/api/products/{local_id}")).good()["name"] == "Wrong"
    (await pulled.post(f"/runs/{run}/undo", json={}, role="viewer")).problem(403)
    done = (await pulled.post(f"/runs/{run}/undo", role="operator")).good()
    assert done == foreseen | {"dryRun": False}
    await push(pulled)
    assert there(pulled, woo_id)["name"] == old
    again = (await pulled.post(f"/runs/{run}/undo")).good()
    assert (again["restored"], [one["field"] for one in again["left"]]) == ([], ["name"])
    (await pulled.post("/runs/4711/undo")).problem(404)


async def test_an_hour_of_automatic_pushes_wants_a_span_of_time_or_a_yes(pulled: Api) -> None:
    ((local_id, woo_id),) = await simple(pulled)
    old = there(pulled, woo_id)["name"]
    await edit_here(pulled, local_id, "Wrong")
    run = (await push(pulled))["runId"]
    await pulled.rows(f"UPDATE sync_runs SET mode = 'automatic' WHERE id = {run} RETURNING id")
    said = (await pulled.post(f"/runs/{run}/undo")).problem(409, "undo-too-wide")
    assert "1 record " in said["detail"]
    early = {"until": "2026-01-02T03:04:05Z"}
    (await pulled.post(f"/runs/{run}/undo", json=early)).problem(409, "nothing-to-undo")
    done = (await pulled.post(f"/runs/{run}/undo", json={"confirm": True})).good()
    assert [one["becomes"] for one in done["restored"]] == [old]
