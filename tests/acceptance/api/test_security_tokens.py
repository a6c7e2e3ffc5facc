"""The security list, rows 26 to 33: forged and outlived tokens, reuse, guessing, passwords."""

import base64
import hmac
import json
import warnings
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from acceptance.api.calling import SECRET, Api
from acceptance.api.test_login import PASSWORD, add, bearer, log_in
from woosync.entrypoints.api import passwords, signing

ME = "/api/auth/me"


async def claims_of(api: Api) -> dict[str, Any]:
    """Return what a good token of a person says."""
    await add(api)
    token = (await log_in(api)).good()["accessToken"]
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


async def refused(api: Api, token: str) -> None:
    (await api.get(ME, role="", headers={"Authorization": f"Bearer {token}"})).problem(401)


def plain(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


async def test_row_26_tokens_without_a_signature_are_refused(api: Api) -> None:
    claims = await claims_of(api)
    for algorithm in ("none", "None", "NONE", "", "HS256"):
        unsigned = f"{plain({'alg': algorithm, 'typ': 'JWT'})}.{plain(claims)}."
        await refused(api, unsigned)
    for nonsense in ("", ".", "..", "a.b.c", "wst_", "wst_" + "A" * 43, "ÿ" * 9, "x" * 9000):
        said = await api.get(ME, role="", headers={"Authorization": f"Bearer {nonsense}"})
        assert said.status in {400, 401}, (nonsense, said)
    good = jwt.encode(claims, SECRET, "HS256")
    (await api.get(ME, role="", headers={"Authorization": f"Bearer {good}"})).good()
    for scheme in ("Basic", "Token", ""):
        (await api.get(ME, role="", headers={"Authorization": f"{scheme} {good}"})).problem(401)


async def test_row_27_another_algorithm_or_key_is_refused(api: Api) -> None:
    claims = await claims_of(api)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)
        await refused(api, jwt.encode(claims, SECRET, "HS384"))
        await refused(api, jwt.encode(claims, SECRET, "HS512"))
    await refused(api, jwt.encode(claims, SECRET + "x", "HS256"))
    jwk = json.dumps({"kty": "oct", "k": base64.urlsafe_b64encode(SECRET.encode()).decode()})
    said = f"{plain({'alg': 'HS256', 'typ': 'JWT'})}.{plain(claims)}"
    signature = hmac.digest(jwk.encode(), said.encode(), "sha256")
    await refused(api, f"{said}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}")
    version = tuple(int(part) for part in jwt.__version__.split(".")[:2])
    assert version >= (2, 10)


async def test_row_28_headers_that_name_keys_are_not_looked_at(api: Api) -> None:
    claims = await claims_of(api)
    own = {"kty": "oct", "k": base64.urlsafe_b64encode(b"k" * 32).decode()}
    for header in (
        {"kid": "../../../../dev/null"},
        {"kid": "x' UNION SELECT 'k'--"},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/cert"},
        {"jwk": own},
    ):
        for key in ("\0" * 32, "k" * 32):
            forged = jwt.encode(claims, key, "HS256", headers=header)
            await refused(api, forged)
        honest = jwt.encode(claims, SECRET, "HS256", headers=header)
        (await api.get(ME, role="", headers={"Authorization": f"Bearer {honest}"})).good()


async def test_row_29_claims_must_be_there_and_right(api: Api) -> None:
    claims = await claims_of(api)
    now = datetime.now(UTC)
    for name in signing.REQUIRED:
        await refused(api, jwt.encode({k: v for k, v in claims.items() if k != name}, SECRET))
    for change in (
        {"exp": now - timedelta(seconds=1)},
        {"nbf": now + timedelta(minutes=1)},
        {"iss": "another"},
        {"aud": "another"},
        {"aud": "woosync-handover"},
        {"sub": "4711"},
        {"sub": "1; DROP TABLE users"},
        {"ver": 99},
        {"fam": "made up"},
    ):
        await refused(api, jwt.encode(claims | change, SECRET))
    pair = (await log_in(api)).good()
    await refused(api, pair["refreshToken"])


@pytest.mark.parametrize("end", ["logout", "password", "disabled", "role"])
async def test_row_30_a_token_ends_with_what_it_stands_for(api: Api, end: str) -> None:
    user = await add(api, role="admin")
    pair = (await log_in(api)).good()
    (await api.get(ME, role="", headers=bearer(pair))).good()
    path = f"/api/users/{user['id']}"
    if end == "logout":
        (await api.post("/api/auth/logout", role="", headers=bearer(pair))).good(204)
    elif end == "password":
        body = {"password": PASSWORD, "newPassword": "another horse, another staple"}
        change = await api.post("/api/auth/password", json=body, role="", headers=bearer(pair))
        change.good(204)
    elif end == "disabled":
        (await api.call("PATCH", path, json={"isActive": False})).good()
    else:
        (await api.call("PATCH", path, json={"role": "viewer"})).good()
    (await api.get(ME, role="", headers=bearer(pair))).problem(401)
    body = {"refreshToken": pair["refreshToken"]}
    (await api.post("/api/auth/refresh", json=body, role="")).problem(401, "refresh-refused")


async def test_row_31_a_refresh_token_used_twice_ends_its_login(api: Api) -> None:
    await add(api)
    stolen = (await log_in(api)).good()
    other = (await log_in(api)).good()
    body = {"refreshToken": stolen["refreshToken"]}
    fresh = (await api.post("/api/auth/refresh", json=body, role="")).good()
    (await api.post("/api/auth/refresh", json=body, role="")).problem(401, "refresh-refused")
    for pair in (stolen, fresh):
        (await api.get(ME, role="", headers=bearer(pair))).problem(401)
    after = {"refreshToken": fresh["refreshToken"]}
    (await api.post("/api/auth/refresh", json=after, role="")).problem(401)
    (await api.get(ME, role="", headers=bearer(other))).good()


async def test_row_32_guessing_is_slowed_down_and_nobody_shut_out(api: Api) -> None:
    await add(api)
    said = [await log_in(api, password=f"guess number {number}") for number in range(100)]
    looked_at = [one for one in said if one.status == 401]
    assert 6 <= len(looked_at) <= 12  # the waits double from a second on
    waiting = [one for one in said if one.status == 429]
    assert len(looked_at) + len(waiting) == 100
    assert all(int(one.headers["Retry-After"]) <= 60 for one in waiting)
    (await log_in(api)).problem(429)  # the right password does not help either, yet
    await api.run("UPDATE login_failures SET blocked_until = now() - interval '1 second'")
    (await log_in(api)).good()
    (await log_in(api)).good()


async def test_row_32_one_password_for_many_names_is_slowed_down_too(api: Api) -> None:
    statuses = [(await log_in(api, f"user {number}")).status for number in range(60)]
    assert statuses[-1] == 429
    assert statuses.count(401) <= 36


async def test_row_32_an_unknown_name_is_told_and_treated_as_any_other(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(api)
    await api.post("/api/users", json={"name": "till", "role": "viewer"})
    checked: list[str] = []
    verify = passwords._HASHER.verify

    class Counting:
        def verify(self, stored: str, password: str) -> bool:
            checked.append(stored)
            return verify(stored, password)

    monkeypatch.setattr(passwords, "_HASHER", Counting())
    told = [(await log_in(api, name, "not the password")).json for name in ("ada", "x", "till")]
    for one in told:
        del one["correlationId"]
    assert told[0] == told[1] == told[2]
    assert len(checked) == 3  # argon2 each time, so the time tells nothing either


async def test_row_33_passwords_are_stored_as_argon2id(api: Api) -> None:
    await add(api)
    ((stored,),) = await api.rows("SELECT password_hash FROM users WHERE name = 'ada'")
    assert stored.startswith("$argon2id$")
    cost = dict(part.split("=") for part in stored.split("$")[3].split(","))
    assert int(cost["m"]) >= 19_456
    assert int(cost["t"]) >= 2
    assert PASSWORD not in stored
    refresh = (await log_in(api)).good()["refreshToken"]
    for (digest,) in await api.rows("SELECT hash FROM tokens"):
        assert len(bytes(digest)) == 32
        assert refresh.encode() not in bytes(digest)
