"""Who may see the pages and send their forms; nothing that goes wrong is anything but a page."""

import io
import re
from typing import Any

from acceptance.api.calling import Api, Said
from acceptance.api.test_login import PASSWORD, add, log_in
from woosync.entrypoints import dashboard
from woosync.entrypoints.dashboard import pages, session

OPEN = {("GET", "/login"), ("POST", "/login"), ("GET", "/conflicts/1")}


async def send(api: Api, method: str, path: str, cookie: str = "", **more: Any) -> Said:
    """Ask for a page as a browser does, following nothing; without its own jar of cookies."""
    headers = {"Accept": "text/html"}
    headers |= {"Cookie": f"{session.COOKIE}={cookie}"} if cookie else {}
    headers |= more.pop("headers", {})
    asked = api.session.request(
        method, api.url + path, headers=headers, allow_redirects=False, **more
    )
    async with asked as answer:
        return Said(answer.status, answer.headers, await answer.text())


async def enter(api: Api, name: str = "ada", role: str = "operator") -> str:
    """Make a user, log in, and return the cookie."""
    await add(api, name, role)
    said = await send(api, "POST", "/login", data={"name": name, "password": PASSWORD})
    assert said.status == 303
    given = said.headers["Set-Cookie"]
    assert "HttpOnly" in given
    assert "SameSite=strict" in given
    assert "Secure" not in given
    api.session.cookie_jar.clear()
    return given.partition("=")[2].partition(";")[0]


def routes() -> list[tuple[str, str]]:
    found = [route for page in dashboard.PAGES for route in page.router.routes]
    return [
        (method, re.sub(r"\{\w+\}", "1", route.path.replace("{store}", "default")))
        for route in found
        for method in sorted(route.methods)
    ]


async def test_every_page_asks_for_a_login_first(api: Api) -> None:
    listed = routes()
    assert len(listed) > 8
    await add(api)
    for method, path in listed:
        if (method, path) in OPEN:
            continue
        pair = (await log_in(api)).good()
        for cookie in ("", "x", "a.b.c", pair["accessToken"], api.tokens["admin"]):
            said = await send(api, method, path, cookie, data={} if method == "POST" else None)
            assert (said.status, said.headers["Location"]) == (303, "/login"), (method, path)


async def test_pages_let_no_script_run_and_are_in_no_frame(api: Api) -> None:
    cookie = await enter(api)
    for path in ("/", "/login", "/runs", "/runs/999999", "/stores/default/stock"):
        said = await send(api, "GET", path, cookie)
        policy = said.headers["Content-Security-Policy"]
        assert policy == pages.POLICY
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert said.headers["Cache-Control"] == "no-store"
        assert "<script" not in said.text
        assert cookie not in said.text


async def test_forms_need_the_token_of_their_login(api: Api) -> None:
    mine, other = await enter(api), await enter(api, "eve")
    for token in ("", "x", session.form_token(other), "\u00e4"):
        for path in ("/logout", "/stores/default/stock"):
            data = {"token": token, "seen": "1:0:1"}
            assert (await send(api, "POST", path, mine, data=data)).status == 403
    assert (await send(api, "GET", "/", mine)).status == 200
    assert await api.rows("SELECT id FROM sync_runs") == []


async def test_forms_of_other_sites_are_refused(api: Api) -> None:
    cookie = await enter(api)
    data = {"token": session.form_token(cookie)}
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": api.url},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[::1"},
    ):
        said = await send(api, "POST", "/logout", cookie, data=data, headers=headers)
        assert said.status == 403, headers
        said = await send(api, "POST", "/login", data=data, headers=headers)
        assert said.status == 403, headers
    login = {"name": "ada", "password": PASSWORD}
    for headers in (
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://changed.by.proxy.example"},
        {"Origin": api.url},
        {},
    ):
        assert (await send(api, "POST", "/login", data=login, headers=headers)).status == 303


async def test_a_cookie_is_no_token_of_the_api(api: Api) -> None:
    cookie = await enter(api)
    (await api.get("/runs", role="", headers={"Authorization": f"Bearer {cookie}"})).problem(401)


async def test_programs_are_still_answered_with_problem_documents(api: Api) -> None:
    (await api.get("/nowhere")).problem(404)
    (await api.call("PUT", "/status")).problem(405)


async def test_a_viewer_cannot_answer(api: Api) -> None:
    cookie = await enter(api, role="viewer")
    data = {"token": session.form_token(cookie), "seen": "1:0:1"}
    said = await send(api, "POST", "/stores/default/stock", cookie, data=data)
    assert said.status == 403
    assert "This needs the role operator." in said.text
    assert await api.rows("SELECT id FROM sync_runs") == []


async def test_logging_out_ends_the_login_and_not_only_the_cookie(api: Api) -> None:
    cookie = await enter(api)
    assert (await send(api, "GET", "/", cookie)).status == 200
    data = {"token": session.form_token(cookie)}
    left = await send(api, "POST", "/logout", cookie, data=data)
    assert (left.status, left.headers["Location"]) == (303, "/login")
    assert (await send(api, "GET", "/", cookie)).headers["Location"] == "/login"


async def test_tries_of_a_password_are_counted_with_those_of_the_api(api: Api) -> None:
    await add(api)
    wrong = {"name": "ada", "password": "not this one"}
    for _ in range(6):
        said = await send(api, "POST", "/login", data=wrong)
        assert said.status == 401
        assert "do not belong together" in said.text
    said = await send(api, "POST", "/login", data=wrong | {"password": PASSWORD})
    assert said.status == 429
    assert f"Wait {said.headers['Retry-After']} seconds" in said.text


async def test_what_is_not_there_is_a_page_that_says_so(api: Api) -> None:
    cookie = await enter(api)
    for path, status in {
        "/runs/999999": 404,
        "/runs/0": 422,
        "/runs/99999999999999999999": 422,
        "/runs/first": 422,
        "/stores/nowhere/stock": 404,
        "/stores/NO%20STORE/stock": 422,
        "/stores/%3Cscript%3E/stock": 422,
        "/stores/default": 404,
        "/logout": 405,
        "/conflicts?cursor=x": 422,
    }.items():
        said = await send(api, "GET", path, cookie)
        assert said.status == status, (path, said)
        assert said.headers["Content-Type"].startswith("text/html")
        assert "Overview" in said.text


async def test_forms_that_are_none_are_refused(api: Api) -> None:
    cookie = await enter(api)
    for seen in ("", "1:1", "1:1:", "-1:1:2", "1:1:2,", "1:1:1.2.3", "1:1:.", "\u0661:1:1"):
        data = {"token": session.form_token(cookie), "seen": seen}
        said = await send(api, "POST", "/stores/default/stock", cookie, data=data)
        assert said.status == 422, (seen[:20], said)
    assert await api.rows("SELECT id FROM sync_runs") == []
    for choice, seen in (("both", "0" * 64), ("ours", "{}"), ("ours", "0" * 63), ("", "")):
        data = {"token": session.form_token(cookie), "choice": choice, "seen": seen}
        said = await send(api, "POST", "/conflicts/1", cookie, data=data)
        assert said.status == 422, (choice, seen, said)
    for body in (b"\x00", b"name=%ff&password=%00", b"{}", b"a" * 2_000_000):
        for kind in ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain"):
            headers = {"Content-Type": kind}
            said = await send(api, "POST", "/login", data=io.BytesIO(body), headers=headers)
            assert 400 <= said.status < 500, (body[:20], kind, said)
            assert said.status == 413 or said.headers["Content-Type"].startswith("text/html")


async def test_a_paused_store_says_so(api: Api) -> None:
    cookie = await enter(api)
    await api.opened.load_store("default")
    await api.run("UPDATE stores SET state = 'paused'")
    said = await send(api, "GET", "/stores/default/stock", cookie)
    assert said.status == 409
    assert "paused" in said.text
