"""Unpack bodies as far as a limit; for the transport."""

import zlib

from woosync.woo import errors

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


def unpack(body: bytes, coding: str, *, limit: int) -> bytes:
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


def too_much(limit: int) -> errors.StoreAnsweredTooMuch:
    """Say that a body is over the limit."""
    return errors.StoreAnsweredTooMuch(
        f"The store's answer is larger than {limit} bytes.",
        remedy="woosync asks for fewer records at a time; a single record this large is an error "
        "in the shop.",
    )


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


def _damaged(what: str) -> errors.StoreAnsweredNonsense:
    return errors.StoreAnsweredNonsense(
        f"The store's answer {what}.",
        remedy="Look for a caching or compression plugin, or a proxy, that rewrites answers.",
    )
