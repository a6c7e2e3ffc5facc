"""Whom the client trusts and what it tells: keys, certificates, private networks, secrets."""

import asyncio
import base64
import json
import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pycurl
import pytest
from aiohttp import web

import woosync.errors
from unit.woo import certificates, small_store
from unit.woo.small_store import KEY, SECRET, SmallStore, http
from woosync.woo import address, auth, errors, trust
from woosync.woo.client import StoreClient
from woosync.woo.options import AuthMode

HEADER = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()


def refuse(code: str, status: int = 401) -> web.Response:
    return web.json_response({"code": code, "message": "No.", "data": {}}, status=status)


class Doorman(SmallStore):
    """A store that knows one key and may be blind to a way of sending it."""

    def __init__(self, *ways: str, wrong_secret: bool = False) -> None:
        super().__init__(small_store.rows(1))
        self.ways, self.wrong_secret = ways, wrong_secret
        self.headers: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.queries.append(dict(request.query))
        self.headers.append(request.headers.get("Authorization", ""))
        if "header" in self.ways and self.headers[-1] == HEADER:
            return self._let_in()
        if "query" in self.ways and request.query.get("consumer_secret") == SECRET:
            return self._let_in()
        if "oauth_signature" in request.query:
            if "oauth" in self.ways:
                return self._let_in()
            return refuse("woocommerce_rest_authentication_error")
        return refuse("woocommerce_rest_cannot_view")

    def _let_in(self) -> web.Response:
        if self.wrong_secret:
            return refuse("woocommerce_rest_authentication_error")
        return web.json_response([])


@pytest.fixture
def ca(tmp_path: Path) -> certificates.Authority:
    return certificates.authority(tmp_path)


@pytest.mark.parametrize(
    ("way", "mode", "requests"),
    [("header", "basic", 1), ("query", "query", 2), ("oauth", "oauth1", 3)],
)
async def test_what_works_is_found_and_remembered(
    ca: certificates.Authority, way: str, mode: str, requests: int
) -> None:
    async with (
        small_store.serve(Doorman(way), tls=ca.server()) as store,
        small_store.connect(store.url, ca_file=ca.file) as client,
    ):
        assert client.auth_mode is AuthMode.AUTO
        await client.send("POST", "products/batch", body={})
        assert client.auth_mode == mode
        assert len(store.queries) == requests
        await client.fetch("products")
        assert len(store.queries) == requests + 1


async def test_many_first_requests_search_for_the_mode_once(ca: certificates.Authority) -> None:
    async with (
        small_store.serve(Doorman("query"), tls=ca.server()) as store,
        small_store.connect(store.url, ca_file=ca.file) as client,
    ):
        await asyncio.gather(*(client.fetch("products") for _ in range(5)))
        assert len(store.queries) == 6


async def test_a_wrong_secret_ends_the_search_and_an_unknown_key_names_the_first_refusal(
    ca: certificates.Authority,
) -> None:
    for doorman, code, requests in (
        (Doorman("header", wrong_secret=True), "woocommerce_rest_authentication_error", 1),
        (Doorman(), "woocommerce_rest_cannot_view", 3),
    ):
        async with (
            small_store.serve(doorman, tls=ca.server()) as store,
            small_store.connect(store.url, ca_file=ca.file) as client,
        ):
            with pytest.raises(errors.StoreAuthFailed) as raised:
                await client.fetch("products")
        assert raised.value.code == code
        assert len(doorman.queries) == requests


async def test_over_http_keys_are_never_sent_readably() -> None:
    async with (
        small_store.serve(Doorman("oauth")) as store,
        small_store.connect(store.url) as client,
    ):
        await client.fetch("products", {"search": "a b"})
        await client.fetch("products")
    assert store.headers == ["", ""]
    assert SECRET not in str(store.queries)
    assert store.queries[0]["oauth_nonce"] != store.queries[1]["oauth_nonce"]


async def test_wordpress_own_routes_are_asked_without_keys(ca: certificates.Authority) -> None:
    store = SmallStore([], spoil=lambda _s, _q: web.json_response({}))
    async with (
        small_store.serve(store, tls=ca.server()),
        small_store.connect(store.url, ca_file=ca.file) as client,
    ):
        await client.fetch("/", {"_fields": "name"})
    assert store.queries == [{"_fields": "name"}]


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("self-signed", "self-signed"),
        ("unknown", "does not know"),
        ("expired", "expired"),
        ("other name", "another"),
    ],
)
async def test_a_bad_certificate_is_named_with_its_reason_and_not_tried_again(
    ca: certificates.Authority, tmp_path: Path, what: str, words: str
) -> None:
    tls = {
        "self-signed": lambda: certificates.self_signed(tmp_path),
        "unknown": ca.server,
        "expired": lambda: ca.server(days=-1),
        "other name": lambda: ca.server("127.0.0.2"),
    }[what]()
    trusted = None if what in {"self-signed", "unknown"} else ca.file
    time = small_store.StillTime()
    async with (
        small_store.serve(SmallStore([]), tls=tls) as store,
        small_store.connect(store.url, ca_file=trusted, time=time) as client,
    ):
        with pytest.raises(errors.StoreUnreachable) as raised:
            await client.fetch("products")
    assert words in raised.value.message
    assert ("WOOCOMMERCE_CA_FILE" in raised.value.remedy) == (trusted is None)
    assert time.slept == []


async def test_a_plain_server_behind_https_is_said_so() -> None:
    async with (
        small_store.serve(SmallStore([])) as store,
        small_store.connect(store.url.replace("http:", "https:"), retries=0) as client,
    ):
        with pytest.raises(errors.TlsRefused, match="speaks plain http at this port, not https"):
            await client.fetch("products")


async def test_an_unreadable_authority_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("not a certificate")
    for name in ("no.pem", "absent.pem"):
        client = small_store.connect("https://127.0.0.1", ca_file=tmp_path / name)
        with pytest.raises(errors.CaFileUnreadable, match=name):
            await client.__aenter__()


Lead = Callable[..., str]


@pytest.fixture
def lead(monkeypatch: pytest.MonkeyPatch) -> Lead:
    """Let a name lead to what a test says; returns it with the port of a store that listens."""
    addresses: list[str] = []

    async def look_up(host: str, _port: int) -> list[str]:
        assert host == "shop.example"
        return list(addresses)

    def to(url: str, *found: str) -> str:
        addresses[:] = found
        return f"https://shop.example:{url.rpartition(':')[2]}"

    monkeypatch.setattr(address, "look_up", look_up)
    return to


@pytest.mark.parametrize(
    "inside",
    [
        *("127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.9"),
        *("::1", "::ffff:10.0.0.1", "fe80::1"),
    ],
)
async def test_a_name_that_leads_inside_is_refused_before_connecting(
    lead: Lead, inside: str
) -> None:
    async with (
        small_store.recite(http("[]")) as script,
        small_store.connect(
            lead(script.url, "93.184.216.34", inside), allow_private=False
        ) as client,
    ):
        with pytest.raises(errors.StoreNotAllowed, match=r"shop\.example leads to"):
            await client.fetch("products")
        assert script.seen == []


async def test_a_name_that_changes_its_answer_later_gains_nothing(
    lead: Lead, ca: certificates.Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address, "is_inside", lambda found: str(found) == "127.0.0.2")
    time = small_store.StillTime()
    async with small_store.serve(SmallStore([]), tls=ca.server("shop.example")) as store:
        url = lead(store.url, "127.0.0.1")
        async with small_store.connect(
            url, ca_file=ca.file, allow_private=False, time=time
        ) as client:
            await client.fetch("products")
            lead(store.url, "127.0.0.2")
            await client.send("POST", "products", body={})  # on a connection of its own
            time.at += 61
            with pytest.raises(errors.StoreNotAllowed):
                await client.fetch("products")
    assert len(store.queries) == 2


@pytest.mark.parametrize("first", ["127.0.0.2", "::1"])
async def test_every_address_of_a_name_is_tried(
    lead: Lead, ca: certificates.Authority, first: str
) -> None:
    async with (
        small_store.serve(SmallStore([]), tls=ca.server("shop.example")) as store,
        small_store.connect(lead(store.url, first, "127.0.0.1"), ca_file=ca.file) as client,
    ):
        await client.fetch("products")
    assert len(store.queries) == 1


async def test_a_name_is_looked_up_once_for_many_and_again_where_it_led_nowhere(
    lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    async with small_store.recite(http("[]")) as script:
        url = lead(script.url, "127.0.0.2").replace("https:", "http:")
        fixed = address.look_up

        async def counted(host: str, port: int) -> list[str]:
            asked.append(host)
            return await fixed(host, port)

        monkeypatch.setattr(address, "look_up", counted)
        async with small_store.connect(url, retries=0) as client:
            with pytest.raises(errors.StoreUnreachable):
                await client.fetch("products")
            lead(script.url, "127.0.0.1")
            await asyncio.gather(*(client.fetch("products") for _ in range(5)))
    assert asked == ["shop.example"] * 2


async def test_names_are_looked_up_as_the_machine_does() -> None:
    async with small_store.recite(http("[]")) as script:
        url = script.url.replace("127.0.0.1", "localhost")
        async with small_store.connect(url) as client:
            await client.fetch("products")
    assert len(script.seen) == 1


async def test_a_name_nobody_knows_is_said_so() -> None:
    async with small_store.connect("https://nosuch.invalid", retries=0) as client:
        with pytest.raises(errors.StoreUnreachable, match="cannot be found"):
            await client.fetch("products")


async def test_what_the_environment_says_of_proxies_is_not_heeded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with small_store.recite(http("[]")) as script, small_store.recite() as proxy:
        for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        async with small_store.connect(script.url) as client:
            await client.fetch("products")
    assert (len(script.seen), proxy.seen) == (1, [])


async def test_the_authorities_of_the_machine_are_trusted_or_else_the_file_of_the_settings_alone(
    ca: certificates.Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(ca.file))
    await meet(ca)
    own = certificates.authority(other, "Another")
    await meet(own, ca_file=own.file)
    with pytest.raises(errors.TlsRefused, match=f"not come from the authority in {own.file}"):
        await meet(ca, ca_file=own.file)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the machine's authorities, and the file in it that is made of them; empty yet."""
    folder = tmp_path / "made"
    folder.mkdir()
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "all.crt"))
    return folder


async def meet(authority: certificates.Authority, *, ca_file: Path | None = None) -> None:
    async with (
        small_store.serve(SmallStore([]), tls=authority.server()) as store,
        small_store.connect(store.url, ca_file=ca_file) as client,
    ):
        await client.fetch("products")
        assert len(store.queries) == 1


async def test_a_folder_is_left_out_where_the_file_has_all_of_it(
    ca: certificates.Authority, tmp_path: Path, made: Path
) -> None:
    """Beside a folder curl reads the file for every connection: 140 authorities, 15 ms."""
    (made / "one.pem").write_bytes(ca.file.read_bytes())
    certificates.rehash(made)
    bundle = made / "all.crt"
    bundle.write_bytes(ca.file.read_bytes())
    assert trust.settings(None)[pycurl.CAPATH] is None
    await meet(ca)

    other = tmp_path / "other"
    other.mkdir()
    by_hand = certificates.authority(other, "Written in by hand")
    bundle.write_bytes(by_hand.file.read_bytes() * 2)
    assert trust.settings(None)[pycurl.CAPATH] == os.fsencode(made)
    await meet(by_hand)
    await meet(ca)


@pytest.mark.parametrize("names", [(), ("notes.txt",), ("0123abcd.r0",)])
def test_a_folder_without_names_that_openssl_looks_for_is_left_out(
    ca: certificates.Authority, made: Path, names: tuple[str, ...]
) -> None:
    (made / "all.crt").write_bytes(ca.file.read_bytes())
    for name in names:
        (made / name).write_text("not looked at")
    assert trust.settings(None)[pycurl.CAPATH] is None


@pytest.mark.parametrize("leads_to", ["gone.pem", "0123abcd.0"])
async def test_a_link_that_leads_nowhere_changes_nothing(
    ca: certificates.Authority, made: Path, leads_to: str
) -> None:
    (made / "all.crt").write_bytes(ca.file.read_bytes())
    (made / "0123abcd.0").symlink_to(leads_to)
    assert trust.settings(None)[pycurl.CAPATH] == os.fsencode(made)
    await meet(ca)


async def test_an_empty_file_does_not_spoil_a_good_folder(
    ca: certificates.Authority, made: Path
) -> None:
    (made / "one.pem").write_bytes(ca.file.read_bytes())
    certificates.rehash(made)
    (made / "all.crt").write_text("# nobody yet\n")
    await meet(ca)


async def test_files_and_folders_of_any_name_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "jürgen"
    folder.mkdir()
    ca = certificates.authority(folder)
    await meet(ca, ca_file=ca.file)
    monkeypatch.setenv("SSL_CERT_FILE", str(ca.file))
    await meet(ca)
    certificates.rehash(folder)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    await meet(ca)


async def test_a_file_that_is_gone_since_is_named(ca: certificates.Authority) -> None:
    async with (
        small_store.serve(SmallStore([]), tls=ca.server()) as store,
        small_store.connect(store.url, ca_file=ca.file) as client,
    ):
        ca.file.unlink()
        with pytest.raises(errors.TlsRefused, match="or that file cannot be read"):
            await client.fetch("products")


def everything_said(error: BaseException) -> str:
    texts = ["".join(traceback.format_exception(error))]
    seen: set[int] = set()
    chain: list[BaseException | None] = [error]
    while chain:
        link = chain.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        texts += [str(link), repr(link), repr(link.args), repr(getattr(link, "__dict__", ""))]
        chain += [link.__cause__, link.__context__]
    return "\n".join(texts)


ECHO = f"/wp-json/?consumer_key={KEY}&consumer_secret={SECRET}"
TROUBLE: list[bytes | None] = [
    None,
    b"SSH-2.0\r\n\r\n",
    http(f"<html>{ECHO}", status=500),
    http(f"<html>{ECHO}"),
    http(f"{ECHO}".encode() + b"\xff"),
    http("", status=302, Location=f"https://other.example{ECHO}"),
    http(json.dumps({"code": "x", "message": ECHO}), status=400),
    http(f"{ECHO} is not here", status=400),
    http(f"<html>{ECHO} {HEADER}", status=403),
    http(f"<html>{ECHO}", status=404),
    http('[{"id":', kept=False),
    http("[]", length=50, kept=False),
    http("x", Content_Encoding="gzip"),
]


@pytest.mark.parametrize("mode", [AuthMode.QUERY, AuthMode.BASIC])
@pytest.mark.parametrize("bad", TROUBLE)
async def test_no_error_carries_a_key_whatever_goes_wrong(
    bad: bytes | None, mode: AuthMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "modes_to_try", lambda _url, _wanted: (mode,))
    async with (
        small_store.recite(bad) as script,
        small_store.connect(script.url, retries=0) as client,
    ):
        for call in (client.fetch("products"), client.send("PUT", "products/1", body={})):
            with pytest.raises(woosync.errors.WoosyncError) as raised:
                await call
            said = everything_said(raised.value)
            for secret in (KEY, SECRET, HEADER[6:]):
                assert secret not in said
        for shown in (repr(client), repr(client.options), client.base_url):
            assert SECRET not in shown
            assert KEY not in shown


async def test_an_answer_shows_neither_body_nor_headers_in_logs() -> None:
    async with (
        small_store.recite(
            http('[{"id":1}]', Link=f"<https://x/?consumer_secret={SECRET}>")
        ) as script,
        small_store.connect(script.url) as client,
    ):
        answer = await client.fetch("products")
    assert SECRET not in repr(answer) + str(answer.headers)


def test_a_client_is_not_made_for_a_forbidden_address() -> None:
    with pytest.raises(errors.StoreNotAllowed):
        small_store.connect("https://10.0.0.1", allow_private=False)
    assert isinstance(small_store.connect("https://10.0.0.1"), StoreClient)
