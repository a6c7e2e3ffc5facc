"""Deliveries as a shop sends them: over real HTTP, signed, with everything that can be wrong."""

import asyncio
import contextlib
import dataclasses
import json
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from acceptance.api.calling import Api, Said
from woosync.entrypoints.api import deliveries as gate
from woosync.entrypoints.api import limits
from woosync.flows.receive import directory
from woosync.postgres import stores
from woosync.woo import signature

SECRET = "hushHush0123456789"
BODY = b'{"id":7,"name":"\\u00c5ngstr\\u00f6m"}'
PATH = "/webhook/product.updated"


def signed(body: bytes = BODY, secret: str = SECRET, **changes: str) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "X-WC-Webhook-Topic": "product.updated",
        "X-WC-Webhook-Signature": signature.sign(body, secret).decode(),
        "X-WC-Webhook-ID": "3",
        "X-WC-Webhook-Delivery-ID": "8a29ea03b560a744d351f74a6c9e192b",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }


async def deliver(api: Api, headers: Mapping[str, str], body: Any = BODY, path: str = PATH) -> Said:
    return await api.post(path, role="", data=body, headers=headers)


async def kept(api: Api) -> list[tuple[Any, ...]]:
    return await api.rows("SELECT topic, state, cause, body FROM webhook_deliveries ORDER BY id")


async def connect(api: Api) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = api.url.removeprefix("http://").split(":")
    return await asyncio.open_connection(host, int(port))


def start_of(headers: Mapping[str, str]) -> str:
    """Return a request up to its own headers, without the empty line."""
    told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /api/woocommerce-sync{PATH} HTTP/1.1\r\nHost: x\r\n{told}"


async def status_of(reader: asyncio.StreamReader) -> bytes:
    return await asyncio.wait_for(reader.readline(), 10)


@pytest.mark.parametrize("place", ["", "/stores/default"])
async def test_a_signed_delivery_is_on_disk_when_it_is_answered(api: Api, place: str) -> None:
    said = await deliver(api, signed(), path=f"{place}{PATH}")
    assert said.good() == {"accepted": True}
    assert await kept(api) == [("product.updated", "waiting", "", BODY)]
    [(webhook_id, delivery_id, address)] = await api.rows(
        "SELECT webhook_id, delivery_id, source_address FROM webhook_deliveries"
    )
    assert (webhook_id, delivery_id) == (3, "8a29ea03b560a744d351f74a6c9e192b")
    assert address == "127.0.0.1"


async def test_the_short_address_of_a_store_works_too(api: Api) -> None:
    async with api.session.post(
        f"{api.url}/stores/default/webhook/product.updated", data=BODY, headers=signed()
    ) as answer:
        assert answer.status == 200
    assert len(await kept(api)) == 1


async def test_row_1_a_changed_body_is_refused_and_nothing_is_kept(api: Api) -> None:
    for position in (0, 8, len(BODY) - 1):
        changed = bytearray(BODY)
        changed[position] ^= 1
        (await deliver(api, signed(), bytes(changed))).problem(401)
    reordered = json.dumps({"name": "Ångström", "id": 7}).encode()
    (await deliver(api, signed(), reordered)).problem(401)
    assert await kept(api) == []


BAD_SIGNATURES = {
    "missing": None,
    "empty": "",
    "no base64": "!" * 44,
    "short": "QUJD",
    "not ascii": "é" * 44,
    "spaces": " " * 44,
    "without padding": "A" * 44,
    "urlsafe": "-" * 43 + "=",
    "long": "A" * 20_000,
}


@pytest.mark.parametrize("name", BAD_SIGNATURES)
async def test_row_2_a_signature_that_is_none_is_refused(api: Api, name: str) -> None:
    headers = signed()
    value = BAD_SIGNATURES[name]
    del headers["X-WC-Webhook-Signature"]
    if value is not None:
        headers["X-WC-Webhook-Signature"] = value
    (await deliver(api, headers)).problem(401)


async def test_row_2_a_signature_of_a_megabyte_is_refused_by_the_server(api: Api) -> None:
    reader, writer = await connect(api)
    headers = {"X-WC-Webhook-Signature": "A" * 1_000_000}
    writer.write(f"{start_of(headers)}Content-Length: 2\r\n\r\n{{}}".encode())
    assert (await status_of(reader)).startswith(b"HTTP/1.1 4")
    writer.close()


async def test_row_3_an_empty_secret_verifies_nothing(api: Api) -> None:
    async with api.opened.database.transaction() as tx:
        await stores.save_new(tx, "bare", {"url": "https://bare.example"})
        sealed = api.opened.sealed("bare", {"webhook_secret": ""})
        assert sealed == {"webhook_secret": None}
    for secret in ("", " "):
        said = await deliver(api, signed(secret=secret), path=f"/stores/bare{PATH}")
        said.problem(401)
    assert await kept(api) == []


async def test_row_5_the_raw_bytes_are_verified_whatever_they_are(api: Api) -> None:
    bodies = [b' {"id" : 7 }\r\n', '{"id":7,"n":"Ångström \U0001f600"}'.encode(), b"\xff\x00", b"{"]
    for body in bodies:
        (await deliver(api, signed(body), body)).good()
    assert [row[3] for row in await kept(api)] == bodies


async def test_row_7_a_replayed_delivery_is_taken_and_not_refused(api: Api) -> None:
    for _ in range(2):
        (await deliver(api, signed())).good()
    await api.opened.apply(1)
    found = await api.rows("SELECT state, repeated FROM webhook_deliveries ORDER BY id")
    assert [repeated for _, repeated in found] == [False, True]


@pytest.mark.parametrize("named", ["product.deleted", "nonsense", "order.updated"])
async def test_row_8_another_topic_in_the_header_is_kept_and_not_acted_on(
    api: Api, named: str
) -> None:
    (await deliver(api, signed(X_WC_Webhook_Topic=named))).good()
    [(topic, state, cause, _)] = await kept(api)
    assert (topic, state) == ("product.updated", "ignored")
    assert "another topic" in cause


async def test_row_9_the_delivery_of_another_store_is_refused(api: Api) -> None:
    async with api.opened.database.transaction() as tx:
        sealed = api.opened.sealed("other", {"webhook_secret": "another0123456789"})
        await stores.save_new(tx, "other", {"url": "https://other.example"} | sealed)
    (await deliver(api, signed(), path=f"/stores/other{PATH}")).problem(401)
    other = signed(secret="another0123456789")
    (await deliver(api, other)).problem(401)
    (await deliver(api, other, path=f"/stores/other{PATH}")).good()
    (await deliver(api, other, path=f"/stores/nobody{PATH}")).problem(404)


async def test_row_10_bodies_of_one_delivery_id_are_all_taken(api: Api) -> None:
    for number in range(5):
        body = b'{"id":%d}' % number
        (await deliver(api, signed(body), body)).good()
    assert len(await kept(api)) == 5


async def test_row_11_both_secrets_open_while_they_overlap(api: Api) -> None:
    path = f"/stores/other{PATH}"
    async with api.opened.database.transaction() as tx:
        sealed = api.opened.sealed("other", {"webhook_secret": SECRET})
        store = await stores.save_new(tx, "other", {"url": "https://other.example"} | sealed)
    (await deliver(api, signed(), path=path)).good()
    async with api.opened.database.transaction() as tx:
        new = api.opened.replaced(store, {"webhook_secret": "new0123456789"})
        await stores.save(tx, store.id, new)
    for secret in ("new0123456789", SECRET, "new0123456789", SECRET):
        (await deliver(api, signed(secret=secret), path=path)).good()
    async with api.opened.database.transaction() as tx:
        over = api.opened.clock() - timedelta(seconds=1)
        await stores.save(tx, store.id, {"previous_webhook_secret_until": over})
    api.app.state.receiver.directory._read_at = None
    (await deliver(api, signed(secret="new0123456789"), path=path)).good()
    (await deliver(api, signed(), path=path)).problem(401)


async def test_a_secret_changed_in_the_settings_opens_beside_the_old_one(api: Api) -> None:
    await api.opened.load_store()
    later = dataclasses.replace(
        api.opened,
        settings=dataclasses.replace(api.opened.settings, webhook_secret="later0123456789"),
    )
    store = await later.load_store()
    assert later.opened(store, "webhook_secret") == "later0123456789"
    assert later.opened(store, "previous_webhook_secret") == SECRET
    async with later.receiving() as receiver:
        door = await receiver.directory.find("default")
    assert door is not None
    assert door.secrets(later.clock()) == ["later0123456789", SECRET]


ALLOWED = {
    ("127.0.0.1",): 200,
    ("::ffff:127.0.0.0/104",): 200,
    ("127.0.0.0/31",): 200,
    ("127.0.0.2/31",): 403,
    ("203.0.113.0/24", "2001:db8::/32"): 403,
    ("0.0.0.0/0",): 200,
    ("::/0",): 403,
}


@pytest.mark.parametrize("allowed", ALLOWED)
async def test_rows_12_and_13_deliveries_come_from_allowed_addresses_only(
    api: Api, allowed: tuple[str, ...]
) -> None:
    await api.opened.allow_addresses("default", allowed)
    spoofed = signed(X_Forwarded_For="203.0.113.7", Forwarded="for=203.0.113.7")
    said = await deliver(api, spoofed)
    assert said.status == ALLOWED[allowed]
    assert len(await kept(api)) == (said.status == 200)


@pytest.mark.parametrize(
    ("address", "network", "inside"),
    [
        ("::ffff:203.0.113.7", "203.0.113.0/24", True),
        ("203.0.113.255", "203.0.113.0/24", True),
        ("203.0.114.0", "203.0.113.0/24", False),
        ("203.0.113.7", "::ffff:203.0.113.0/120", True),
        ("2001:db8::1%eth0", "2001:db8::/32", True),
        ("2001:db9::1", "2001:db8::/32", False),
        ("", "0.0.0.0/0", False),
        ("unknown", "0.0.0.0/0", False),
    ],
)
def test_row_13_addresses_inside_addresses_count_as_what_they_are(
    *, address: str, network: str, inside: bool
) -> None:
    networks = directory.read_networks([network])
    door = directory.Door(store_id=1, secret="x", networks=networks)
    assert door.admits(address) is inside


@pytest.mark.parametrize("bad", ["203.0.113.300", "example.org", "10.0.0.0/33", ""])
async def test_row_13_an_allowed_address_that_is_none_is_refused_when_it_is_set(
    api: Api, bad: str
) -> None:
    with pytest.raises(directory.BadNetworkError):
        await api.opened.allow_addresses("default", [bad])
    store = await api.opened.load_store()
    async with api.opened.database.transaction() as tx:
        await stores.save(tx, store.id, {"settings": {"webhooks": {"allowed": [bad]}}})
    (await deliver(api, signed())).problem(401)


async def test_row_14_a_body_over_the_limit_is_refused_before_it_is_sent(api: Api) -> None:
    reader, writer = await connect(api)
    writer.write(f"{start_of(signed())}Content-Length: 10485760\r\n\r\n".encode())
    assert (await status_of(reader)).startswith(b"HTTP/1.1 413")
    writer.close()


async def test_row_14_an_endless_body_is_cut_at_the_limit(api: Api) -> None:
    reader, writer = await connect(api)
    writer.write(f"{start_of(signed())}Transfer-Encoding: chunked\r\n\r\n".encode())
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    answered = asyncio.create_task(status_of(reader))
    sent = 0
    with contextlib.suppress(ConnectionError):
        while not answered.done() and sent < 4 * gate.BODY_LIMIT:
            writer.write(chunk)
            sent += len(chunk)
            await writer.drain()
            await asyncio.sleep(0)
    assert (await answered).startswith(b"HTTP/1.1 413")
    assert sent < 2 * gate.BODY_LIMIT
    writer.close()


async def test_row_14_a_body_that_does_not_come_is_given_up(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "BODY_SECONDS", 0.3)
    reader, writer = await connect(api)
    writer.write(f"{start_of(signed())}Content-Length: 99\r\n\r\n{{".encode())
    assert (await status_of(reader)).startswith(b"HTTP/1.1 408")
    writer.close()


async def test_row_15_a_packed_body_is_refused(api: Api) -> None:
    for encoding in ("gzip", "br", "deflate"):
        (await deliver(api, signed(Content_Encoding=encoding))).problem(415)
    assert await kept(api) == []


async def test_row_17_a_flood_is_stopped_before_it_is_verified_and_harms_no_healthy_store(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with api.opened.database.transaction() as tx:
        sealed = api.opened.sealed("other", {"webhook_secret": SECRET})
        await stores.save_new(tx, "other", {"url": "https://other.example"} | sealed)
    verified = 0
    verify = signature.verify

    def counting(*args: Any) -> bool:
        nonlocal verified
        verified += 1
        return verify(*args)

    monkeypatch.setattr(signature, "verify", counting)
    standing = time.monotonic()
    api.app.state.flood.buckets.clock = lambda: standing
    wrong = [deliver(api, signed(secret="wrong")) for _ in range(500)]
    statuses = sorted([said.status for said in await asyncio.gather(*wrong)])
    burst = int(gate.UNVERIFIED.burst)
    assert statuses == [401] * burst + [429] * (500 - burst)
    assert verified <= 2 * burst
    said = await deliver(api, signed())
    assert said.status == 429
    assert int(said.headers["Retry-After"]) >= 1
    (await deliver(api, signed(), path=f"/stores/other{PATH}")).good()


async def test_row_17_who_shares_an_address_with_a_shop_cannot_lock_it_out(api: Api) -> None:
    (await deliver(api, signed())).good()
    wrong = [deliver(api, signed(secret="wrong")) for _ in range(300)]
    assert {said.status for said in await asyncio.gather(*wrong)} == {401}
    (await deliver(api, signed())).good()


async def test_row_18_a_request_of_two_lengths_or_a_broken_header_is_refused(api: Api) -> None:
    requests = (
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
        "X-A: b\rX-C: d\r\nContent-Length: 0\r\n\r\n",
    )
    for request in requests:
        reader, writer = await connect(api)
        writer.write((start_of({}) + request).encode())
        status = await status_of(reader)
        assert b" 40" in status, (request, status)
        writer.close()
    assert await kept(api) == []


async def test_row_53_a_dead_database_is_said_to_be_our_trouble(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    (await deliver(api, signed())).good()
    receiver = api.app.state.receiver
    await receiver.inbox.close()
    monkeypatch.setattr(receiver.inbox._database, "url", "postgresql://127.0.0.1:1/none")
    said = await deliver(api, signed())
    said.problem(503)
    assert said.headers["Retry-After"]
    assert len(await kept(api)) == 1


async def test_a_ping_is_understood_and_anything_like_it_is_not(api: Api) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    (await deliver(api, form, b"webhook_id=2")).good()
    for body in (b"webhook_id=", b"webhook_id=x", b"webhook_id=1&a=b", b"{}", b""):
        said = (await deliver(api, form, body)).problem(401)
        assert "ping of a new webhook" in said["detail"]
    assert await kept(api) == []


async def test_what_is_signed_is_taken_whatever_it_says_to_be(api: Api) -> None:
    """Some sender between the shop and us may call every body a form."""
    form = signed() | {"Content-Type": "application/x-www-form-urlencoded"}
    (await deliver(api, form)).good()
    assert [row[0] for row in await kept(api)] == ["product.updated"]
    (await deliver(api, form, b"{}")).problem(401)


async def test_what_is_refused_is_counted_by_topic(api: Api) -> None:
    other = "/webhook/action.woocommerce_thing"
    for path, headers in ((PATH, {}), (PATH, signed(secret="wrong")), (other, {})):
        (await deliver(api, headers, path=path)).problem(401)
    (await deliver(api, {}, path="/stores/nobody/webhook/product.updated")).problem(401)
    receiver = api.app.state.receiver
    await receiver.refusals.save()
    (await deliver(api, {})).problem(401)
    await receiver.refusals.save()
    counted = "SELECT topic, status, refused FROM webhook_refusals ORDER BY topic"
    assert await api.rows(counted) == [("", 401, 1), ("product.updated", 401, 3)]
    said = await api.get("/metrics")
    assert 'woosync_webhooks_refused_last_day{store="default"} 4.0' in said.text
    given = dataclasses.replace(api.opened.settings, public_url="https://sync.example.com")
    api.app.state.opened = dataclasses.replace(api.opened, settings=given)
    (now,) = [one for one in (await api.get("/webhooks")).good() if one["topic"] == PATH[9:]]
    assert (now["refused"], now["received"]) == (3, 0)
    assert now["lastRefusedAt"]


async def test_what_is_not_followed_is_kept_and_ignored(api: Api) -> None:
    for topic in ("coupon.deleted", "action.woocommerce_thing"):
        headers = signed(X_WC_Webhook_Topic=topic)
        (await deliver(api, headers, path=f"/webhook/{topic}")).good()
    assert {row[1] for row in await kept(api)} == {"ignored"}


@pytest.mark.parametrize("path", ["/webhook/nonsense", "/webhook/", "/webhook/Product.Updated"])
async def test_an_address_of_no_topic_is_not_found(api: Api, path: str) -> None:
    assert (await deliver(api, signed(), path=path)).status == 404


async def test_other_methods_are_refused(api: Api) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert (await api.call(method, PATH, role="")).status == 405


async def test_many_at_once_are_all_kept(api: Api) -> None:
    bodies = [b'{"id":%d}' % number for number in range(1, 301)]
    answers = await asyncio.gather(*(deliver(api, signed(body), body) for body in bodies))
    assert {said.status for said in answers} == {200}
    assert sorted(row[3] for row in await kept(api)) == sorted(bodies)


def test_who_was_seen_longest_ago_is_forgotten_first() -> None:
    flood = gate.Flood()
    for number in range(limits.REMEMBERED + 10):
        flood.verified(str(number))
    assert len(flood._known) == limits.REMEMBERED
