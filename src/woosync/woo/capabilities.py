"""What a store can do, learned in two requests; stored per store and read by the flows."""

import hashlib
import zoneinfo
from collections.abc import Mapping
from datetime import tzinfo
from typing import Self
from urllib.parse import urlsplit

import msgspec
from msgspec import structs

from woosync.woo import errors
from woosync.woo.client import Answer, StoreClient

#: WordPress' own index; asked without keys, since WordPress would take them for a user's.
_INDEX = "/"
_ROUTE_INDEX = "/wc/v3"
_VARIATIONS, _REFUNDS = "/wc/v3/variations", "/wc/v3/refunds"
#: Every WooCommerce has this one: an index that lists it lists the others too.
_WITNESS = "/wc/v3/products"
_ROUTE_FIELDS = ",".join(f"routes.{name}.namespace" for name in (_WITNESS, _VARIATIONS, _REFUNDS))
_INDEX_FIELDS = f"name,home,timezone_string,gmt_offset,namespaces,{_ROUTE_FIELDS}"
_STATUS_FIELDS = (
    "environment.home_url,environment.version,environment.wp_version,"
    "settings.currency,settings.HPOS_enabled"
)
_MINUTES = 60


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What the flows need to know of a store; empty or None where it would not tell.

    `time_zone` is an IANA name or "UTC+05:30". `fingerprint` changes when the shop is copied to
    another address, so that a staging copy is not taken for the shop.
    """

    variations_route: bool = False
    refunds_route: bool = False
    hpos: bool | None = None
    version: str = ""
    wordpress_version: str = ""
    time_zone: str = ""
    currency: str = ""
    name: str = ""
    home_url: str = ""
    fingerprint: str = ""

    @property
    def zone(self) -> tzinfo | None:
        """Return the shop's time zone; None where it is a fixed offset or unknown."""
        try:
            return zoneinfo.ZoneInfo(self.time_zone)
        except (KeyError, ValueError):
            return None

    def to_json(self) -> dict[str, object]:
        """Return plain JSON values."""
        return structs.asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> Self:
        """Read what `to_json` wrote, also an older version of it; ValueError for anything else."""
        known = set(cls.__struct_fields__)
        try:
            return msgspec.convert({k: v for k, v in stored.items() if k in known}, cls)
        except msgspec.ValidationError as error:
            raise ValueError("not the stored capabilities of a store") from error


class _Index(msgspec.Struct):
    name: str = ""
    home: str = ""
    timezone_string: str | None = ""
    gmt_offset: float | str | None = None
    namespaces: list[str] = []
    #: A list where PHP has nothing to show.
    routes: dict[str, msgspec.Raw] | list[msgspec.Raw] | None = None


class _Environment(msgspec.Struct):
    home_url: str = ""
    version: str = ""
    wp_version: str = ""


class _Settings(msgspec.Struct):
    currency: str = ""
    hpos: bool | None = msgspec.field(default=None, name="HPOS_enabled")


class _Status(msgspec.Struct):
    environment: _Environment = msgspec.field(default_factory=_Environment)
    settings: _Settings = msgspec.field(default_factory=_Settings)


_INDEX_DECODER = msgspec.json.Decoder(_Index)
_STATUS_DECODER = msgspec.json.Decoder(_Status)


async def fetch_capabilities(client: StoreClient) -> Capabilities:
    """Ask WordPress' index and the system status (and a third where the index is walled off).

    Raises what StoreClient.fetch raises; a key that may not see the system status is no error.
    """
    index, routes = await _fetch_index(client)
    status = await _fetch_status(client)
    home_url = status.environment.home_url or index.home
    return Capabilities(
        variations_route=_VARIATIONS in routes,
        refunds_route=_REFUNDS in routes,
        hpos=status.settings.hpos,
        version=status.environment.version,
        wordpress_version=status.environment.wp_version,
        time_zone=_time_zone(index),
        currency=status.settings.currency,
        name=index.name,
        home_url=home_url,
        fingerprint=fingerprint(home_url),
    )


async def fetch_namespaces(client: StoreClient) -> tuple[Answer, list[str]]:
    """Fetch the names of the APIs that WordPress offers, without using the keys."""
    answer, index = await client.fetch_as(_INDEX_DECODER, _INDEX, {"_fields": "namespaces"})
    return answer, index.namespaces


def fingerprint(home_url: str) -> str:
    """Return what identifies a shop by its own idea of its address, whatever the scheme."""
    if not home_url:
        return ""
    parts = urlsplit(home_url.strip().lower())
    return hashlib.sha256(f"{parts.netloc}{parts.path.rstrip('/')}".encode()).hexdigest()[:32]


async def _fetch_index(client: StoreClient) -> tuple[_Index, set[str]]:
    try:
        _, index = await client.fetch_as(_INDEX_DECODER, _INDEX, {"_fields": _INDEX_FIELDS})
    except (errors.StoreAuthFailed, errors.StoreRejected, errors.NotAStore):
        index = _Index()
    routes = _names(index)
    if _WITNESS not in routes:
        _, listed = await client.fetch_as(_INDEX_DECODER, _ROUTE_INDEX, {"_fields": _ROUTE_FIELDS})
        routes = _names(listed)
    return index, routes


def _names(index: _Index) -> set[str]:
    return set(index.routes) if isinstance(index.routes, dict) else set()


async def _fetch_status(client: StoreClient) -> _Status:
    try:
        _, status = await client.fetch_as(
            _STATUS_DECODER, "system_status", {"_fields": _STATUS_FIELDS}
        )
    except (errors.StoreAuthFailed, errors.StoreRejected, errors.NotAStore):
        return _Status()
    return status


def _time_zone(index: _Index) -> str:
    if index.timezone_string:
        return index.timezone_string
    try:
        minutes = round(float(index.gmt_offset or 0) * _MINUTES)
    except ValueError:
        return ""
    if index.gmt_offset is None:
        return ""
    hours, rest = divmod(abs(minutes), _MINUTES)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"
