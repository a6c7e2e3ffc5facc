"""Back-office nouns over HTTP: pages, versions, roles, and what is refused."""

import asyncio
from typing import Any

import pytest

from acceptance.api.calling import Api

#: A body that makes a record of each noun, and a change to it.
NOUNS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "customers": ({"email": "ada@example.com", "firstName": "Ada"}, {"lastName": "Lovelace"}),
    "products": ({"name": "Tea", "sku": "TEA", "regularPrice": "12.50"}, {"salePrice": "9.90"}),
    "suppliers": ({"name": "Acme"}, {"name": "Acme Ltd"}),
    "warehouses": ({"code": "NORTH", "name": "North"}, {"name": "Warehouse north"}),
    "purchase-orders": (
        {"currency": "EUR", "items": [{"name": "Tea", "quantity": 2, "total": "25.00"}]},
        {"status": "completed"},
    ),
}
each_noun = pytest.mark.parametrize("noun", NOUNS)


async def make(api: Api, noun: str) -> tuple[str, dict[str, Any], str]:
    """Add a record; return its address, what it says, and its ETag."""
    said = await api.post(f"/api/{noun}", json=NOUNS[noun][0], role="operator")
    made = said.good(201)
    assert said.headers["Location"] == f"/api/{noun}/{made['id']}"
    return said.headers["Location"], made, said.headers["ETag"]


async def change(api: Api, path: str, etag: str | None, body: Any, role: str = "operator") -> Any:
    headers = {} if etag is None else {"If-Match": etag}
    return await api.call("PATCH", path, json=body, headers=headers, role=role)


@each_noun
async def test_a_record_is_made_read_changed_and_deleted(api: Api, noun: str) -> None:
    path, made, etag = await make(api, noun)
    given, changes = NOUNS[noun]
    assert all(made[name] == value for name, value in given.items() if name != "items")
    said = await api.get(path, role="viewer")
    assert (said.good(), said.headers["ETag"]) == (made, etag)
    said = await change(api, path, etag, changes | {"metadata": {"tier": 1}})
    changed = said.good()
    assert changed == made | changes | {
        "metadata": {"tier": 1},
        "version": made["version"] + 1,
        "updatedAt": changed["updatedAt"],
        "editedAt": changed["editedAt"],
    }
    listed = (await api.get(f"/api/{noun}?limit=500")).good()["items"]
    assert changed in listed
    headers = {"If-Match": said.headers["ETag"]}
    said = await api.call("DELETE", path, headers=headers, role="operator")
    assert (said.status, said.text) == (204, "")
    (await api.get(path)).problem(404, "not-there")
    ids = [one["id"] for one in (await api.get(f"/api/{noun}?limit=500")).good()["items"]]
    assert made["id"] not in ids
    gone = (await api.get(f"/api/{noun}?deleted=true")).good()["items"]
    assert [one["id"] for one in gone] == [made["id"]]


@each_noun
async def test_a_change_needs_the_version_it_was_made_from(api: Api, noun: str) -> None:
    path, _, etag = await make(api, noun)
    changes = NOUNS[noun][1]
    (await change(api, path, None, changes)).problem(428, "precondition-required")
    (await api.call("DELETE", path)).problem(428, "precondition-required")
    for stale in ('"99"', "*", "W/" + etag, etag.strip('"'), "x"):
        (await change(api, path, stale, changes)).problem(412)
    (await change(api, path, etag, changes)).good()
    (await change(api, path, etag, changes)).problem(412, "stale")
    (await api.call("DELETE", path, headers={"If-Match": etag})).problem(412, "stale")


@each_noun
async def test_of_changes_at_once_one_wins(api: Api, noun: str) -> None:
    path, _, etag = await make(api, noun)
    bodies = [{"metadata": {"by": number}} for number in range(6)]
    said = await asyncio.gather(*(change(api, path, etag, body) for body in bodies))
    assert sorted(one.status for one in said) == [200] + [412] * 5


@each_noun
async def test_fields_that_are_not_to_be_written_are_refused(api: Api, noun: str) -> None:
    """Row 38: nothing changes by a field that nobody is meant to set."""
    path, made, etag = await make(api, noun)
    for field in ("id", "version", "storeId", "store_id", "role", "isAdmin", "onHand", "deletedAt"):
        (await change(api, path, etag, {field: 1})).problem(422)
        (await api.post(f"/api/{noun}", json=NOUNS[noun][0] | {field: 1})).problem(422)
    assert (await api.get(path)).good() == made


@each_noun
async def test_the_stores_part_of_metadata_is_theirs(api: Api, noun: str) -> None:
    path, made, etag = await make(api, noun)
    body = {"metadata": {"woocommerce": {"default": {"id": 1}}}}
    (await change(api, path, etag, body)).problem(422, "unfit")
    assert (await api.get(path)).good() == made


async def test_lists_go_on_where_next_says(api: Api) -> None:
    for number in range(7):
        (await api.post("/api/suppliers", json={"name": f"S{number}"})).good(201)
    path, found = "/api/suppliers?limit=3&sort=-name&q=s", []
    while path:
        said = await api.get(path, role="viewer")
        page = said.good()
        found += [one["name"] for one in page["items"]]
        path = page["next"]
        assert ("Link" in said.headers) == bool(path)
        assert not path or said.headers["Link"] == f'<{path}>; rel="next"'
    assert found == [f"S{number}" for number in reversed(range(7))]


UNKNOWN = (
    "limit=1000000000",
    "limit=0",
    "limit=-1",
    "limit=x",
    "sort=metadata",
    "sort=id;DROP TABLE products",
    "sort=(SELECT 1)",
    "cursor=AAAA",
    "cursor=" + "A" * 5000,
    "q=%00",
    "updatedSince=yesterday",
    "updatedSince=9999999-01-01T00:00:00Z",
    "nosuch=1",
    "q=" + "x" * 600,
)


@each_noun
async def test_lists_refuse_what_they_do_not_know(api: Api, noun: str) -> None:
    """Rows 47 and 50: sorts and filters are known ones, sizes have a limit."""
    for query in UNKNOWN:
        (await api.get(f"/api/{noun}?{query}")).problem(422)


@each_noun
async def test_what_is_searched_for_is_only_text(api: Api, noun: str) -> None:
    """Row 47: neither SQL nor patterns."""
    await make(api, noun)
    for text in ("' OR 1=1 --", "%", "_", "\\", "$$", "(a+)+$", "%(live)s"):
        found = (await api.get(f"/api/{noun}", params={"q": text})).good()
        assert found["items"] == []


async def test_lists_can_be_of_one_store(api: Api) -> None:
    await make(api, "products")
    assert (await api.get("/api/products?store=default")).good()["items"] == []
    (await api.get("/api/products?store=nowhere")).problem(404, "unknown-store")


async def test_a_variable_product_has_variations(api: Api) -> None:
    body = {"name": "Shirt", "type": "variable"}
    parent = (await api.post("/api/products", json=body)).good(201)["id"]
    body = {"name": "Shirt", "type": "variation", "parentId": parent, "sku": "S-R"}
    body |= {"attributes": [{"name": "Colour", "options": ["red"]}]}
    child = (await api.post("/api/products", json=body)).good(201)
    assert child["attributes"][0]["options"] == ["red"]
    assert (await api.get(f"/api/products/{parent}")).good()["variationIds"] == [child["id"]]
    said = (await api.get(f"/api/products/{parent}/variations")).good()
    assert said == {"items": [child], "next": None}
    (await api.get("/api/products/999999/variations")).problem(404)
    (await api.post("/api/products", json=body | {"sku": "x", "parentId": 999999})).problem(422)
    (await api.post("/api/products", json=body)).problem(409, "taken")


BAD = {
    "customers": [{"email": "a\x00@b"}, {"email": "a"}, {"email": "a@b", "billing": {"x": 1}}]
    + [{"email": "a@b", "metadata": value} for value in ({"a": "\x00"}, {"\x00": 1}, [1], "x")],
    "products": [{"name": "x", "regularPrice": value} for value in (1, "-1", "1e5", "NaN", "1,5")]
    + [{"name": ""}, {}, {"name": "x", "supplierId": 999}, {"name": "x", "supplierId": 0}],
    "purchase-orders": [
        {"currency": "EUR", "items": []},
        {"currency": "euro", "items": [{"name": "x", "quantity": 1, "total": "1"}]},
        {"currency": "EUR", "items": [{"name": "x", "quantity": 0, "total": "1"}]},
        {"currency": "EUR", "items": [{"productId": 999, "quantity": 1, "total": "1"}]},
        {"currency": "EUR", "items": [{"quantity": 1, "total": "9" * 15}] * 2},
        {"currency": "EUR", "customerId": 9, "items": [{"quantity": 1, "total": "1"}]},
    ],
}


@pytest.mark.parametrize("noun", BAD)
async def test_values_that_do_not_fit_are_refused(api: Api, noun: str) -> None:
    for body in BAD[noun]:
        (await api.post(f"/api/{noun}", json=body)).problem(422)
    (await api.post(f"/api/{noun}", data=b'{"name": "\\ud800"}')).problem(422)


async def test_an_order_is_added_up_here(api: Api) -> None:
    body = {
        "currency": "EUR",
        "shippingTotal": "4.90",
        "items": [
            {"name": "Tea", "quantity": 2, "total": "20.00", "subtotal": "25.00", "tax": "1.90"},
            {"name": "Cup", "quantity": 0.5, "total": "5.00"},
        ],
    }
    made = (await api.post("/api/purchase-orders", json=body)).good(201)
    assert (made["total"], made["totalTax"], made["discountTotal"]) == ("31.80", "1.90", "5")
    assert made["number"] == f"PO-{made['id']}"
    assert [one["quantity"] for one in made["items"]] == [2, 0.5]
    etag = f'"{made["version"]}"'
    path = f"/api/purchase-orders/{made['id']}"
    said = await change(api, path, etag, {"placedAt": "2026-03-01T10:00:00+01:00"})
    assert said.good()["placedAt"] == "2026-03-01T09:00:00Z"


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
async def test_who_may_only_look_changes_nothing(api: Api, role: str) -> None:
    """Rows 34 and 40: every route of these nouns, with every verb, as every role."""
    may = role != "viewer"
    for noun, (body, changes) in NOUNS.items():
        assert (await api.get(f"/api/{noun}", role=role)).status == 200
        made = await api.post(f"/api/{noun}", json=body, role=role)
        assert made.status == (201 if may else 403), noun
        path = made.headers["Location"] if may else f"/api/{noun}/1"
        assert (await api.get(path, role=role)).status == (200 if may else 404)
        headers = {"If-Match": made.headers.get("ETag", '"1"')}
        said = await api.call("PATCH", path, json=changes, headers=headers, role=role)
        assert said.status == (200 if may else 403), noun
        headers = {"If-Match": said.headers.get("ETag", '"1"')}
        said = await api.call("DELETE", path, headers=headers, role=role)
        assert said.status == (204 if may else 403), noun
        for method in ("PUT", "POST"):
            assert (await api.call(method, path, json={}, role=role)).status == 405
        forced = {"X-HTTP-Method-Override": "DELETE"}
        assert (await api.get(f"/api/{noun}", headers=forced, role=role)).status == 200


async def test_nobody_gets_in_without_a_token(api: Api) -> None:
    for noun in (
        *NOUNS,
        "inventory",
        "inventory/movements",
        "inventory/1",
        "products/1/variations",
    ):
        (await api.get(f"/api/{noun}", role="")).problem(401)
    for noun in (*NOUNS, "inventory/adjust", "inventory/transfer", "inventory/count"):
        (await api.post(f"/api/{noun}", json={}, role="")).problem(401)
    for noun in NOUNS:
        for method in ("PATCH", "DELETE"):
            (await api.call(method, f"/api/{noun}/1", json={}, role="")).problem(401)
