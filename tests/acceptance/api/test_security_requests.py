"""The security list, rows 16, 17, 45, 47, 49 to 53: what is sent, how often, and all at once."""

import asyncio
import dataclasses
import io
import json
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.exceptions import HTTPException

import woosim
from acceptance.api import calling
from acceptance.api.calling import BASE, Api
from acceptance.api.test_login import PASSWORD, add, bearer, log_in
from acceptance.commands import Workplace
from woosync import telemetry
from woosync.entrypoints.api import dependencies, limits, parsing, signing
from woosync.postgres import engine, users

BODIES = {
    "depth": b"[" * 100_000 + b"]" * 100_000,
    "depth of objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "a million digits": b'{"limit":' + b"9" * 1_000_000 + b"}",
    "a number twice": b'{"limit":1,"limit":2}',
    "NaN": b'{"limit":NaN}',
    "infinity": b'{"limit":-Infinity}',
    "too large": b'{"limit":1e999}',
    "no JSON": b"{'limit': 1}",
    "cut": b'{"limit":',
    "no UTF-8": b'{"status":"\xff"}',
}


@pytest.mark.parametrize("name", BODIES)
async def test_row_16_hostile_json_is_refused_at_once(api: Api, name: str) -> None:
    headers = {"Content-Type": "application/json"}
    said = await api.post("/sync/orders/pull", data=BODIES[name], headers=headers)
    said.problem(400, "bad-request")
    started = time.thread_time()
    with pytest.raises(HTTPException):
        parsing.strict(BODIES[name])
    assert time.thread_time() - started < 0.05


async def test_row_16_a_body_over_the_limit_is_not_read(api: Api) -> None:
    headers = {"Content-Type": "application/json"}
    large = b'{"limit":1,"x":"' + b"x" * 1_100_000 + b'"}'
    said = await api.post("/sync/orders/pull", data=io.BytesIO(large), headers=headers)
    said.problem(413)

    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    said = await api.post("/sync/orders/pull", data=in_pieces(), headers=headers)
    said.problem(413, "body-too-large")


async def test_row_17_a_flood_without_tokens_meets_a_limit_and_others_do_not(
    api: Api, serving: dependencies.Serving
) -> None:
    await add(api)
    person = bearer((await log_in(api)).good())
    (await api.get("/api/auth/me")).good()
    serving.budget.failures.rate = limits.Rate(0.001, 5)
    statuses = [(await api.get("/status", role="")).status for _ in range(40)]
    assert statuses[5:] == [429] * 35
    forged = {"Authorization": "Bearer wst_forged"}
    refused = await api.get("/runs", role="", headers=forged)
    refused.problem(429)
    assert int(refused.headers["Retry-After"]) >= 1
    (await api.get("/runs", role="", headers=person)).good()
    (await api.get("/runs")).good()  # a machine that was known before


async def test_row_17_every_token_has_its_own_share(
    api: Api, serving: dependencies.Serving
) -> None:
    serving.budget.calls.rate = limits.Rate(0.001, 10)
    statuses = [(await api.get("/runs", role="viewer")).status for _ in range(12)]
    assert statuses == [200] * 10 + [429] * 2
    (await api.get("/runs", role="operator")).good()


async def test_row_45_a_defect_tells_nothing_but_its_number(
    api: Api, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("", "woosync"):  # as they were before, when the test is over
        monkeypatch.setattr(logging.getLogger(name), "level", logging.INFO)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    telemetry.configure(style="json", debug=False)

    class Broken:
        def __getattr__(self, name: str) -> None:
            raise ZeroDivisionError("SELECT canary FROM users")

    served, api.app.state.opened = api.app.state.opened, Broken()
    try:
        said = await api.get("/runs")
    finally:
        api.app.state.opened = served
    body = said.problem(500, "defect")
    assert "canary" not in said.text
    assert "ZeroDivision" not in said.text
    (logged,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert logged["correlation_id"] == body["correlationId"]
    assert "canary" in logged["traceback"]


async def test_row_47_sql_in_filters_and_sorts_is_only_text(api: Api) -> None:
    await api.post("/api/customers", json={"email": "ada@example.com", "firstName": "Ada"})
    before = await api.rows("SELECT count(*) FROM users")
    evil = "' OR 1=1; DROP TABLE users; --"
    for path in ("/api/customers", "/api/products", "/api/suppliers", "/api/warehouses"):
        (await api.get(path, params={"sort": evil})).problem(422)
        (await api.get(path, params={"sort": "id; DROP TABLE users"})).problem(422)
        found = (await api.get(path, params={"q": evil})).good()
        assert found["items"] == []
    for path in ("/history", "/conflicts"):
        (await api.get(path, params={"entity": evil})).problem(422)
    (await api.get("/history", params={"event_type": evil})).problem(422)
    (await api.get("/runs", params={"store": evil})).problem(422)
    assert await api.rows("SELECT count(*) FROM users") == before


async def test_row_49_no_other_site_may_use_a_browser_of_ours(api: Api) -> None:
    for origin in ("https://evil.example", "null"):
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        said = await api.call("OPTIONS", "/sync/full", role="", headers=headers)
        assert said.status == 405
        said = await api.get("/connection/test", headers=headers)
        assert not [name for name in said.headers if name.lower().startswith("access-control")]
    await add(api)
    said = await log_in(api)
    assert "Set-Cookie" not in said.headers
    cookie = {"Cookie": f"token={said.json['accessToken']}"}
    (await api.get("/api/auth/me", role="", headers=cookie)).problem(401)
    for name in ("X-Frame-Options", "Content-Security-Policy", "X-Content-Type-Options"):
        assert said.headers[name]


async def test_row_50_nothing_can_be_asked_without_bounds(api: Api) -> None:
    for path in ("/history", "/conflicts", "/runs", "/api/customers", "/api/inventory/movements"):
        for limit in ("1000000000", "0", "-1", "1e3", "ten"):
            (await api.get(path, params={"limit": limit})).problem(422)
    (await api.post("/sync/customers/pull", json={"limit": 10**9})).problem(422)
    (await api.post("/sync/customers/pull", json={"page": 10**9})).problem(422)
    (await api.post("/sync/full?wait=100000", json={"direction": "pull"})).problem(422)
    (await api.get("/runs/99999999999999999999999")).problem(422)


async def test_row_51_a_request_sent_fifty_times_has_one_effect(api: Api) -> None:
    headers = {"Idempotency-Key": "3f1c"}
    body = {"name": "ada", "role": "viewer", "password": PASSWORD}
    said = await asyncio.gather(
        *(api.post("/api/users", json=body, headers=headers) for _ in range(50))
    )
    assert [one.good(201) for one in said] == [said[0].json] * 50
    ((count,),) = await api.rows("SELECT count(*) FROM users WHERE name = 'ada'")
    assert count == 1
    assert sum("Idempotency-Replayed" in one.headers for one in said) == 49
    other = body | {"name": "grace"}
    (await api.post("/api/users", json=other, headers=headers)).problem(422, "idempotency-key")
    pull = await api.post("/sync/customers/pull", json={}, headers=headers, role="operator")
    pull.good(202)  # another caller's key is another key
    (await api.post("/api/users", json={"name": ""}, headers={"Idempotency-Key": "k"})).problem(422)
    mended = await api.post("/api/users", json=other, headers={"Idempotency-Key": "k"})
    mended.good(201)
    (await api.post("/api/users", json=body, headers={"Idempotency-Key": "ä"})).problem(422)


async def test_row_52_of_two_at_once_one_wins_and_the_ledger_is_right(api: Api) -> None:
    product = (await api.post("/api/products", json={"name": "Tea", "sku": "TEA"})).good(201)
    (await api.post("/api/warehouses", json={"code": "NORTH", "name": "North"})).good(201)
    place = {"productId": product["id"], "warehouse": "NORTH"}
    (await api.post("/api/inventory/adjust", json=place | {"qty": 5})).good()
    take = place | {"qty": -4}
    said = await asyncio.gather(
        *(api.post("/api/inventory/adjust", json=take, role="operator") for _ in range(8))
    )
    assert sorted(one.status for one in said) == [200] + [409] * 7
    ((on_hand, moved),) = await api.rows(
        "SELECT on_hand, (SELECT sum(qty) FROM inventory_movements WHERE product_id = %s)"
        " FROM inventory WHERE product_id = %s",
        product["id"],
        product["id"],
    )
    assert on_hand == moved == 1


async def test_row_53_without_its_database_nothing_is_let_through(
    shop: woosim.Running,
    database_url: str,
    tmp_path: Path,
    serving: dependencies.Serving,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with calling.serve(database_url, shop, tmp_path, serving) as api:
        async with api.opened.database.transaction() as tx:
            user = await users.load(tx, "the admin")
        claims = signing.Claims(user.id, "made-up", user.token_version)
        signed = serving.signer.sign(claims, now=api.opened.clock())
        monkeypatch.setattr(engine, "PATIENCE", 1)
        gone = engine.Database("postgresql://nobody@127.0.0.1:1/none")
        api.app.state.opened = dataclasses.replace(api.opened, database=gone, replica=gone)
        for headers in ({"Authorization": f"Bearer {signed}"}, None):
            role = "" if headers else "admin"
            said = await api.post("/sync/full", json={}, role=role, headers=headers)
            said.problem(503, "database-unavailable")
            assert said.headers["Retry-After"]
            assert "nobody" not in said.text
        login = {"name": "the admin", "password": PASSWORD}
        (await api.post("/api/auth/login", json=login, role="")).problem(503)
        await gone.close()
        api.app.state.opened = api.opened
        assert await api.rows("SELECT count(*) FROM sync_runs") == [(0,)]


async def test_row_53_and_55_a_server_without_a_good_secret_does_not_start(
    work: Workplace, shop: woosim.Running
) -> None:
    work.connect(shop)
    refused = await work.run("serve", "--port", "0")
    assert refused.code == 78
    assert "WOOSYNC_JWT_SECRET is not set" in refused.err
    for bad in ("changeme-changeme-changeme-changeme", "a" * 64, "kurz123", "your_secret" * 4):
        work.environment["WOOSYNC_JWT_SECRET"] = bad
        refused = await work.run("serve", "--port", "0")
        assert refused.code == 78, bad
        assert "WOOSYNC_JWT_SECRET" in refused.err
        assert bad not in refused.err


async def test_a_hand_over_to_a_private_address_is_refused(api: Api) -> None:
    strict = dataclasses.replace(api.opened.settings, allow_private_stores=False)
    api.app.state.opened = dataclasses.replace(api.opened, settings=strict)
    for url in ("http://127.0.0.1", "https://169.254.169.254", "https://[::ffff:10.0.0.1]"):
        for path in ("/stores/connect", "/stores"):
            said = await api.post(path, json={"key": "evil", "url": url})
            said.problem(422, "store-not-allowed")
    assert BASE
