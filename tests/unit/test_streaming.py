"""Streams end whatever becomes of the caller, and give back what they hold."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from woosync.entrypoints.api import streaming


class Source:
    """Chunks without end, and whether they were closed."""

    def __init__(self, failing_at: int = 10**9) -> None:
        self.sent, self.closed, self.failing_at = 0, False, failing_at

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        try:
            while True:
                self.sent += 1
                if self.sent == self.failing_at:
                    raise ConnectionError
                yield b"x"
        finally:
            self.closed = True


def stream(source: Source, stall: float = 60) -> streaming.Stream:
    return streaming.Stream(source.chunks(), media_type="text/plain", headers={}, stall=stall)


async def stays() -> Any:
    await asyncio.Event().wait()


async def leaves() -> Any:
    return {"type": "http.disconnect"}


async def test_a_caller_that_takes_nothing_is_given_up() -> None:
    source = Source()
    sent: list[str] = []

    async def send(message: Any) -> None:
        sent.append(message["type"])
        if len(sent) > 3:
            await asyncio.Event().wait()

    answer = stream(source, stall=0.01)
    await answer.begin()
    await asyncio.wait_for(answer({}, stays, send), 10)
    assert source.closed
    assert len(sent) == 4


async def test_a_caller_that_leaves_is_left() -> None:
    source = Source()

    async def send(_: Any) -> None:
        await asyncio.sleep(0)

    answer = stream(source)
    await answer.begin()
    await asyncio.wait_for(answer({}, leaves, send), 10)
    assert source.closed


async def test_what_fails_on_the_way_goes_up_and_is_not_ended_well() -> None:
    source = Source(failing_at=3)
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    answer = stream(source)
    await answer.begin()
    with pytest.raises(ConnectionError):
        await answer({}, stays, send)
    assert source.closed
    assert all(one.get("more_body", True) for one in sent)


async def test_what_fails_before_the_first_chunk_is_raised_at_once() -> None:
    source = Source(failing_at=1)
    with pytest.raises(ConnectionError):
        await stream(source).begin()
    assert source.closed
