"""The store's address: what people type becomes one base URL; private ones are refused."""

import ipaddress
import re
import socket
from urllib.parse import urlsplit

import yarl

from woosync.woo import errors
from woosync.woo.loading import aiohttp

#: RFC 6598, shared by carriers and clouds; Python counts it neither as private nor as global.
_CGNAT = ipaddress.ip_network("100.64.0.0/10")
#: RFC 6052 and RFC 3056: IPv6 that carries an IPv4 address, which a gateway may unpack.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SYSTEM_PORTS = 1024
#: A host as DNS or an IP literal has it, after IDNA.
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?")
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
    if not text or "\\" in text or any(ord(char) <= ord(" ") for char in text):
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


class GuardedResolver(aiohttp.abc.AbstractResolver):
    """Resolve names and refuse private results, so that what was checked is what is connected to.

    The connector connects to exactly the addresses given here: a name that changes its answer
    between check and use (DNS rebinding) gains nothing.
    """

    def __init__(self, *, allow_private: bool) -> None:
        self._inner = aiohttp.resolver.ThreadedResolver()
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[aiohttp.abc.ResolveResult]:
        """Resolve `host`; StoreNotAllowed when any address of it is private."""
        found = await self._inner.resolve(host, port, family)
        if not self._allow_private:
            for result in found:
                address = ipaddress.ip_address(result["host"].partition("%")[0])
                if is_inside(address):
                    raise refusal(host, address)
        return found

    async def close(self) -> None:
        """Release the inner resolver."""
        await self._inner.close()


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
    try:
        url = yarl.URL(text)
        host, port = url.raw_host, url.port
    except ValueError:
        host, port = None, None
    if not host or not port or not _HOST.fullmatch(host):
        raise _no_host()
    return host, port


def _no_host() -> errors.StoreNotAllowed:
    return errors.StoreNotAllowed(
        "The store URL has no usable host name.", remedy="Give it as https://shop.example."
    )


def _base(scheme: str, host: str, port: int, path: str) -> str:
    path = path.partition("/wp-json")[0].partition("/wp-admin")[0].rstrip("/")
    shown = f"[{host}]" if ":" in host else host
    netloc = shown if port == _DEFAULT_PORTS[scheme] else f"{shown}:{port}"
    return str(yarl.URL(f"{scheme}://{netloc}{path}")).rstrip("/")
