"""One HTTP exchange with one store: connections, limits on size and time; for the client."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import pycurl

from woosync.woo import address, packing, trouble, trust
from woosync.woo.clock import Clock
from woosync.woo.options import StoreOptions
from woosync.woo.verdict import Reply

_IDLE_SECONDS = 30
#: What is read from the socket at once; the kernel's buffer is seldom fuller.
_READ_BUFFER = 256 * 1024
_ALWAYS = {
    pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
    pycurl.PROXY: "",  # none, whatever the environment names
    pycurl.PATH_AS_IS: 1,  # a signature covers the path as it is written
    pycurl.NOSIGNAL: 1,
    pycurl.BUFFERSIZE: _READ_BUFFER,
    pycurl.MAXAGE_CONN: _IDLE_SECONDS,
}


class Transport:
    """The connections to one store. Never follows a redirect, keeps no cookies, uses no proxy."""

    def __init__(self, options: StoreOptions, clock: Clock) -> None:
        self.base_url = address.normalise(options.url, allow_private=options.allow_private)
        self._options = options
        self._names = address.Names(
            self.base_url, allow_private=options.allow_private, monotonic=clock.monotonic
        )
        self._multi: pycurl.AsyncCurlMulti | None = None
        self._settings: dict[int, Any] = {}

    def open(self) -> None:
        """Make the pool, for one event loop. Raises CaFileUnreadable."""
        options = self._options
        self._settings = _ALWAYS | {
            pycurl.CONNECTTIMEOUT_MS: max(1, round(options.connect_timeout * 1000)),
            pycurl.TIMEOUT_MS: max(1, round(options.timeout * 1000)),
            pycurl.MAXFILESIZE_LARGE: max(1, options.body_limit),
        }
        if self.base_url.startswith("https:"):
            self._settings |= trust.settings(options.ca_file)
        self._multi = pycurl.AsyncCurlMulti()

    async def close(self) -> None:
        """Close all connections; who waits for an answer hears that it was lost."""
        multi, self._multi = self._multi, None
        if multi is not None:
            await multi.aclose()

    async def exchange(
        self, method: str, url: str, *, headers: Mapping[str, str], data: bytes | None
    ) -> Reply:
        """Send one request and read its whole answer; what writes is sent once at most.

        Raises StoreUnreachable and StoreNotAllowed where nothing was sent; ConnectionLost,
        StoreTimeout, StoreAnsweredTooMuch or StoreAnsweredNonsense where the store may have acted.
        """
        found = await self._names.found(within=self._options.connect_timeout)
        multi = self._multi
        if multi is None:
            raise trouble.closed()
        heard = _Heard()
        curl = self._request(method, url, headers, data)
        curl.setopt(pycurl.RESOLVE, found)
        curl.setopt(pycurl.HEADERFUNCTION, heard.lines.append)
        curl.setopt(pycurl.WRITEFUNCTION, heard.chunks.append)
        curl.setopt(pycurl.PREREQFUNCTION, heard.note_asked)
        started = time.perf_counter()
        failure: tuple[Any, ...] = ()
        try:
            await multi.perform(curl)
        except pycurl.error as error:
            failure = error.args
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._multi is multi or task is None or task.cancelling():
                raise
        else:
            head = heard.headers()
            if head is not None:
                status = curl.getinfo(pycurl.RESPONSE_CODE)
                return self._reply(status, head, heard, time.perf_counter() - started)
        # Raised outside the handlers: the library's exceptions may quote the URL, and it the keys.
        raise self._trouble(curl, failure, heard)

    def _request(
        self, method: str, url: str, headers: Mapping[str, str], data: bytes | None
    ) -> pycurl.Curl:
        curl = pycurl.Curl()
        for option, value in self._settings.items():
            curl.setopt(option, value)
        curl.setopt(pycurl.URL, url)
        # Empty ones are left out: curl would wait for leave to send, and name a form's type.
        unsaid = [f"{name}:" for name in ("Expect", "Content-Type") if name not in headers]
        said = [f"{name}: {value}" for name, value in headers.items()]
        curl.setopt(pycurl.HTTPHEADER, said + unsaid)
        if data is not None or method in {"POST", "PUT"}:
            curl.setopt(pycurl.POSTFIELDS, data or b"")
        if method != "GET":
            curl.setopt(pycurl.CUSTOMREQUEST, method)
        if method != "GET":
            # curl sends again by itself what a kept connection left unanswered, and looks only
            # once a second whether the store has closed one.
            curl.setopt(pycurl.FRESH_CONNECT, 1)
            curl.setopt(pycurl.FORBID_REUSE, 1)  # else each would stay open, unused
        return curl

    def _reply(self, status: int, head: dict[str, str], heard: "_Heard", seconds: float) -> Reply:
        body = b"".join(heard.chunks)
        coding = head.get("content-encoding", "").lower()
        if coding not in {"", "identity"}:
            body = packing.unpack(body, coding, limit=self._options.body_limit)
        return Reply(status, body, head, seconds)

    def _trouble(
        self, curl: pycurl.Curl, failure: tuple[Any, ...], heard: "_Heard"
    ) -> trouble.Failure:
        """Say what went wrong; without a `failure` of curl's the answer was cut in its head."""
        if self._multi is None and not heard.was_asked:
            return trouble.closed()
        code, text = (*failure, "")[:2] if failure else (pycurl.E_PARTIAL_FILE, "")
        if code == pycurl.E_COULDNT_CONNECT:
            self._names.forget()
        told = trouble.Told(
            code,
            text,
            verified=curl.getinfo(pycurl.SSL_VERIFYRESULT),
            errno=curl.getinfo(pycurl.OS_ERRNO),
            was_asked=heard.was_asked,
        )
        return trouble.meaning(told, self.base_url, self._options)


class _Heard:
    """What comes back of one request. It knows no `Curl`, which would keep both alive for long."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.chunks: list[bytes] = []
        self.was_asked = False

    def note_asked(self, *_where: object) -> int:
        """Note that a connection stands and the request begins to be sent."""
        self.was_asked = True
        return pycurl.PREREQFUNC_OK

    def headers(self) -> dict[str, str] | None:
        """Return the fields of the answer's head, names in small letters; None if it was cut.

        Interim heads and trailers count nothing. Link is left out: it repeats the whole address,
        keys included.
        """
        fields: dict[str, str] = {}
        whole = False
        for line in self.lines:
            if line.startswith(b"HTTP/"):
                fields.clear()
                whole = False
            elif line in {b"\r\n", b"\n"}:
                whole = True
            elif not whole:
                name, _, value = _text(line).partition(":")
                fields[name.lower()] = value.strip()
        fields.pop("link", None)
        return fields if whole else None


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")
