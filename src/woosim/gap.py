"""The moment between PHP's read of a record and its write, in which other requests run."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

Between = Callable[[str, int], Awaitable[None]]


async def _yield(kind: str, record_id: int) -> None:
    del kind, record_id
    await asyncio.sleep(0)


_between: ContextVar[Between] = ContextVar("between", default=_yield)


def use(between: Between) -> None:
    """Say what happens between read and write in the present request."""
    _between.set(between)


async def pause(kind: str, record_id: int) -> None:
    """Let others run between the read and the write of a record."""
    await _between.get()(kind, record_id)
