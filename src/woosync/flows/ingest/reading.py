"""Raw records to domain records; one that cannot be read is set aside with its reason."""

import hashlib
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from woosync import errors
from woosync.flows.ingest.context import Incoming, Noun
from woosync.mapping import snapshot
from woosync.postgres import quarantine
from woosync.woo import paging

T = TypeVar("T", bound=msgspec.Struct)
DIGEST_BYTES = 16


class UnreadableError(errors.RecordError):
    """An entry of a page that is no record at all."""


def digest(raw: bytes) -> bytes:
    """Hash a record's raw JSON: equal means that the store has not touched it.

    Processors have instructions for SHA-256, so nothing as strong takes less of their time.
    """
    return hashlib.sha256(raw).digest()[:DIGEST_BYTES]


def read(
    noun: Noun[T], records: Sequence[tuple[paging.Record, bytes]]
) -> tuple[list[Incoming[T]], list[quarantine.Entry]]:
    """Decode (record, digest) pairs; bad ones come back as quarantine entries."""
    good: list[Incoming[T]] = []
    bad: list[quarantine.Entry] = []
    for record, hashed in records:
        raw = bytes(record.raw)
        try:
            wire, theirs, parent_id = noun.read(raw)
        except errors.RecordError as error:
            bad.append(entry(noun.entity.value, str(record.id), error, raw))
        else:
            base = snapshot.encode(theirs)
            good.append(
                Incoming(record.id, parent_id, record.modified, hashed, raw, wire, theirs, base)
            )
    return good, bad


def entry(entity: str, name: str, error: errors.WoosyncError, raw: bytes) -> quarantine.Entry:
    """Return the quarantine entry of a bad record."""
    return quarantine.Entry(
        entity=entity,
        record=name,
        reason=error.message,
        remedy=error.remedy or "Mend the record in the store; the next pull takes it.",
        sample=raw,
    )


def unreadable(noun: Noun[Any], bad: paging.BadRecord) -> quarantine.Entry:
    """Return the quarantine entry of what is no record at all."""
    error = UnreadableError(f"The record cannot be read: {bad.reason}.")
    return entry(noun.entity.value, f"unreadable {digest(bad.raw).hex()[:12]}", error, bad.raw)
