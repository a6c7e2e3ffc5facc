"""One HTTP exchange with one store: connections, TLS, limits on size and time; for the client."""

import os
import ssl
import time
import zlib
from collections.abc import Mapping

import yarl

from woosync.woo import address, errors
from woosync.woo.loading import aiohttp
from woosync.woo.options import StoreOptions
from woosync.woo.verdict import Reply

#: What the parser may hold of one body before it stops reading the socket; a usual page fits.
_READ_BUFFER = 1024 * 1024
_IDLE_SECONDS = 30.0
#: WordPress repeats the whole address in `Link`, and shops set long cookies.
_HEADER_LIMIT = 64 * 1024
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_CA_REMEDY = "Set WOOCOMMERCE_CA_FILE to the PEM file of the authority that signed it."
_TLS_REASONS = {
    10: ("has expired", "Renew the shop's certificate."),
    18: ("is self-signed", _CA_REMEDY),
    19: ("comes from an authority this machine does not know", _CA_REMEDY),
    20: ("comes from an authority this machine does not know", _CA_REMEDY),
    62: ("is made out to another name", "Use the address the certificate names."),
    64: ("is made out to another address", "Use the address the certificate names."),
}


class Transport:
    """The connections to one store. Never follows a redirect, keeps no cookies, uses no proxy."""

    def __init__(self, options: StoreOptions) -> None:
        self.base_url = address.normalise(options.url, allow_private=options.allow_private)
        self._options = options
        self._session: aiohttp.ClientSession | None = None

    def open(self) -> None:
        """Make the pool; call it inside the event loop that will use it."""
        connector = aiohttp.TCPConnector(
            limit=0,
            resolver=address.GuardedResolver(allow_private=self._options.allow_private),
            ssl=_tls(self._options) if self.base_url.startswith("https:") else False,
            keepalive_timeout=_IDLE_SECONDS,
        )
        timeout = aiohttp.ClientTimeout(
            total=self._options.timeout, sock_connect=self._options.connect_timeout
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            read_bufsize=_READ_BUFFER,
            max_line_size=_HEADER_LIMIT,
            max_field_size=_HEADER_LIMIT,
        )
        # aiohttp resends PUT and DELETE by itself on a broken kept connection, and has no public
        # switch for it; a write must never be sent twice blindly.
        self._session._retry_connection = False  # noqa: SLF001 - see the lines above

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def exchange(
        self, method: str, url: str, *, headers: Mapping[str, str], data: bytes | None
    ) -> Reply:
        """Send one request and read its whole answer.

        Raises StoreUnreachable where nothing was sent; ConnectionLost, StoreTimeout,
        StoreAnsweredTooMuch or StoreAnsweredNonsense where the store may have acted.
        """
        failure: errors.StoreUnreachable | errors.StoreAnsweredNonsense
        try:
            return await self._exchange(method, url, headers=headers, data=data)
        except TimeoutError as error:
            failure = self._timed_out(error)
        except (aiohttp.ClientError, OSError) as error:
            failure = self._broken(error)
        # Raised outside the handler: the library's exceptions quote the URL, which may carry keys.
        raise failure

    async def _exchange(
        self, method: str, url: str, *, headers: Mapping[str, str], data: bytes | None
    ) -> Reply:
        if self._session is None:
            raise errors.StoreUnreachable(
                "The connection to the store is closed.", remedy="Use the client in `async with`."
            )
        started = time.perf_counter()
        async with self._session.request(
            method, yarl.URL(url, encoded=True), headers=headers, data=data, allow_redirects=False
        ) as response:
            limit = self._options.body_limit
            body = await _read(response, limit)
            coding = response.headers.get("Content-Encoding", "").strip().lower()
            if coding not in {"", "identity"}:
                body = decompress(body, coding, limit=limit)
            # Link is left out: it repeats the whole address, keys included.
            kept = {
                name.lower(): value
                for name, value in response.headers.items()
                if name.lower() != "link"
            }
            return Reply(response.status, body, kept, time.perf_counter() - started)

    def _timed_out(self, error: TimeoutError) -> errors.StoreUnreachable:
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return errors.StoreUnreachable(
                f"{self.base_url} took no connection within {self._options.connect_timeout:g} s.",
                remedy="Check the address, and that no firewall stands between.",
            )
        return errors.StoreTimeout(
            f"{self.base_url} did not answer within {self._options.timeout:g} s.",
            remedy="The shop is overloaded; woosync asks for less at a time and tries again.",
        )

    def _broken(self, error: Exception) -> errors.StoreUnreachable | errors.StoreAnsweredNonsense:
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            return _bad_certificate(self.base_url, error.certificate_error)
        if isinstance(error, aiohttp.ClientConnectorSSLError):
            return _no_tls(self.base_url, error)
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            return errors.StoreUnreachable(
                f"The name of {self.base_url} cannot be found.",
                remedy="Check the spelling of the store URL and this machine's network.",
            )
        if isinstance(error, aiohttp.ClientConnectorError):
            return errors.StoreUnreachable(
                f"{self.base_url} cannot be reached: {_reason(error)}.",
                remedy="See whether the shop opens in a browser, and check the port.",
            )
        if isinstance(error, aiohttp.ClientResponseError):
            return errors.StoreAnsweredNonsense(
                f"What {self.base_url} answered is not HTTP.",
                remedy="Check the port in the store URL.",
            )
        return errors.ConnectionLost(
            f"{self.base_url} broke the connection before its answer was complete.",
            remedy="If this stays, the shop's web server or PHP crashes: look at its error log."
            + ("" if self.base_url.startswith("https:") else " Or the port wants https://."),
        )


def decompress(body: bytes, coding: str, *, limit: int) -> bytes:
    """Undo gzip or deflate, never making more than `limit` bytes.

    Raises StoreAnsweredTooMuch for a bomb, StoreAnsweredNonsense for damaged or unknown coding.
    """
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise _damaged(f"is packed as {coding[:20]!r}, which nobody asked for")
    try:
        unpacked = _inflate(body, _GZIP_OR_ZLIB, limit)
    except zlib.error:
        unpacked = _inflate_raw(body, limit) if coding == "deflate" else None
    if unpacked is None:
        raise _damaged(f"is damaged {coding}")
    return unpacked


def _inflate(body: bytes, window: int, limit: int) -> bytes | None:
    packed = zlib.decompressobj(window)
    unpacked = packed.decompress(body, limit + 1)
    if len(unpacked) > limit:
        raise too_much(limit)
    return unpacked if packed.eof or not body else None


def _inflate_raw(body: bytes, limit: int) -> bytes | None:
    try:
        return _inflate(body, -zlib.MAX_WBITS, limit)
    except zlib.error:
        return None


def too_much(limit: int) -> errors.StoreAnsweredTooMuch:
    """Say that a body is over the limit."""
    return errors.StoreAnsweredTooMuch(
        f"The store's answer is larger than {limit} bytes.",
        remedy="woosync asks for fewer records at a time; a single record this large is an error "
        "in the shop.",
    )


def _damaged(what: str) -> errors.StoreAnsweredNonsense:
    return errors.StoreAnsweredNonsense(
        f"The store's answer {what}.",
        remedy="Look for a caching or compression plugin, or a proxy, that rewrites answers.",
    )


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    length = response.content_length
    if length is not None and length > limit:
        raise too_much(limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > limit:
            raise too_much(limit)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _tls(options: StoreOptions) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if options.ca_file is not None:
        try:
            context.load_verify_locations(cafile=options.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise errors.CaFileUnreadable(
                f"The certificate authority in {options.ca_file} cannot be read.",
                remedy="WOOCOMMERCE_CA_FILE must name a PEM file with BEGIN CERTIFICATE in it.",
            ) from error
    return context


def _bad_certificate(base_url: str, error: Exception) -> errors.TlsRefused:
    code = error.verify_code if isinstance(error, ssl.SSLCertVerificationError) else 0
    reason, remedy = _TLS_REASONS.get(
        code, ("is not valid", "Check the shop's certificate in a browser.")
    )
    return errors.TlsRefused(f"The certificate of {base_url} {reason}.", remedy=remedy)


def _reason(error: aiohttp.ClientConnectorError) -> str:
    number = error.os_error.errno
    return os.strerror(number).lower() if number and number > 0 else "the connection failed"


def _no_tls(base_url: str, error: aiohttp.ClientConnectorSSLError) -> errors.TlsRefused:
    """Tell plain HTTP from other trouble; OpenSSL takes it for a wrong version."""
    if "WRONG_VERSION_NUMBER" in str(error) or "HTTP_REQUEST" in str(error):
        return errors.TlsRefused(
            f"{base_url} speaks plain http at this port, not https.",
            remedy="Check the port; only for a test shop on your own network begin the store URL "
            "with http://.",
        )
    return errors.TlsRefused(
        f"{base_url} does not speak TLS as it should: {_reason(error)}.",
        remedy="Check that the address is right and that the shop has a valid certificate.",
    )
