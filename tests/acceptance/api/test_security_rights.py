"""The security list, rows 34, 38 to 40, 55: what one may see, set and do; what is open to all."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from acceptance.api.calling import BASE, SECRET, Api
from woosync.entrypoints.api import app as api_app
from woosync.postgres import stores, tokens, users

#: What anybody may call. Everything else needs a token, whatever is added later.
OPEN = {
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/docs.css"),
    ("POST", "/api/auth/login"),
    ("POST", "/api/auth/refresh"),
    ("GET", f"{BASE}/connection/test"),
    ("POST", f"{BASE}/stores/connect/callback"),
    ("GET", f"{BASE}/stores/connect/done"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("POST", f"{BASE}/webhook/{{event}}"),
}
PER_STORE = f"{BASE}/stores/{{store}}"
#: What an operator may not do.
ADMIN_ONLY = ("/api/users", "/api/tokens", f"{BASE}/stores/connect")


def routes() -> Iterator[tuple[str, str]]:
    """Yield every method and path there is."""
    for route in flat(api_app._build().routes):
        for method in sorted(route.methods - {"HEAD"}):
            yield method, route.path


def flat(found: Iterable[Any]) -> Iterator[Any]:
    """Yield the routes of included routers too, each with its whole path."""
    for route in found:
        if hasattr(route, "effective_candidates"):
            yield from flat(route.effective_candidates())
        else:
            yield route


def filled(path: str, store: str = "default") -> str:
    """Return a path with something in its holes."""
    path = re.sub(r"\{store(:\w+)?\}", store, path)
    path = re.sub(r"\{(event|topic)(:\w+)?\}", "product.updated", path)
    return re.sub(r"\{[^}]+\}", "1", path)


def is_open(method: str, path: str) -> bool:
    return (method, path.replace(PER_STORE, BASE)) in OPEN


async def test_row_55_everything_but_what_is_named_here_needs_a_token(api: Api) -> None:
    listed = list(routes())
    assert len(listed) > 60
    for method, path in listed:
        if not is_open(method, path):
            said = await api.call(method, filled(path), role="", json={})
            assert said.status == 401, (method, path, said)


async def test_row_55_what_is_open_tells_nothing_secret(api: Api) -> None:
    for path in ("/openapi.json", "/docs", f"{BASE}/connection/test"):
        said = await api.get(path, role="")
        assert said.status == 200
        for secret in (api.shop.key, api.shop.secret, SECRET, api.shop.url):
            assert secret not in said.text
    assert api.app.debug is False


async def test_row_40_roles_are_kept_apart(api: Api) -> None:
    for method, path in routes():
        if is_open(method, path) or method == "GET" or path.startswith("/api/auth"):
            continue
        said = await api.call(method, filled(path, "nowhere"), role="viewer", json={})
        assert said.status == 403, (method, path, said)
        if path.startswith(ADMIN_ONLY):
            said = await api.call(method, filled(path), role="operator", json={})
            assert said.status == 403, (method, path, said)


async def test_row_40_method_override_headers_are_not_looked_at(api: Api) -> None:
    (admin,) = [u for u in (await api.get("/api/users")).good()["users"] if u["role"] == "admin"]
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        for wanted in ("PATCH", "DELETE"):
            said = await api.post(f"/api/users/{admin['id']}", headers={name: wanted}, json={})
            said.problem(405)
    (await api.post(f"/api/users/{admin['id']}?_method=PATCH", json={})).problem(405)


@pytest.fixture
async def token_of_other(api: Api) -> str:
    """Make a second store, and a token for it alone."""
    async with api.opened.database.transaction() as tx:
        other = await stores.save_new(tx, "other", {"url": "https://other.example"})
        user = await users.load(tx, "the admin")
        new = tokens.NewService(note="other", store_id=other.id)
        return await tokens.save_service(tx, user.id, new, now=api.opened.clock())


async def test_row_34_a_token_of_one_store_sees_nothing_of_another(
    api: Api, token_of_other: str
) -> None:
    api.tokens["other"] = token_of_other
    (await api.get("/connection/test")).good()
    for method, path in routes():
        if not path.startswith(PER_STORE) or is_open(method, path):
            continue
        theirs = await api.call(method, filled(path, "default"), role="other", json={})
        nobodys = await api.call(method, filled(path, "nowhere"), role="other", json={})
        if "/stores/{store}/" in path.replace(PER_STORE, "/stores/{store}/", 1) and (
            theirs.status == 403
        ):
            continue  # administrators alone, whichever store
        assert (theirs.status, nobodys.status) == (404, 404), (method, path, theirs)
        said = theirs.json["detail"].replace("default", "nowhere")
        assert said == nobodys.json["detail"]
    (await api.get(f"{BASE}/conflicts?store=default", role="other")).problem(404)
    (await api.get("/api/customers", role="other")).problem(403)
    (await api.get("/api/users", role="other")).problem(403)


async def test_row_34_what_belongs_to_another_store_is_not_there(
    api: Api, token_of_other: str
) -> None:
    api.tokens["other"] = token_of_other
    asked = (await api.post("/sync/customers/pull", json={})).good(202)
    (await api.get(f"/runs/{asked['runId']}")).good()
    for path in (
        f"/runs/{asked['runId']}",
        f"/stores/other/runs/{asked['runId']}",
        f"/runs/{asked['runId']}?store=other",
    ):
        theirs = (await api.get(path, role="other")).problem(404)
        assert theirs["detail"] == f"There is no run {asked['runId']}."
        (await api.get("/runs/987654", role="other")).problem(404)
    assert (await api.get("/runs", role="other")).good() == {"runs": []}
    assert (await api.get("/history", role="other")).good()["events"] == []
    assert [s["key"] for s in (await api.get("/stores", role="other")).good()["stores"]] == [
        "other"
    ]


async def test_row_38_unknown_fields_are_refused_everywhere(api: Api) -> None:
    document = api.app.openapi()
    tried = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if "requestBody" not in operation or path.endswith("/stores/connect/callback"):
                continue  # WooCommerce sends there what it likes
            for name in ("store_id", "storeId", "isAdmin", "secretEnc", "onHand", "password_hash"):
                said = await api.call(
                    method.upper(), filled(path), json={name: 1}, headers={"If-Match": '"1"'}
                )
                body = said.problem(422)
                assert any(name in one["location"] for one in body["errors"]), (path, body)
                tried += 1
    assert tried > 60


async def test_row_39_no_answer_holds_a_secret(api: Api) -> None:
    (await api.get("/connection/test")).good()
    await api.post("/api/users", json={"name": "ada", "password": "correct horse battery staple"})
    hashes = [row[0] for row in await api.rows("SELECT password_hash FROM users")]
    secrets = [api.shop.key, api.shop.secret, "hushHush0123456789", *filter(None, hashes)]
    for path in (f"{BASE}/stores", f"{BASE}/stores/default", "/api/users", "/api/tokens"):
        said = await api.get(path)
        text = said.text
        said.good()
        for secret in secrets:
            assert secret not in text, path
        for name in members(said.json):
            assert not re.search(r"hash|secret_|password|encrypted|token$", name), (path, name)
    shown = (await api.get("/stores/default")).good()
    assert shown["consumerKey"] == f"...{api.shop.key[-4:]}"


def members(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner)
