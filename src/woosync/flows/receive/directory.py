"""What this process knows of the stores that may send: secrets and allowed addresses.

Held in memory, so that a flood of bad deliveries does not become a flood of queries.
"""

import asyncio
import ipaddress
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from woosync import errors

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: What was read is good for so long; then it is read again while the old one serves.
FRESH = 5.0
#: However many ask, it is read so often at most.
APART = 0.2


class BadNetworkError(errors.RefusedError):
    """An allowed address is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """How a store's deliveries are recognised; an empty `networks` lets every address in."""

    store_id: int
    secret: str = field(repr=False)
    previous_secret: str = field(default="", repr=False)
    previous_until: datetime | None = None
    networks: tuple[Network, ...] = ()

    def secrets(self, now: datetime) -> list[str]:
        """Return the secrets that are good now; none that is empty."""
        good = [self.secret]
        if self.previous_until is not None and now < self.previous_until:
            good.append(self.previous_secret)
        return [secret for secret in good if secret]

    def admits(self, address: str) -> bool:
        """Tell whether deliveries may come from there; what is no address may not, once asked."""
        if not self.networks:
            return True
        try:
            known = plain_address(address)
        except ValueError:
            return False
        return any(known in network for network in self.networks)


def plain_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Read an address; an IPv4 one inside IPv6 is the IPv4 one. Raises ValueError."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def read_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Read addresses and CIDR blocks; raises BadNetworkError."""
    return tuple(map(_network, texts))


def networks_of(settings: Mapping[str, object]) -> tuple[Network, ...]:
    """Read {"webhooks": {"allowed": ["203.0.113.0/24"]}} of a store's settings.

    Raises BadNetworkError.
    """
    given = settings.get("webhooks")
    allowed = given.get("allowed", ()) if isinstance(given, Mapping) else ()
    if not isinstance(allowed, Sequence) or isinstance(allowed, str):
        raise BadNetworkError(f"{allowed!r} is no list of addresses.")
    return read_networks([str(one) for one in allowed])


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise BadNetworkError(
            f"{text!r} is no address and no block of addresses.",
            remedy="Write one such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32.",
        ) from None
    if isinstance(network, ipaddress.IPv6Network):
        inside = network.network_address.ipv4_mapped
        mapped_bits = 96
        if inside is not None and network.prefixlen >= mapped_bits:
            return ipaddress.ip_network(f"{inside}/{network.prefixlen - mapped_bits}")
    return network


class Directory:
    """The doors by store key; `load` reads them all from the database."""

    def __init__(
        self,
        load: Callable[[], Awaitable[Mapping[str, Door]]],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._monotonic = monotonic
        self._doors: Mapping[str, Door] = {}
        self._read_at: float | None = None
        self._reading: asyncio.Task[None] | None = None

    async def find(self, key: str, *, newer_than: float | None = None) -> Door | None:
        """Return a store's door, None for an unknown key.

        With `newer_than` (a reading of this directory's clock) what is known is at least that new.
        Raises the errors of `load` where nothing is known yet.
        """
        if self._read_at is None:
            await self._renewed(0.0)
        elif newer_than is not None:
            await self._renewed(newer_than)
        elif self._monotonic() - self._read_at > FRESH and self._reading is None:
            self._begin()
        return self._doors.get(key)

    def moment(self) -> float:
        """Return the time by this directory's clock."""
        return self._monotonic()

    async def _renewed(self, since: float) -> None:
        while self._read_at is None or self._read_at < since:
            self._begin()
            if self._reading is not None:
                await asyncio.shield(self._reading)

    def _begin(self) -> None:
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(_seen)

    async def _read(self) -> None:
        try:
            if self._read_at is not None:
                await asyncio.sleep(max(0.0, self._read_at + APART - self._monotonic()))
            begun = self._monotonic()
            self._doors = await self._load()
            self._read_at = begun
        finally:
            self._reading = None


def _seen(task: asyncio.Task[None]) -> None:
    """Look at a failure, so that nobody is told it was not looked at; the next caller meets it."""
    if not task.cancelled():
        task.exception()
