"""Stock over HTTP: acts happen once, levels are never written, and say where they come from."""

import asyncio
from typing import Any

import pytest

from acceptance.api.calling import Api

ACTS = {
    "adjust": {"qty": 5},
    "count": {"counted": 5},
    "transfer": {"qty": 1, "toWarehouse": "NORTH"},
}


@pytest.fixture
async def product(api: Api) -> int:
    """Make a product of which the default warehouse MAIN holds 10, and NORTH none."""
    (await api.post("/api/warehouses", json={"code": "MAIN", "isDefault": True})).good(201)
    (await api.post("/api/warehouses", json={"code": "NORTH"})).good(201)
    made = (await api.post("/api/products", json={"name": "Tea", "sku": "TEA"})).good(201)["id"]
    (await act(api, "adjust", made, qty=10, kind="receipt")).good()
    return int(made)


async def act(api: Api, what: str, product: int, *, key: str = "", **body: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    body["productId"] = product
    return await api.post(f"/api/inventory/{what}", json=body, headers=headers, role="operator")


async def levels(api: Api) -> dict[str, float]:
    said = (await api.get("/api/inventory", role="viewer")).good()
    return {one["warehouse"]: one["onHand"] for one in said["items"]}


async def test_levels_say_where_they_come_from(api: Api, product: int) -> None:
    (await act(api, "transfer", product, qty=4, toWarehouse="NORTH")).good()
    (await act(api, "count", product, counted=5.5, note="shelf 7")).good()
    assert await levels(api) == {"MAIN": 5.5, "NORTH": 4}
    said = (await api.get(f"/api/inventory/{product}", role="viewer")).good()
    main, north = said["levels"]
    assert [(one["kind"], one["qty"]) for one in main["movements"]] == [
        ("count", -0.5),
        ("receipt", 10),
        ("transfer", -4),
    ]
    assert (north["onHand"], north["available"], said["stores"]) == (4, 4, [])
    moved = (await api.get("/api/inventory/movements?kind=count")).good()["items"]
    assert [(one["qty"], one["actor"], one["note"]) for one in moved] == [
        (-0.5, "the operator", "counted 5.5: shelf 7")
    ]
    (await api.get("/api/inventory/999999")).problem(404)
    assert (await api.get(f"/api/products/{product}")).good()["onHand"] == 9.5


async def test_lists_of_levels_are_filtered(api: Api, product: int) -> None:
    for query, number in (
        ("sku=tea", 1),
        ("sku=cup", 0),
        ("warehouse=NORTH", 0),
        (f"productId={product}", 1),
        ("below=10.5&sort=-onHand", 1),
        ("below=10", 0),
        ("store=default", 0),
        ("limit=1&sort=-updatedAt", 1),
    ):
        found = (await api.get(f"/api/inventory?{query}")).good()
        assert len(found["items"]) == number, query


@pytest.mark.parametrize("what", ACTS)
async def test_one_key_has_one_effect_however_often_at_once(
    api: Api, product: int, what: str
) -> None:
    """Row 51."""
    said = await asyncio.gather(
        *(act(api, what, product, key="k1", **ACTS[what]) for _ in range(50))
    )
    assert len({one.text for one in said if one.status == 200}) == 1
    assert {one.status for one in said} <= {200, 409}
    booked = said[0].good()["movements"]
    found = await api.rows("SELECT count(*) FROM inventory_movements WHERE kind <> 'receipt'")
    assert found == [(len(booked),)]
    body = ACTS[what] | {"note": "another"}
    (await act(api, what, product, key="k1", **body)).problem(422)


async def test_a_key_lasts_as_long_as_its_movement(api: Api, product: int) -> None:
    """A reply that was never kept, or no longer is, does not make a second movement."""
    first = (await act(api, "adjust", product, key="k1", qty=5)).good()
    await api.rows("DELETE FROM idempotent_replies RETURNING 1")
    assert (await act(api, "adjust", product, key="k1", qty=5)).good() == first
    await api.rows("DELETE FROM idempotent_replies RETURNING 1")
    (await act(api, "adjust", product, key="k1", qty=6)).problem(422, "key-used")
    assert await levels(api) == {"MAIN": 15}


async def test_a_cause_counts_once_whoever_names_it(api: Api, product: int) -> None:
    body = {"productId": product, "qty": 5, "sourceRef": "GRN-7 line 1"}
    first = (await api.post("/api/inventory/adjust", json=body, role="operator")).good()
    assert (await api.post("/api/inventory/adjust", json=body, role="admin")).good() == first
    (await api.post("/api/inventory/adjust", json=body | {"qty": 6})).problem(422, "key-used")
    (
        await api.post(
            "/api/inventory/count",
            json={"productId": product, "counted": 5} | {"sourceRef": "GRN-7 line 1"},
        )
    ).problem(422, "key-used")
    assert await levels(api) == {"MAIN": 15}
    said = (await api.get("/api/inventory/movements?sourceRef=api:ref:GRN-7 line 1")).good()
    assert said["items"] == first["movements"]


async def test_of_adjustments_at_once_that_do_not_all_fit_some_are_refused(
    api: Api, product: int
) -> None:
    """Row 52: the ledger is right whatever arrives together."""
    said = await asyncio.gather(*(act(api, "adjust", product, qty=-4) for _ in range(5)))
    assert sorted(one.status for one in said) == [200, 200, 409, 409, 409]
    assert await levels(api) == {"MAIN": 2}
    sums = "SELECT sum(qty) FROM inventory_movements"
    assert await api.rows(sums) == [(2,)]
    refused = next(one for one in said if one.status == 409)
    refused.problem(409, "in-use")
    (await act(api, "adjust", product, qty=-4, allowNegative=True)).good()
    assert await levels(api) == {"MAIN": -2}


async def test_what_cannot_be_is_refused(api: Api, product: int) -> None:
    for what, body in (
        ("adjust", {"qty": 0}),
        ("adjust", {"qty": 1e-9}),
        ("adjust", {"qty": "5"}),
        ("adjust", {"qty": 1e300}),
        ("adjust", {"qty": True}),
        ("adjust", {"qty": 1, "warehouse": "SOUTH"}),
        ("adjust", {"qty": 1, "kind": "opening_balance"}),
        ("adjust", {"qty": 1, "onHand": 7}),
        ("adjust", {"qty": 1, "sourceRef": ""}),
        ("adjust", {}),
        ("count", {"counted": -1}),
        ("transfer", {"qty": -1, "toWarehouse": "NORTH"}),
        ("transfer", {"qty": 1, "toWarehouse": "MAIN"}),
        ("transfer", {"qty": 1}),
    ):
        (await act(api, what, product, **body)).problem(422)
    (await act(api, "adjust", 999999, qty=1)).problem(422, "unfit")
    (await act(api, "transfer", product, qty=11, toWarehouse="NORTH")).problem(409, "in-use")
    (await act(api, "adjust", product, key="a b", qty=1)).problem(422)
    assert await levels(api) == {"MAIN": 10}


async def test_levels_are_never_written(api: Api, product: int) -> None:
    body = {"onHand": 99}
    for method in ("PUT", "PATCH", "POST", "DELETE"):
        (await api.call(method, f"/api/inventory/{product}", json=body)).problem(405)
    (await api.post("/api/inventory", json=body)).problem(405)
    for what in ACTS:
        (await api.get(f"/api/inventory/{what}")).problem(405)


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
async def test_who_may_only_look_moves_nothing(api: Api, product: int, role: str) -> None:
    for what, body in ACTS.items():
        said = await api.post(
            f"/api/inventory/{what}", json=body | {"productId": product}, role=role
        )
        assert said.status == (403 if role == "viewer" else 200)
    for path in ("", "/movements", f"/{product}"):
        assert (await api.get(f"/api/inventory{path}", role=role)).status == 200


async def test_stock_that_is_there_keeps_a_product(api: Api, product: int) -> None:
    said = await api.get(f"/api/products/{product}")
    headers = {"If-Match": said.headers["ETag"]}
    path = f"/api/products/{product}"
    (await api.call("DELETE", path, headers=headers)).problem(409, "in-use")
    (await act(api, "count", product, counted=0)).good()
    assert (await api.call("DELETE", path, headers=headers)).status == 204
    assert await levels(api) == {}
