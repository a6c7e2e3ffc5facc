"""Every kind of fault is switched on at a running store and seen by a client."""

import asyncio
import email.utils
import time

import aiohttp
import pytest
import uvloop

import woosim

PRODUCTS = "/wp-json/wc/v3/products"


async def _get(client: aiohttp.ClientSession, path: str = PRODUCTS) -> tuple[int, bytes]:
    async with client.get(path) as answer:
        return answer.status, await answer.read()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_status_is_answered_instead_so_often_as_asked(
    store: woosim.Running, client: aiohttp.ClientSession, status: int
) -> None:
    fault = store.front.faults.inject("status", count=2, options={"status": status})

    statuses = [(await _get(client))[0] for _ in range(3)]

    assert statuses == [status, status, 200]
    assert fault.fired == 2


@pytest.mark.parametrize("text", ["7", "date:30", "99999999999", "soon"])
async def test_retry_after_comes_in_every_form(
    store: woosim.Running, client: aiohttp.ClientSession, text: str
) -> None:
    options = {"status": 429, "retry_after": text, "body": "json"}
    store.front.faults.inject("status", options=options)

    async with client.get(PRODUCTS) as answer:
        value = answer.headers["Retry-After"]
        assert (await answer.json())["data"]["status"] == 429
    if text == "date:30":
        moment = email.utils.parsedate_to_datetime(value).timestamp()
        assert 25 < moment - time.time() < 35
    else:
        assert value == text


async def test_only_matching_requests_are_hit(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    fault = store.front.faults.inject(
        "status", method="PUT,GET", path="/wc/v3/products/*", nth=(2,), count=None
    )

    assert (await _get(client))[0] == 200
    statuses = [(await _get(client, f"{PRODUCTS}/10"))[0] for _ in range(3)]

    assert statuses == [200, 503, 200]
    assert (fault.matched, fault.fired) == (3, 1)


async def test_probability_is_the_same_for_a_seed(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    runs = []
    for _ in range(2):
        store.front.faults.clear()
        store.front.faults.inject("status", count=None, probability=0.5, seed=4)
        runs.append([(await _get(client))[0] for _ in range(20)])

    assert runs[0] == runs[1]
    assert 3 < runs[0].count(503) < 17


@pytest.mark.parametrize("kind", ["hang", "reset", "cut_body"])
async def test_a_connection_is_cut(
    store: woosim.Running, client: aiohttp.ClientSession, kind: str
) -> None:
    fault = store.front.faults.inject(
        kind, count=None, options={"seconds": 0.1} if kind == "hang" else {}
    )

    with pytest.raises((aiohttp.ClientError, ConnectionResetError)):
        await _get(client)

    assert fault.fired
    store.front.faults.clear()
    assert (await _get(client))[0] == 200


async def cut(kind: str) -> None:
    async with woosim.serve(woosim.Shop(woosim.Options(products=20, variable=2))) as store:
        store.front.faults.inject(kind, count=None)
        headers = {"Authorization": aiohttp.encode_basic_auth(store.key, store.secret)}
        async with aiohttp.ClientSession(store.url, headers=headers) as client:
            with pytest.raises((aiohttp.ClientError, ConnectionResetError)):
                async with asyncio.timeout(5):
                    await _get(client)


@pytest.mark.parametrize("kind", ["reset", "cut_body"])
def test_a_connection_is_cut_on_the_loop_that_the_command_uses(kind: str) -> None:
    uvloop.run(cut(kind))


async def test_a_hang_outlasts_the_client(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    fault = store.front.faults.inject("hang", options={"seconds": 30})

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await _get(client)

    assert fault.fired == 1


@pytest.mark.parametrize("kind", ["hang", "reset", "status", "html"])
@pytest.mark.parametrize("after_write", [True, False])
async def test_a_write_is_carried_out_only_if_the_fault_comes_after_it(
    store: woosim.Running, client: aiohttp.ClientSession, kind: str, *, after_write: bool
) -> None:
    product = next(
        r for i in range(10, 38) if (r := store.shop.read("product", i)) and r["manage_stock"]
    )
    fault = store.front.faults.inject(
        kind, method="PUT", count=None, after_write=after_write, options={"seconds": 0.05}
    )

    try:
        async with client.put(f"{PRODUCTS}/{product['id']}", json={"stock_quantity": 777}):
            pass
    except (aiohttp.ClientError, ConnectionResetError):
        assert kind in {"hang", "reset"}

    assert fault.fired  # twice if the client itself asked again on the cut line
    level = store.shop.read("product", product["id"])
    assert level is not None
    assert (level["stock_quantity"] == 777) is after_write


@pytest.mark.parametrize(
    ("kind", "options", "start"),
    [
        ("prefix", {"text": "bom"}, b"\xef\xbb\xbf["),
        ("prefix", {}, b"<br />\n<b>Notice</b>"),
        ("prefix", {"text": "html"}, b"<!--"),
        ("html", {}, b"<!DOCTYPE html>"),
        ("cut_json", {"bytes": 9}, b'[{"id":'),
        ("empty", {}, b""),
    ],
)
async def test_a_body_is_spoilt_with_status_200(
    store: woosim.Running,
    client: aiohttp.ClientSession,
    kind: str,
    options: dict[str, str],
    start: bytes,
) -> None:
    store.front.faults.inject(kind, options=options)

    status, body = await _get(client)

    assert status == 200
    assert body.startswith(start)
    assert body != (await _get(client))[1]
    if kind in {"cut_json", "empty"}:
        assert len(body) == options.get("bytes", 0)


@pytest.mark.parametrize("options", [{"seconds": 0.3}, {"chunk": 4000, "pause": 0.1}])
async def test_a_slow_answer_is_whole(
    store: woosim.Running, client: aiohttp.ClientSession, options: dict[str, float]
) -> None:
    store.front.faults.inject("slow", options=options)
    start = time.monotonic()

    async with client.get(PRODUCTS) as answer:
        page = await answer.json()

    assert len(page) == 10
    assert time.monotonic() - start >= 0.3


async def test_totals_are_wrong(store: woosim.Running, client: aiohttp.ClientSession) -> None:
    store.front.faults.inject("wrong_totals", options={"total": 3, "pages": 1})

    async with client.get(PRODUCTS) as answer:
        assert (answer.headers["X-WP-Total"], answer.headers["X-WP-TotalPages"]) == ("3", "1")
        assert len(await answer.json()) == 10


async def test_one_record_of_a_page_is_bad(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    seen = []
    changes = ("price", "no_id", "nul", "not_object", "set")
    for change in changes:
        options = {"change": change, "index": 2, "values": {"status": 7}}
        store.front.faults.inject("bad_record", options=options)
        async with client.get(PRODUCTS) as answer:
            page = await answer.json()
        assert all(isinstance(record["id"], int) for record in page[:2] + page[3:])
        seen.append(page[2])

    assert seen[0]["price"] == "abc"
    assert "id" not in seen[1]
    assert "\x00" in seen[2]["name"]
    assert seen[3] == "surprise"
    assert seen[4]["status"] == 7


async def test_a_late_write_is_applied_after_the_504(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    before = store.shop.catalogs["product"].revision
    fault = store.front.faults.inject("late_write", method="PUT", options={"seconds": 0.2})

    async with client.put(f"{PRODUCTS}/10", json={"name": "Zombie"}) as answer:
        assert answer.status == 504
    assert store.shop.catalogs["product"].revision == before
    await store.front.faults.finish_late_writes()

    assert fault.options["applied"] == 1
    after = store.shop.read("product", 10)
    assert after is not None
    assert after["name"] == "Zombie"


async def test_faults_are_set_and_counted_over_the_admin_api(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    rule = {"kind": "status", "path": "/wc/v3/orders*", "options": {"status": 500}}
    async with client.post("/_sim/faults", json=rule) as answer:
        added = await answer.json()
    assert (await _get(client, "/wp-json/wc/v3/orders"))[0] == 500

    async with client.get("/_sim/faults") as answer:
        rules = await answer.json()
    assert [(one["id"], one["fired"]) for one in rules] == [(added["id"], 1)]
    async with client.delete(f"/_sim/faults/{added['id']}") as answer:
        assert answer.status == 200
    assert store.front.faults.rules == []


async def test_an_unknown_fault_is_refused_with_a_sentence(
    store: woosim.Running, client: aiohttp.ClientSession
) -> None:
    async with client.post("/_sim/faults", json={"kind": "gremlin"}) as answer:
        assert answer.status == 400
        assert "kind is one of" in (await answer.json())["error"]
