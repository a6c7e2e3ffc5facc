"""What people decide about levels over HTTP: held ones, the audit, limits, the brake."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from acceptance.api.calling import Api
from woosync import errors
from woosync.entrypoints import worker

QUIET = worker.Options(scheduled=False, reacting=False, stalled_after=3)


@pytest.fixture
async def pulled(api: Api) -> AsyncIterator[Api]:
    """Give an API whose store has been pulled; nobody pushes by himself."""
    async with worker.working(api.opened, QUIET):
        full = {"direction": "pull"}
        assert (await api.post("/sync/full?wait=60", json=full)).good()["state"] == "completed"
        yield api


async def counted(api: Api, amount: int = 1) -> list[tuple[int, int, int]]:
    """Return (id here, id there, level) of products that sell."""
    found = await api.rows(
        "SELECT link.product_id, l.woo_id, link.expected FROM stock_links AS link JOIN links AS l"
        " ON l.local_id = link.product_id AND l.entity = 'product' AND l.store_id = link.store_id"
        " WHERE link.expected > 5 ORDER BY 1 LIMIT %s",
        amount,
    )
    return [(row[0], row[1], int(row[2])) for row in found]


def level(api: Api, woo_id: int) -> int:
    record = api.shop.shop.read("product", woo_id)
    assert record
    return int(record["stock_quantity"])


def edit_there(api: Api, woo_id: int, units: int) -> None:
    record = api.shop.shop.read("product", woo_id)
    assert record
    api.shop.shop.save("product", dict(record) | {"stock_quantity": units})


async def push(api: Api, **body: Any) -> Any:
    return (await api.post("/sync/inventory/push?wait=60", json=body, role="operator")).good()


@pytest.mark.parametrize("choice", ["adopt", "revert"])
async def test_a_held_level_is_settled_by_a_person(pulled: Api, choice: str) -> None:
    ((product, woo, units),) = await counted(pulled)
    assert (await pulled.get("/stock/held", role="viewer")).good() == {"held": []}
    body = {"productIds": [product], "reason": "counted twice"}
    assert (await pulled.post("/stock/hold", json=body, role="operator")).good() == {"products": 1}
    edit_there(pulled, woo, units + 4)
    (held,) = (await pulled.get("/stock/held", role="viewer")).good()["held"]
    assert (held["productId"], held["expected"], held["reason"]) == (
        product,
        units,
        "counted twice",
    )
    status = (await pulled.get("/stock", role="viewer")).good()
    assert status["levels"]["held"]["products"] == 1
    chosen = {"productIds": [product], "choice": choice}
    (await pulled.post("/stock/settle", json=chosen, role="viewer")).problem(403)
    assert (await pulled.post("/stock/settle", json=chosen, role="operator")).good() == {
        "products": 1
    }
    assert (await push(pulled))["state"] == "completed"
    agreed = units + 4 if choice == "adopt" else units
    assert level(pulled, woo) == agreed
    on_hand = "SELECT sum(on_hand) FROM inventory WHERE product_id = %s"
    assert await pulled.rows(on_hand, product) == [(agreed,)]
    (await pulled.post("/stock/settle", json=chosen)).problem(409, "not-held")


async def test_decisions_that_are_none_are_refused(pulled: Api) -> None:
    ((product, _, _),) = await counted(pulled)
    for body in (
        {"productIds": [], "choice": "adopt"},
        {"productIds": [product], "choice": "both"},
        {"productIds": [product]},
    ):
        (await pulled.post("/stock/settle", json=body)).problem(422)
    limit = {"productId": product, "units": 3}
    (await pulled.post("/stock/limit", json=limit)).problem(409, "not-held")
    (await pulled.post("/stock/limit", json=limit | {"units": -1})).problem(422)
    (await pulled.post("/stock/limit", json=limit, role="viewer")).problem(403)
    (await pulled.get("/stock/held?store=nowhere")).problem(404)


async def test_an_audit_is_a_run_that_counts_what_it_found(pulled: Api) -> None:
    (one, two) = await counted(pulled, 2)
    edit_there(pulled, one[1], one[2] + 3)
    (await pulled.post("/stock/audit", role="viewer")).problem(403)
    body = {"productIds": [two[0]]}
    ended = (await pulled.post("/stock/audit?wait=60", json=body, role="operator")).good()
    assert ended["state"] == "completed", ended
    assert (await pulled.rows("SELECT observed FROM stock_links WHERE woo_id = %s", one[1])) != [
        (one[2] + 3,)
    ]
    ended = (await pulled.post("/stock/audit?wait=60", json={})).good()
    (run,) = ended["runs"]
    assert (run["direction"], run["mode"], run["state"]) == ("stock", "audit", "completed")
    assert sum(v for v in run["counts"]["levels"].values() if isinstance(v, int)) > 2
    ((seen,),) = await pulled.rows("SELECT observed FROM stock_links WHERE woo_id = %s", one[1])
    assert seen == one[2] + 3


EVERYTHING_IS_GONE = (
    "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref)"
    " SELECT product_id, warehouse_id, -on_hand, 'adjustment', 'gone ' || product_id"
    " FROM inventory WHERE on_hand > 0"
)


async def test_a_push_of_its_own_that_the_brake_stops_asks_among_the_runs(pulled: Api) -> None:
    ((_, woo, units),) = await counted(pulled)
    assert (await pulled.opened.stock_status("default"))["asks"] is None
    await pulled.run(EVERYTHING_IS_GONE)
    ((store_id,),) = await pulled.rows("SELECT id FROM stores")
    await pulled.opened.push_stock_changes(store_id)
    await pulled.opened.push_changes(store_id)
    found = (await pulled.get("/runs", role="viewer")).good()["runs"]
    (run,) = [one for one in found if one["mode"] == "brake"]
    assert (run["direction"], run["state"], level(pulled, woo)) == ("stock", "failed", units)
    assert "nothing was sent" in run["error"]
    assert (await pulled.opened.stock_status("default"))["asks"] == run["error"]
    assert (await push(pulled, confirm=True))["state"] == "completed"
    assert level(pulled, woo) == 0
    assert (await pulled.opened.stock_status("default"))["asks"] is None
    # What is asked after an answer is another question.
    await pulled.run(
        EVERYTHING_IS_GONE.replace("-on_hand", "9").replace("> 0", "= 0").replace("gone", "back")
    )
    await pulled.opened.push_changes(store_id)
    assert level(pulled, woo) == 9
    await pulled.run(EVERYTHING_IS_GONE.replace("gone", "again"))
    await pulled.opened.push_changes(store_id)
    modes = await pulled.rows("SELECT count(*) FROM sync_runs WHERE mode = 'brake'")
    assert modes == [(2,)]


async def test_what_a_lost_answer_left_open_is_seen_to_though_nothing_waits(pulled: Api) -> None:
    ((product, woo, units),) = await counted(pulled)
    ((store_id,),) = await pulled.rows("SELECT id FROM stores")
    await pulled.run(
        "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref) SELECT"
        " product_id, warehouse_id, -1, 'adjustment', 'one less' FROM inventory"
        f" WHERE product_id = {product} AND on_hand > 0 LIMIT 1"
    )
    faults = pulled.shop.front.faults
    faults.inject("reset", method="POST", after_write=True)
    faults.inject("status", method="GET", count=None, options={"status": 503})
    with contextlib.suppress(errors.WoosyncError):
        await pulled.opened.push_changes(store_id)
    assert (await pulled.opened.stock_status("default"))["operations"]
    faults.clear()
    await pulled.run("DELETE FROM outbox")
    await pulled.opened.push_changes(store_id)
    assert (await pulled.opened.stock_status("default"))["operations"] == {}
    assert level(pulled, woo) == units - 1


async def test_the_brake_stops_until_somebody_confirms(pulled: Api) -> None:
    await pulled.run(EVERYTHING_IS_GONE)
    ((product, woo, units),) = await counted(pulled)
    plan = await push(pulled, dryRun=True, syncAll=True)
    assert plan["total"] > 5
    (step,) = [one for one in plan["plan"] if one["product"] == product]
    assert (step["level"], step["becomes"]) == (units, 0)
    stopped = await push(pulled)
    assert (stopped["state"], level(pulled, woo)) == ("failed", units)
    assert "nothing was sent" in stopped["runs"][0]["error"]
    one = {"dryRun": True}
    plan = (await pulled.post(f"/sync/inventory/push/{product}", json=one)).good()
    assert plan["total"] == 1
    gone = await push(pulled, confirm=True)
    assert (gone["state"], level(pulled, woo)) == ("completed", 0)


async def test_an_audit_that_took_an_edit_over_is_taken_back(pulled: Api) -> None:
    ((product, woo, units),) = await counted(pulled)
    edit_there(pulled, woo, units + 40)
    ended = (await pulled.post("/stock/audit?wait=60", json={"productIds": [product]})).good()
    run = ended["runs"][0]["runId"]
    foreseen = (await pulled.post(f"/runs/{run}/undo", json={"dryRun": True})).good()
    assert foreseen["restored"] == [
        {
            "store": "default",
            "entity": "stock",
            "localId": product,
            "wooId": woo,
            "field": "on_hand",
            "was": units + 40,
            "becomes": units,
        }
    ]
    assert (await pulled.get(f"/api/products/{product}")).good()["onHand"] == units + 40
    done = (await pulled.post(f"/runs/{run}/undo", role="operator")).good()
    assert done == foreseen | {"dryRun": False}
    assert (await pulled.get(f"/api/products/{product}")).good()["onHand"] == units
    sent = (await push(pulled, confirm=True))["runs"][0]["runId"]
    assert level(pulled, woo) == units
    told = (await pulled.post(f"/runs/{sent}/undo")).good()
    assert (told["restored"], [one["field"] for one in told["left"]]) == ([], ["level"])
    assert "follows the goods" in told["left"][0]["reason"]
    again = (await pulled.post(f"/runs/{run}/undo")).good()
    assert [one["reason"] for one in again["left"]] == ["it was put back before"]
