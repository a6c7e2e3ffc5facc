"""Unpacking bodies: a bomb costs no more memory than the limit allows."""

import gzip
import tracemalloc

import pytest

from woosync.woo import errors, packing

LIMIT = 1_000_000


def test_a_bomb_is_never_unpacked_whole() -> None:
    bomb = gzip.compress(b" " * 100_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(errors.StoreAnsweredTooMuch):
            packing.unpack(bomb, "gzip", limit=LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 5 * LIMIT
    finally:
        tracemalloc.stop()


def test_a_body_of_just_the_limit_passes() -> None:
    body = b"x" * LIMIT
    assert packing.unpack(gzip.compress(body), "gzip", limit=LIMIT) == body
    with pytest.raises(errors.StoreAnsweredTooMuch):
        packing.unpack(gzip.compress(body + b"x"), "gzip", limit=LIMIT)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_damaged_bodies_are_nonsense(coding: str) -> None:
    for body in (b"not packed", gzip.compress(b"[]" * 100)[:-12]):
        with pytest.raises(errors.StoreAnsweredNonsense):
            packing.unpack(body, coding, limit=LIMIT)
