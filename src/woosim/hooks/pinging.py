"""How a route pings a webhook: by the queue of the store that the present request came to."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar

Ping = Callable[[int], Awaitable[None]]


async def _nobody(webhook_id: int) -> None:
    del webhook_id


_ping: ContextVar[Ping] = ContextVar("ping", default=_nobody)


def use(ping: Ping) -> None:
    """Say who pings in the present request."""
    _ping.set(ping)


async def ping(webhook_id: int) -> None:
    """Ping a webhook now."""
    await _ping.get()(webhook_id)
