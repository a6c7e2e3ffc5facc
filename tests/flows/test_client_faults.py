"""The client over real HTTP against a store that misbehaves: reads are repeated, writes never."""

import asyncio
import gzip
import json
import zlib
from datetime import UTC, datetime

import pytest
from aiohttp import web

import woosync.errors
from unit.woo import small_store
from unit.woo.small_store import StillTime, http
from woosync.woo import errors

GOOD = http('[{"id":1}]', X_WP_Total="1")
REFUSAL = '{"code":"woocommerce_rest_cannot_view","message":"No.","data":{"status":401}}'


@pytest.mark.parametrize(
    "bad",
    [
        http("busy", status=429, Retry_After="7"),
        http("<h1>Error</h1>", status=500),
        http("", status=502),
        http('{"code":"wp_die"}', status=503, Retry_After="7"),
        http("gateway", status=504),
        http("slow down", status=408),
        http('[{"id":1', kept=False),
        http('[{"id":1}]', length=5000, kept=False),
        http("<html><body>Log in</body></html>"),
        http(""),
        http("null, nonsense"),
        http(gzip.compress(b"[]")[:-9], Content_Encoding="gzip"),
        http("[]", Content_Encoding="br"),
        None,
    ],
)
async def test_a_read_is_repeated_until_it_is_whole(bad: bytes | None) -> None:
    time = StillTime()
    async with small_store.recite(bad, bad, GOOD) as script:
        async with small_store.connect(script.url, time=time) as client:
            answer = await client.fetch("products", {"per_page": 1})
        assert answer.body == b'[{"id":1}]'
        assert answer.total == 1
        assert len(script.seen) == 3
        assert client.calls.total == 3
    assert time.slept
    assert all(wait <= 7 for wait in time.slept)


async def test_every_request_is_counted_with_what_became_of_it() -> None:
    busy, broken = http("busy", status=429, Retry_After="1"), http("", status=502)
    async with (
        small_store.recite(busy, broken, busy, GOOD) as script,
        small_store.connect(script.url, time=StillTime()) as client,
    ):
        await client.fetch("products/7/variations")
        counted = client.calls.drain()
    assert {(one.method, one.route) for one in counted} == {("GET", "products/{id}/variations")}
    assert sum(one.count for one in counted) == 4
    assert sum(one.errors for one in counted) == 3
    assert sum(one.throttled for one in counted) == 2
    assert sum(sum(one.histogram) for one in counted) == 4


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (http("busy", status=429), errors.StoreThrottled),
        (http("oh", status=500), errors.StoreFailed),
        (http("<html>"), errors.StoreAnsweredNonsense),
        (http(" \n"), errors.StoreAnsweredNothing),
        (None, errors.ConnectionLost),
        (b"SSH-2.0-OpenSSH\r\n\r\n", errors.StoreAnsweredNonsense),
    ],
)
async def test_trouble_that_stays_goes_up_after_the_retries(
    bad: bytes | None, kind: type[woosync.errors.TemporaryError]
) -> None:
    async with (
        small_store.recite(bad) as script,
        small_store.connect(script.url, retries=2) as client,
    ):
        with pytest.raises(kind) as raised:
            await client.fetch("products")
        assert len(script.seen) == 3
    assert raised.value.remedy


async def test_retry_after_is_obeyed_in_both_forms() -> None:
    date = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    later = datetime(2026, 1, 2, 3, 5, 35, tzinfo=UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    time = StillTime()
    async with (
        small_store.recite(
            http("busy", status=429, Retry_After="40"),
            http("busy", status=429, Retry_After=later, Date=date),
            GOOD,
        ) as script,
        small_store.connect(script.url, time=time) as client,
    ):
        await client.fetch("products")
    assert time.slept == [40, 90]


async def test_an_absurd_retry_after_is_not_slept_through() -> None:
    time = StillTime()
    async with (
        small_store.recite(http("", status=429, Retry_After="864000")) as script,
        small_store.connect(script.url, time=time) as client,
    ):
        with pytest.raises(errors.StoreThrottled) as raised:
            await client.fetch("products")
        assert len(script.seen) == 1
    assert raised.value.retry_after == 864000
    assert time.slept == []


async def test_a_pause_the_store_asks_for_holds_other_requests_too() -> None:
    time = StillTime()
    async with (
        small_store.recite(http("", status=429, Retry_After="30"), GOOD) as script,
        small_store.connect(script.url, time=time, retries=0) as client,
    ):
        with pytest.raises(errors.StoreThrottled):
            await client.fetch("products")
        await client.fetch("orders")
    assert time.at == 30


JUNK = {
    "bom": b"\xef\xbb\xbf",
    "notice": b"<br />\n<b>Notice</b>: Undefined index [x] in <b>/wp/a.php</b> on line 3<br />\n",
    "warning": b"Warning: foreach() argument must be of type array|object {null}\n\n",
    "blank": b" \r\n\t",
}


@pytest.mark.parametrize("name", JUNK)
@pytest.mark.parametrize("body", [b'[{"id":1,"x":[1]}]', b'{"id":1}', b"[]", b"[ ]", b"{}"])
async def test_what_stands_before_the_json_is_cut_and_kept(name: str, body: bytes) -> None:
    async with (
        small_store.recite(http(JUNK[name] + body)) as script,
        small_store.connect(script.url) as client,
    ):
        answer = await client.fetch("products")
        assert json.loads(answer.body) == json.loads(body)
        if name != "blank":
            assert (answer.junk, answer.body) == (JUNK[name], body)
        assert len(script.seen) == 1


async def test_a_whole_part_of_a_cut_answer_is_not_taken_for_the_answer() -> None:
    cut = b'<b>Notice</b> [{"id":1,"categories":[{"id":9,"name":"x"}]'
    async with (
        small_store.recite(http(cut)) as script,
        small_store.connect(script.url, retries=0) as client,
    ):
        with pytest.raises(errors.StoreAnsweredNonsense, match="damaged JSON"):
            await client.fetch("products")


async def test_json_nested_without_end_is_nonsense_and_no_crash() -> None:
    async with (
        small_store.recite(http(b"[" * 200_000)) as script,
        small_store.connect(script.url, retries=0) as client,
    ):
        with pytest.raises(errors.StoreAnsweredNonsense):
            await client.fetch("products")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw deflate"])
async def test_packed_answers_are_read(coding: str) -> None:
    raw = zlib.compressobj(wbits=-15)
    body = json.dumps([{"id": 1, "name": "x" * 5000}]).encode()
    packed = {
        "gzip": gzip.compress(body),
        "deflate": zlib.compress(body),
        "raw deflate": raw.compress(body) + raw.flush(),
    }[coding]
    async with (
        small_store.recite(http(packed, Content_Encoding=coding.rsplit(maxsplit=1)[-1])) as script,
        small_store.connect(script.url) as client,
    ):
        assert (await client.fetch("products")).body == body
    assert b"Accept-Encoding: gzip, deflate\r\n" in script.seen[0]


@pytest.mark.parametrize(
    "bomb",
    [
        http(gzip.compress(b"[" + b" " * 50_000_000 + b"]"), Content_Encoding="gzip"),
        http(b"[" + b" " * 2_000_000 + b"]"),
        http("[]", length=10**12),
    ],
)
async def test_a_bomb_is_stopped_and_not_asked_for_again(bomb: bytes) -> None:
    async with (
        small_store.recite(bomb) as script,
        small_store.connect(script.url, body_limit=1_000_000) as client,
    ):
        with pytest.raises(errors.StoreAnsweredTooMuch):
            await client.fetch("products")
        assert len(script.seen) == 1


async def test_an_answer_that_trickles_is_given_up() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100000"})
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.02)

    store = small_store.SmallStore([])
    store.answer = answer
    async with (
        small_store.serve(store),
        small_store.connect(store.url, timeout=0.3, retries=0) as client,
    ):
        with pytest.raises(errors.StoreTimeout):
            await client.fetch("products")
        with pytest.raises(errors.OutcomeUnknown):
            await client.send("PUT", "products/1", body={})


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (http(REFUSAL, status=401), errors.StoreAuthFailed, "woocommerce_rest_cannot_view"),
        (http(REFUSAL, status=403), errors.StoreAuthFailed, "woocommerce_rest_cannot_view"),
        (http("<html>Forbidden</html>", status=403), errors.StoreAuthFailed, ""),
        (http('{"code":"rest_no_route"}', status=404), errors.NotAStore, "rest_no_route"),
        (http("<html>Not found", status=404), errors.NotAStore, ""),
        (
            http(
                '{"code":"woocommerce_rest_product_invalid_id","message":"\\u001b[31mNo"}',
                status=404,
            ),
            errors.StoreRejected,
            "woocommerce_rest_product_invalid_id",
        ),
        (
            http('{"code":"rest_invalid_param","data":400}', status=400),
            errors.StoreRejected,
            "rest_invalid_param",
        ),
        (
            http('{"code":"woocommerce_rest_cannot_create_order_refund","data":500}', status=500),
            errors.StoreRejected,
            "woocommerce_rest_cannot_create_order_refund",
        ),
    ],
)
async def test_a_refusal_is_final_for_reads_and_writes(
    answer: bytes, kind: type[errors.StoreRejected], code: str
) -> None:
    async with small_store.recite(answer) as script, small_store.connect(script.url) as client:
        with pytest.raises(kind) as read:
            await client.fetch("products/1")
        with pytest.raises(kind) as written:
            await client.send("PUT", "products/1", body={"name": "x"})
        assert len(script.seen) == 2
    for raised in (read, written):
        assert raised.value.code == code
        assert raised.value.remedy
        assert raised.value.message.isprintable()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed_and_its_target_is_named_without_keys(status: int) -> None:
    async with (
        small_store.recite() as other,
        small_store.recite(
            http(
                "", status=status, Location=f"{other.url}/wp-json/wc/v3/products?consumer_key=ck_x"
            )
        ) as script,
        small_store.connect(script.url) as client,
    ):
        with pytest.raises(errors.StoreMoved) as raised:
            await client.fetch("products")
        assert other.seen == []
    assert other.url in raised.value.remedy
    assert "ck_x" not in raised.value.message + raised.value.remedy


WRITE_TROUBLE = [
    http("oh", status=500),
    http("", status=502),
    http("", status=503, Retry_After="60"),
    http("", status=504),
    http('{"code":"internal_server_error"}', status=500),
    http('{"id":1', kept=False),
    http('{"id":1}', length=999, kept=False),
    http("<html>ok</html>"),
    http(""),
    None,
]


@pytest.mark.parametrize("bad", WRITE_TROUBLE)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_write_that_may_have_been_applied_is_unknown_and_not_sent_again(
    bad: bytes | None, method: str
) -> None:
    async with (
        small_store.recite(GOOD, bad, GOOD) as script,
        small_store.connect(script.url) as client,
    ):
        await client.fetch("products")
        with pytest.raises(errors.OutcomeUnknown) as raised:
            await client.send(method, "products/1", body={"stock_quantity": 5})
        assert len(script.seen) == 2
    assert script.seen[1].endswith(b'{"stock_quantity":5}')
    assert raised.value.__cause__ is not None


async def test_a_throttled_or_unconnected_write_was_not_applied() -> None:
    async with (
        small_store.recite(http("", status=429, Retry_After="5")) as script,
        small_store.connect(script.url) as client,
    ):
        with pytest.raises(errors.StoreThrottled):
            await client.send("PUT", "products/1", body={})
    async with small_store.connect("http://127.0.0.1:9") as client:
        with pytest.raises(errors.StoreUnreachable, match="refused"):
            await client.send("PUT", "products/1", body={})


async def test_a_write_is_understood_through_junk() -> None:
    async with (
        small_store.recite(http(JUNK["notice"] + b'{"id":1}')) as script,
        small_store.connect(script.url) as client,
    ):
        answer = await client.send("POST", "products", body={"name": "x"})
    assert (answer.body, answer.junk) == (b'{"id":1}', JUNK["notice"])


async def test_a_dead_store_is_left_alone_and_tried_again_later() -> None:
    time = StillTime()
    async with (
        small_store.recite(http("", status=500)) as script,
        small_store.connect(script.url, time=time, retries=0) as client,
    ):
        for _ in range(10):
            with pytest.raises(errors.StoreFailed):
                await client.fetch("products")
        with pytest.raises(
            errors.StoreUnreachable, match=r"left alone .* The last time: The store"
        ) as refused:
            await client.fetch("products")
        assert len(script.seen) == 10
        assert refused.value.retry_after
        time.at += refused.value.retry_after
        script.answers = [GOOD]
        await client.fetch("products")
        await client.fetch("products")
        assert len(script.seen) == 12


async def test_calls_are_counted_per_route_pattern_and_drained() -> None:
    async with (
        small_store.recite(GOOD, http("", status=500), GOOD) as script,
        small_store.connect(script.url) as client,
    ):
        await client.fetch("products/7/variations")
        await client.fetch("products/8/variations")
        rows = client.calls.drain()
        assert client.calls.drain() == []
    assert [(r.method, r.route, r.count, r.errors, sum(r.histogram)) for r in rows] == [
        ("GET", "products/{id}/variations", 3, 1, 3)
    ]
    assert client.calls.total == 3
