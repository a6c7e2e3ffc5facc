"""The moment between PHP's read of a record and its write, in which other requests run."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

Between = Callable[[str, int], Awaitable[bool]]
"""What happens in the gap of (kind, id); true if PHP dies when it has saved the meta_data only."""


async def _yield(kind: str, record_id: int) -> bool:
    del kind, record_id
    await asyncio.sleep(0)
    return False


_between: ContextVar[Between] = ContextVar("between", default=_yield)


def use(between: Between) -> None:
    """Say what happens between read and write in the present request."""
    _between.set(between)


async def pause(kind: str, record_id: int) -> bool:
    """Let others run between the read and the write of a record.

    Returns true if PHP dies in this write once it has saved the meta_data.
    """
    return await _between.get()(kind, record_id)
