"""Receive a delivery: recognise the store -> verify the raw bytes -> store durably -> say so.

A delivery is a hint that something changed. Nothing in it is acted on here; `flows.apply` asks the
store. Whatever a shop signs is taken, since a shop that is refused switches its webhook off.
"""

import enum
import hashlib
from collections.abc import Callable
from datetime import datetime

import msgspec

from woosync import errors
from woosync.domain import topic as topics
from woosync.flows.receive import counting
from woosync.flows.receive.directory import Directory, Door
from woosync.postgres import deliveries, inbox
from woosync.woo import signature

HASH_BYTES = 16
ID_LENGTH = 64
_PING = b"webhook_id="
_DIGITS = 19


class Verdict(enum.Enum):
    """What becomes of a request; entry points give each its status."""

    STORED = "stored"
    PINGED = "pinged"
    UNKNOWN = "unknown store"
    FORBIDDEN = "address not allowed"
    UNSIGNED = "no good signature"
    NO_PING = "form without a signature, and no ping"
    UNAVAILABLE = "cannot be stored now"


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """A request as far as it can be read before its body; names as the headers give them."""

    store_key: str
    topic: topics.Topic
    address: str
    signature: bytes | None = None
    named_topic: str = ""
    webhook_id: str = ""
    delivery_id: str = ""
    is_form: bool = False


class Receiver(msgspec.Struct, frozen=True):
    """Takes deliveries in for one process."""

    directory: Directory
    inbox: inbox.Inbox
    refusals: counting.Refusals
    clock: Callable[[], datetime]

    async def admit(self, arrival: Arrival) -> Verdict | None:
        """Refuse what needs no body to be refused; None lets it come in."""
        if not arrival.is_form and signature.decode(arrival.signature) is None:
            return Verdict.UNSIGNED
        try:
            door = await self._door(arrival)
        except errors.WoosyncError:
            return Verdict.UNAVAILABLE
        if door is None:
            return Verdict.UNKNOWN
        return None if door.admits(arrival.address) else Verdict.FORBIDDEN

    async def receive(self, arrival: Arrival, body: bytes) -> Verdict:
        """Store an admitted delivery; returns when it is on disk, or why it is not."""
        if arrival.is_form and is_ping(body):
            return Verdict.PINGED
        if signature.decode(arrival.signature) is None:
            return Verdict.NO_PING
        try:
            door = await self._verified(arrival, body)
            if door is None:
                return Verdict.UNSIGNED
            await self.inbox.put(_delivery(arrival, door, body))
        except errors.WoosyncError:
            # Whatever it is that fails now, it is ours, and the shop may try again.
            return Verdict.UNAVAILABLE
        return Verdict.STORED

    async def _door(self, arrival: Arrival) -> Door | None:
        """Return the store's door; one that is not known yet is asked for once."""
        asked = self.directory.moment()
        found = await self.directory.find(arrival.store_key)
        return found or await self.directory.find(arrival.store_key, newer_than=asked)

    async def _verified(self, arrival: Arrival, body: bytes) -> Door | None:
        """Return the door that the signature opens, also one whose secret changed just now."""
        asked = self.directory.moment()
        digest = signature.decode(arrival.signature) or b""
        door = await self.directory.find(arrival.store_key)
        if door is None or not signature.verify(body, digest, door.secrets(self.clock())):
            door = await self.directory.find(arrival.store_key, newer_than=asked)
            if door is None or not signature.verify(body, digest, door.secrets(self.clock())):
                return None
        return door


def is_ping(body: bytes) -> bool:
    """Tell whether a form body is the ping that a shop sends unsigned for a new webhook."""
    number = body.removeprefix(_PING)
    return number != body and number.isdigit() and len(number) <= _DIGITS


def unsigned(
    store_id: int, topic: topics.Topic, body: bytes, *, source: str
) -> deliveries.NewDelivery:
    """Return the row of a delivery that somebody who is trusted makes up, as a test."""
    return deliveries.NewDelivery(
        store_id=store_id,
        topic=str(topic),
        webhook_id=None,
        delivery_id="",
        body=body,
        body_hash=_hash(body),
        source_address=source[:ID_LENGTH],
    )


def _hash(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=HASH_BYTES).digest()


def _delivery(arrival: Arrival, door: Door, body: bytes) -> deliveries.NewDelivery:
    """Return the row of a verified delivery.

    The address it came to says what it is about: the shop signs no header, and anybody who has
    seen one delivery could send it again under another topic.
    """
    cause = _why_ignored(arrival)
    number = arrival.webhook_id
    return deliveries.NewDelivery(
        store_id=door.store_id,
        topic=str(arrival.topic),
        webhook_id=int(number) if number.isascii() and number.isdigit() and _fits(number) else None,
        delivery_id=arrival.delivery_id[:ID_LENGTH] if arrival.delivery_id.isprintable() else "",
        body=body,
        body_hash=_hash(body),
        source_address=arrival.address[:ID_LENGTH],
        state=deliveries.IGNORED if cause else deliveries.WAITING,
        cause=cause,
    )


def _fits(number: str) -> bool:
    return len(number) < _DIGITS


def _why_ignored(arrival: Arrival) -> str:
    """Return why a delivery is kept but not acted on; empty where it is acted on."""
    if not arrival.topic.is_followed:
        return f"{arrival.topic.resource} records are not kept here"
    if arrival.named_topic in ("", str(arrival.topic)):
        return ""
    named = topics.parse(arrival.named_topic) or "none that can be"
    return f"its header names another topic ({named}) than its address"
