"""Connections of the client: kept, lost and new ones, and what an answer may look like."""

import asyncio
import contextlib
import gc
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pycurl
import pytest

from unit.woo import certificates, small_store
from unit.woo.small_store import SECRET, SmallStore, http
from woosync.woo import auth, errors
from woosync.woo.options import AuthMode

GOOD = http('[{"id":1}]')


class Server:
    """Answers one request a connection and closes it, without having said so."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = answers
        self.seen: list[bytes] = []
        self.url = ""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            self.seen.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(self.answers[min(len(self.seen), len(self.answers)) - 1])
            await writer.drain()
        writer.close()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["Server"]:
        listening = await asyncio.start_server(self.talk, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        async with listening:
            yield self


@pytest.fixture
def ca(tmp_path: Path) -> certificates.Authority:
    return certificates.authority(tmp_path)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_write_goes_on_a_connection_of_its_own_which_is_closed_then(method: str) -> None:
    """Whatever stands between a kept connection and its end: nothing is written into the void."""
    seen: dict[int, list[bytes]] = {}
    gone: asyncio.Queue[int] = asyncio.Queue()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("peername")[1]
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                seen.setdefault(port, []).append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(GOOD)
                await writer.drain()
        writer.close()
        gone.put_nowait(port)

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as listening:
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        async with small_store.connect(url) as client:
            await client.fetch("products")
            for _ in range(3):
                await client.send(method, "products/1")
            await client.fetch("products")
            async with asyncio.timeout(5):
                for _ in range(3):
                    assert len(seen[await gone.get()]) == 1
        await gone.get()
    assert sorted(len(one) for one in seen.values()) == [1, 1, 1, 2]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_write_is_not_lost_where_the_shop_has_hung_up(method: str) -> None:
    async with (
        Server(GOOD).serving() as server,
        small_store.connect(server.url, retries=0) as client,
    ):
        for _ in range(4):
            await client.fetch("products")
            await client.send(method, "products/1")
    assert len(server.seen) == 8


async def test_a_read_left_unanswered_on_a_kept_connection_is_asked_on_a_new_one() -> None:
    async with (
        Server(GOOD).serving() as server,
        small_store.connect(server.url, retries=0) as client,
    ):
        for _ in range(6):
            assert (await client.fetch("products")).body == b'[{"id":1}]'
    assert len(server.seen) == 6


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_write_read_by_a_shop_that_then_stops_is_unknown(method: str) -> None:
    seen: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        listening.close()
        writer.close()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with small_store.connect(url) as client:
        with pytest.raises(errors.OutcomeUnknown):
            await client.send(method, "products/1")
    assert len(seen) == 1


async def test_what_goes_over_the_wire_is_said_plainly() -> None:
    async with small_store.recite(GOOD) as script, small_store.connect(script.url) as client:
        await client.send("POST", "products", body={"name": "x" * 2_000_000})
        await client.send("POST", "products/1/again")
        await client.send("DELETE", "products/1")
    heads = [one.partition(b"\r\n\r\n")[0].lower() for one in script.seen]
    assert [b" http/1.1\r\n" in head for head in heads] == [True] * 3
    assert [b"expect:" in head for head in heads] == [False] * 3
    assert [b"content-type: application/json" in head for head in heads] == [True, False, False]
    assert [b"content-type:" in head for head in heads] == [True, False, False]
    assert b"content-length: 0" in heads[1]


async def test_answers_are_not_kept_after_they_were_given() -> None:
    async with small_store.recite(GOOD) as script, small_store.connect(script.url) as client:
        await client.fetch("products")
        gc.collect()
        gc.disable()
        try:
            for _ in range(20):
                await client.fetch("products")
            assert sum(isinstance(one, pycurl.Curl) for one in gc.get_objects()) <= 2
        finally:
            gc.enable()


async def test_who_asks_while_the_client_closes_is_told_so() -> None:
    begun = asyncio.Event()

    def delay() -> float:
        if len(store.queries) == 2:
            begun.set()
        return 30.0

    store = SmallStore([], delay=delay)
    async with small_store.serve(store):
        async with small_store.connect(store.url, retries=0) as client:
            reading = asyncio.create_task(client.fetch("products"))
            writing = asyncio.create_task(client.send("POST", "products", body={}))
            await begun.wait()
        ended = await asyncio.gather(reading, writing, return_exceptions=True)
        assert [type(one) for one in ended] == [errors.ConnectionLost, errors.OutcomeUnknown]
        with pytest.raises(errors.StoreUnreachable, match="closed"):
            await client.fetch("products")


@pytest.mark.parametrize("how", ["close", "reset"])
async def test_a_connection_broken_in_the_handshake_is_tried_again(how: str) -> None:
    made: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.append(await reader.read(100))
        if how == "reset":
            writer.transport.abort()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as listening:
        url = f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        async with small_store.connect(url, retries=2) as client:
            with pytest.raises(errors.StoreUnreachable) as raised:
                await client.fetch("products")
    assert not isinstance(raised.value, errors.TlsRefused | errors.ConnectionLost)
    assert len(made) == 3


@pytest.mark.parametrize("content", ["", "no certificate"])
async def test_an_unreadable_file_of_the_machines_authorities_is_named(
    ca: certificates.Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    (tmp_path / "machine.pem").write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "machine.pem"))
    async with (
        small_store.serve(SmallStore([]), tls=ca.server()) as store,
        small_store.connect(store.url) as client,
    ):
        with pytest.raises(errors.TlsRefused, match="authorit"):
            await client.send("POST", "products", body={})
        assert store.queries == []


async def test_several_folders_of_authorities_are_trusted(
    ca: certificates.Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = tmp_path / "hashed"
    hashed.mkdir()
    (hashed / "ca.pem").write_bytes(ca.file.read_bytes())
    certificates.rehash(hashed)
    monkeypatch.setenv("SSL_CERT_DIR", f"/nonexistent{os.pathsep}{hashed}")
    async with (
        small_store.serve(SmallStore([]), tls=ca.server()) as store,
        small_store.connect(store.url) as client,
    ):
        await client.fetch("products")
        assert len(store.queries) == 1


async def test_trailers_and_interim_answers_change_nothing() -> None:
    answer = (
        b"HTTP/1.1 103 Early Hints\r\nX-WP-Total: 98\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-WP-Total: 5\r\n\r\n"
        b"2\r\n[]\r\n0\r\nX-WP-Total: 99\r\nContent-Encoding: br\r\n\r\n"
    )
    async with small_store.recite(answer) as script, small_store.connect(script.url) as client:
        assert (await client.fetch("products")).total == 5


@pytest.mark.parametrize(
    "head",
    [
        http("[]", X_Long="a" * 120_000),
        http("[]", **{f"X_{number}": "a" * 5000 for number in range(80)}),
        http("[]", **{f"X_{number}": "a" for number in range(6000)}),
    ],
)
async def test_a_head_that_is_too_large_is_said_so(head: bytes) -> None:
    async with (
        small_store.recite(head) as script,
        small_store.connect(script.url, retries=0) as client,
    ):
        with pytest.raises(errors.StoreAnsweredNonsense):
            await client.fetch("products")


@pytest.mark.parametrize("status", [200, 404])
async def test_a_head_that_is_cut_off_is_no_answer(status: int) -> None:
    cut = f"HTTP/1.1 {status} X\r\nContent-Type: text/html\r\nConnection: close\r\nX".encode()
    async with (
        small_store.recite(cut) as script,
        small_store.connect(script.url, retries=0) as client,
    ):
        with pytest.raises(errors.ConnectionLost):
            await client.fetch("products")


async def test_an_odd_route_shows_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "modes_to_try", lambda _url, _wanted: (AuthMode.QUERY,))
    async with small_store.recite(GOOD) as script, small_store.connect(script.url) as client:
        await client.fetch("products/ä b")
        assert script.seen[0].startswith(b"GET /wp-json/wc/v3/products/%C3%A4%20b?")
    async with small_store.connect("http://127.0.0.1:9", retries=0) as client:
        with pytest.raises(errors.StoreUnreachable) as raised:
            await client.fetch("products/ä")
    assert SECRET not in repr(raised.value.args)


async def test_letters_beyond_ascii_in_an_address_are_shown_as_they_are() -> None:
    moved = (
        "HTTP/1.1 301 X\r\nLocation: https://käse.example/x\r\nContent-Length: 0\r\n\r\n".encode()
    )
    async with small_store.recite(moved) as script, small_store.connect(script.url) as client:
        with pytest.raises(errors.StoreMoved) as raised:
            await client.fetch("products")
    assert "käse" in raised.value.message + raised.value.remedy


async def test_a_connection_that_is_not_made_is_told_with_the_time_that_it_had() -> None:
    hung_up: asyncio.Queue[None] = asyncio.Queue()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        hung_up.put_nowait(None)

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as listening:
        url = f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        for limits in ({"timeout": 0.2}, {"connect_timeout": 0.2}):
            async with small_store.connect(url, retries=0, **limits) as client:
                with pytest.raises(errors.StoreUnreachable, match=r"no connection within 0\.2 s"):
                    await client.fetch("products")
            await hung_up.get()
