"""One HTTP exchange with one store: connections, limits on size and time; for the client."""

import ipaddress
import socket
import time
from collections.abc import Mapping
from typing import Any

import pycurl

from woosync.woo import address, errors, packing, trouble, trust
from woosync.woo.options import StoreOptions
from woosync.woo.verdict import Reply

_IDLE_SECONDS = 30
#: What is read from the socket at once; the kernel's buffer is seldom fuller.
_READ_BUFFER = 256 * 1024
_WITH_BODY = {"POST", "PUT", "PATCH"}
SETTINGS = {
    pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
    pycurl.PROXY: "",  # none, whatever the environment names
    pycurl.PATH_AS_IS: 1,
    pycurl.NOSIGNAL: 1,
    pycurl.BUFFERSIZE: _READ_BUFFER,
    pycurl.MAXAGE_CONN: _IDLE_SECONDS,
}


class Transport:
    """The connections to one store. Never follows a redirect, keeps no cookies, uses no proxy."""

    def __init__(self, options: StoreOptions) -> None:
        self.base_url = address.normalise(options.url, allow_private=options.allow_private)
        self._options = options
        self._multi: pycurl.AsyncCurlMulti | None = None
        self._settings: dict[int, Any] = {}

    def open(self) -> None:
        """Make the pool, for one event loop. Raises CaFileUnreadable."""
        options = self._options
        self._settings = SETTINGS | {
            pycurl.CONNECTTIMEOUT_MS: round(options.connect_timeout * 1000),
            pycurl.TIMEOUT_MS: round(options.timeout * 1000),
            pycurl.MAXFILESIZE_LARGE: options.body_limit,
        }
        if self.base_url.startswith("https:"):
            self._settings |= trust.settings(options.ca_file)
        self._multi = pycurl.AsyncCurlMulti()

    async def close(self) -> None:
        """Close all connections."""
        if self._multi is not None:
            await self._multi.aclose()
            self._multi = None

    async def exchange(
        self, method: str, url: str, *, headers: Mapping[str, str], data: bytes | None
    ) -> Reply:
        """Send one request once and read its whole answer.

        Raises StoreUnreachable where nothing was sent; ConnectionLost, StoreTimeout,
        StoreAnsweredTooMuch or StoreAnsweredNonsense where the store may have acted.
        """
        if self._multi is None:
            raise errors.StoreUnreachable(
                "The connection to the store is closed.", remedy="Use the client in `async with`."
            )
        transfer = _Transfer(self._settings, guarded=not self._options.allow_private)
        transfer.ask(method, url, headers, data)
        started = time.perf_counter()
        failed: pycurl.error
        try:
            await self._multi.perform(transfer.curl)
        except pycurl.error as error:
            failed = error
        else:
            return self._reply(transfer, time.perf_counter() - started)
        finally:
            transfer.end()
        # Raised outside the handler: the library's exceptions may quote the URL, and it the keys.
        raise self._failure(transfer, *failed.args)

    def _reply(self, transfer: "_Transfer", seconds: float) -> Reply:
        body = b"".join(transfer.chunks)
        headers = _headers(transfer.lines)
        coding = headers.get("content-encoding", "").lower()
        if coding not in {"", "identity"}:
            body = packing.unpack(body, coding, limit=self._options.body_limit)
        return Reply(transfer.curl.getinfo(pycurl.RESPONSE_CODE), body, headers, seconds)

    def _failure(self, transfer: "_Transfer", code: int, text: str = "") -> Exception:
        if transfer.refused is not None:
            host = address.host_of(self.base_url)
            return address.refusal(host, transfer.refused)
        told = trouble.Told(
            code,
            text,
            verified=transfer.curl.getinfo(pycurl.SSL_VERIFYRESULT),
            errno=transfer.curl.getinfo(pycurl.OS_ERRNO),
            was_asked=transfer.was_asked,
        )
        return trouble.meaning(told, self.base_url, self._options)


class _Transfer:
    """One request on its way, and what came back of it."""

    def __init__(self, settings: Mapping[int, Any], *, guarded: bool) -> None:
        self.curl = pycurl.Curl()
        self.lines: list[bytes] = []
        self.chunks: list[bytes] = []
        self.was_asked = False
        self.refused: address.IPAddress | None = None
        self._sockets: list[socket.socket] = []
        for option, value in settings.items():
            self.curl.setopt(option, value)
        self.curl.setopt(pycurl.HEADERFUNCTION, self.lines.append)
        self.curl.setopt(pycurl.WRITEFUNCTION, self.chunks.append)
        self.curl.setopt(pycurl.PREREQFUNCTION, self._ask_once)
        if guarded:
            self.curl.setopt(pycurl.OPENSOCKETFUNCTION, self._connect)

    def ask(self, method: str, url: str, headers: Mapping[str, str], data: bytes | None) -> None:
        """Say what is to be asked."""
        self.curl.setopt(pycurl.URL, url)
        # An empty Expect keeps curl from waiting for leave to send a long body.
        lines = [f"{name}: {value}" for name, value in headers.items()]
        self.curl.setopt(pycurl.HTTPHEADER, [*lines, "Expect:"])
        if data is not None or method in _WITH_BODY:
            self.curl.setopt(pycurl.POSTFIELDS, data or b"")
        if method != "GET":
            self.curl.setopt(pycurl.CUSTOMREQUEST, method)

    def end(self) -> None:
        """Close the sockets made here: curl works on copies of them."""
        for made in self._sockets:
            made.close()

    def _ask_once(self, *_where: object) -> int:
        """Let curl send, but once: it repeats by itself what a kept connection did not answer."""
        if self.was_asked:
            return pycurl.PREREQFUNC_ABORT
        self.was_asked = True
        return pycurl.PREREQFUNC_OK

    def _connect(self, _purpose: int, where: Any) -> socket.socket | int:
        """Make the socket for an address unless it is inside a private network.

        What is checked is what is connected to: a name that changes its answer between check and
        use (DNS rebinding) gains nothing.
        """
        found = ipaddress.ip_address(where.addr[0].partition("%")[0])
        if address.is_inside(found):
            self.refused = found
            return pycurl.SOCKET_BAD
        made = socket.socket(where.family, where.socktype, where.protocol)
        self._sockets.append(made)
        return made


def _headers(lines: list[bytes]) -> dict[str, str]:
    """Return the fields of the last head, names in small letters; an interim one counts nothing.

    Link is left out: it repeats the whole address, keys included.
    """
    fields: dict[str, str] = {}
    for line in lines:
        if line.startswith(b"HTTP/"):
            fields.clear()
        name, colon, value = line.decode("latin-1").partition(":")
        if colon and name.lower() != "link":
            fields[name.lower()] = value.strip()
    return fields
