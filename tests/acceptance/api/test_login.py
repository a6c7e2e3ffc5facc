"""People log in, machines have tokens, administrators look after both."""

from typing import Any

from acceptance.api.calling import Api, Said

PASSWORD = "correct horse battery staple"


async def add(api: Api, name: str = "ada", role: str = "operator") -> dict[str, Any]:
    body = {"name": name, "role": role, "password": PASSWORD}
    added: dict[str, Any] = (await api.post("/api/users", json=body)).good(201)
    return added


async def log_in(api: Api, name: str = "ada", password: str = PASSWORD) -> Said:
    body = {"name": name, "password": password}
    return await api.post("/api/auth/login", json=body, role="")


def bearer(pair: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {pair['accessToken']}"}


async def test_a_person_logs_in_refreshes_and_logs_out(api: Api) -> None:
    await add(api)
    pair = (await log_in(api, "Ada")).good()
    assert (pair["tokenType"], pair["expiresIn"]) == ("Bearer", 900)
    assert (await api.get("/api/auth/me", role="", headers=bearer(pair))).good() == {
        "name": "ada",
        "role": "operator",
    }
    body = {"refreshToken": pair["refreshToken"]}
    fresh = (await api.post("/api/auth/refresh", json=body, role="")).good()
    assert fresh["refreshToken"] != pair["refreshToken"]
    (await api.get("/api/auth/me", role="", headers=bearer(fresh))).good()
    (await api.post("/api/auth/logout", role="", headers=bearer(fresh))).good(204)
    (await api.get("/api/auth/me", role="", headers=bearer(fresh))).problem(401)


async def test_a_person_changes_the_own_password(api: Api) -> None:
    await add(api)
    pair = (await log_in(api)).good()
    wrong = {"password": "not this one, surely", "newPassword": PASSWORD + "!"}
    right = {"password": PASSWORD, "newPassword": PASSWORD + "!"}
    weak = {"password": PASSWORD, "newPassword": "aaaaaaaaaaaa"}
    change = "/api/auth/password"
    (await api.post(change, json=wrong, role="", headers=bearer(pair))).problem(401)
    (await api.post(change, json=weak, role="", headers=bearer(pair))).problem(409)
    (await api.post(change, json=right, role="", headers=bearer(pair))).good(204)
    (await log_in(api)).problem(401, "login-refused")
    (await log_in(api, password=PASSWORD + "!")).good()


async def test_machines_have_service_tokens_which_can_be_revoked(api: Api) -> None:
    machine = (await api.post("/api/users", json={"name": "till", "role": "viewer"})).good(201)
    assert machine == {
        "id": machine["id"],
        "name": "till",
        "role": "viewer",
        "isActive": True,
        "canLogIn": False,
    }
    (await log_in(api, "till", "")).problem(422)
    (await log_in(api, "till", "anything at all")).problem(401)
    made = (await api.post("/api/tokens", json={"user": "till", "note": "the till"})).good(201)
    header = {"Authorization": f"Bearer {made['token']}"}
    assert (await api.get("/api/auth/me", role="", headers=header)).good()["name"] == "till"
    listed = (await api.get("/api/tokens")).good()["tokens"]
    (ours,) = [one for one in listed if one["user"] == "till"]
    assert (ours["note"], ours["store"]) == ("the till", None)
    (await api.call("DELETE", f"/api/tokens/{ours['id']}")).good(204)
    (await api.call("DELETE", f"/api/tokens/{ours['id']}")).problem(404)
    (await api.get("/api/auth/me", role="", headers=header)).problem(401)


async def test_the_last_administrator_stays(api: Api) -> None:
    (admin,) = [
        user for user in (await api.get("/api/users")).good()["users"] if user["role"] == "admin"
    ]
    path = f"/api/users/{admin['id']}"
    (await api.call("PATCH", path, json={"role": "viewer"})).problem(409, "last-admin")
    (await api.call("PATCH", path, json={"isActive": False})).problem(409)
    (await api.call("PATCH", "/api/users/4711", json={"role": "viewer"})).problem(404)
    again = {"name": admin["name"].upper(), "role": "viewer"}
    (await api.post("/api/users", json=again)).problem(409, "user-exists")
