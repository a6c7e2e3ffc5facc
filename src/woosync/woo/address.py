"""The store's address: what people type becomes one base URL; private ones are refused."""

import asyncio
import contextlib
import ipaddress
import math
import re
import socket
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from woosync.woo import errors

#: RFC 6598, shared by carriers and clouds; Python counts it neither as private nor as global.
_CGNAT = ipaddress.ip_network("100.64.0.0/10")
#: RFC 6052 and RFC 3056: IPv6 that carries an IPv4 address, which a gateway may unpack.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SYSTEM_PORTS = 1024
#: How long what a name leads to is held for true.
_KNOWN_SECONDS = 60.0
#: A host as DNS or an IP literal has it, after IDNA.
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
#: How long RFC 1035 lets a name be, and each part of it.
_NAME_LENGTH, _LABEL_LENGTH = 253, 63
#: What RFC 3986 lets stand in a path, and the sign of what is escaped already.
_IN_PATHS = "/%:@!$&'()*+,;=~"
_LONE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_PRIVATE_REMEDY = (
    "If this store really is on your own machine or network, set WOOSYNC_ALLOW_PRIVATE_STORES=true."
)

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def normalise(url: str, *, allow_private: bool) -> str:
    """Turn what a person typed into the base URL of the shop, without a trailing slash.

    `shop.example`, `https://shop.example/sub/`, `https://shop.example/wp-json/wc/v3` are all
    understood. Raises StoreNotAllowed for what must not be called.
    """
    text = url.strip()
    if not text or "\\" in text or " " in text or not text.isprintable():
        raise errors.StoreNotAllowed(
            "The store URL is empty or has characters no URL can have.",
            remedy="Give it as https://shop.example.",
        )
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise _no_host() from error
    _refuse_scheme(parts.scheme, allow_private=allow_private)
    if "@" in parts.netloc:
        raise errors.StoreNotAllowed(
            "The store URL carries a user name or password.",
            remedy="Give the plain address; the consumer key and secret are separate settings.",
        )
    host, port = _host_and_port(text)
    _refuse_port(parts.scheme, port, allow_private=allow_private)
    literal = literal_address(host)
    if literal is not None and not allow_private and is_inside(literal):
        raise refusal(host, literal)
    return _base(parts.scheme, host, port, parts.path)


def literal_address(host: str) -> IPAddress | None:
    """Read a host that is an IP address in any form the system resolver understands, else None.

    Decimal, octal, hexadecimal and shortened IPv4 count, since `connect` would take them.
    """
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def is_inside(address: IPAddress) -> bool:
    """Whether the address is loopback, private, link-local, shared, multicast or reserved."""
    if isinstance(address, ipaddress.IPv6Address):
        carried = _carried(address)
        if carried is not None:
            return is_inside(carried)
    return (
        not address.is_global
        or address.is_multicast
        or address.is_reserved
        or (address.version == _CGNAT.version and address in _CGNAT)
    )


def refusal(host: str, address: IPAddress) -> errors.StoreNotAllowed:
    """Say that this host leads into a private network."""
    return errors.StoreNotAllowed(
        f"{host} leads to {address}, an address inside a private network.", remedy=_PRIVATE_REMEDY
    )


async def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a name, in the order to try them. Raises OSError.

    Those of one network interface alone (`fe80::1%eth0`) are left out: curl takes none.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [one for one in dict.fromkeys(str(one[4][0]) for one in found) if "%" not in one]


class Names:
    """Where the host of one store leads; a private address of any is refused.

    Connections are made to exactly the addresses given here: a name that changes its answer
    between check and use (DNS rebinding) gains nothing. curl's own look-ups would hold the event
    loop when they are given up.
    """

    def __init__(
        self, base_url: str, *, allow_private: bool, monotonic: Callable[[], float]
    ) -> None:
        parts = urlsplit(base_url)
        self._base_url = base_url
        self._host = parts.hostname or ""
        self._port = parts.port or _DEFAULT_PORTS[parts.scheme]
        self._allow_private = allow_private
        self._monotonic = monotonic
        self._found: list[str] = []
        self._is_address = literal_address(self._host) is not None
        self._until = -math.inf
        self._looking = asyncio.Lock()

    async def found(self, *, within: float) -> list[str]:
        """Return curl's entry of the name, looked up now and then; none for an address itself.

        `within` is in seconds. Raises StoreUnreachable and StoreNotAllowed.
        """
        if self._is_address:
            return []
        async with self._looking:
            if self._monotonic() >= self._until:
                self._found = [await self._look(within)]
                self._until = self._monotonic() + _KNOWN_SECONDS
            return self._found

    def forget(self) -> None:
        """Look the name up again next time: nothing was to be reached where it led to."""
        self._until = -math.inf

    async def _look(self, within: float) -> str:
        addresses: list[str] = []
        with contextlib.suppress(OSError, UnicodeError):  # TimeoutError is one
            async with asyncio.timeout(within):
                addresses = await look_up(self._host, self._port)
        if not addresses:
            raise errors.StoreUnreachable(
                f"The name of {self._base_url} cannot be found.",
                remedy="Check the spelling of the store URL and this machine's network.",
            )
        for one in addresses:
            address = ipaddress.ip_address(one)
            if is_inside(address) and not self._allow_private:
                raise refusal(self._host, address)
        return f"{self._host}:{self._port}:{','.join(addresses)}"


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 one stands for."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _refuse_scheme(scheme: str, *, allow_private: bool) -> None:
    if scheme not in _DEFAULT_PORTS:
        raise errors.StoreNotAllowed(
            f"A store URL cannot start with {scheme}://.", remedy="Use https://."
        )
    if scheme == "http" and not allow_private:
        raise errors.StoreNotAllowed(
            "The store URL is http://, so orders and customers would travel unencrypted.",
            remedy="Use https://; for a test shop on your own network set "
            "WOOSYNC_ALLOW_PRIVATE_STORES=true.",
        )


def _refuse_port(scheme: str, port: int, *, allow_private: bool) -> None:
    if allow_private or port == _DEFAULT_PORTS[scheme] or port >= _SYSTEM_PORTS:
        return
    raise errors.StoreNotAllowed(
        f"Port {port} belongs to another service than a web shop.",
        remedy="Leave the port out of the store URL.",
    )


def _host_and_port(text: str) -> tuple[str, int]:
    parts = urlsplit(text)
    try:
        host = _as_looked_up(parts.hostname or "")
    except ValueError:
        raise _no_host() from None
    if not _HOST.fullmatch(host) or not _has_labels(host):
        raise _no_host()
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise errors.StoreNotAllowed(
            "The port in the store URL is not a number from 1 to 65535.",
            remedy="Correct it, or leave it out: https://shop.example.",
        )
    return host, port or _DEFAULT_PORTS[parts.scheme]


def _has_labels(host: str) -> bool:
    """Whether the parts between the dots are as long as DNS lets them be; a last dot may stand."""
    if ":" in host:
        return True
    labels = host.removesuffix(".").split(".")
    return len(host) <= _NAME_LENGTH and all(0 < len(one) <= _LABEL_LENGTH for one in labels)


def _as_looked_up(host: str) -> str:
    """Return the name in the letters of DNS. Raises ValueError for what is no name."""
    if host.isascii():
        return host
    import idna  # noqa: PLC0415 - costs start-up time, and is rarely needed

    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return host.encode("idna").decode()  # older rules, by which names of signs were given out


def _no_host() -> errors.StoreNotAllowed:
    return errors.StoreNotAllowed(
        "The store URL has no usable host name.", remedy="Give it as https://shop.example."
    )


def _base(scheme: str, host: str, port: int, path: str) -> str:
    path = path.partition("/wp-json")[0].partition("/wp-admin")[0].rstrip("/")
    shown = f"[{host}]" if ":" in host else host
    netloc = shown if port == _DEFAULT_PORTS[scheme] else f"{shown}:{port}"
    escaped = _LONE_PERCENT.sub("%25", quote(path, safe=_IN_PATHS))
    return f"{scheme}://{netloc}{escaped}".rstrip("/")
