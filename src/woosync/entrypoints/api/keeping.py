"""Answers that cost something, kept for a while: as long as the settings say and no run changes.

Each process keeps its own; what is kept is never needed for anything to be right.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import cashews
import fastapi

from woosync import bootstrap
from woosync.postgres import analytics
from woosync.postgres.nouns import listing

#: Answers kept at most.
SIZE = 500
#: Seconds for which others wait for whoever is computing the same answer.
PATIENCE = 30


@contextlib.asynccontextmanager
async def keeping(app: fastapi.FastAPI) -> AsyncIterator[None]:
    """Give the app a cache while it serves."""
    cache = cashews.Cache()
    cache.setup("mem://", size=SIZE)
    app.state.cache = cache
    try:
        yield
    finally:
        await cache.close()


async def kept(
    request: fastapi.Request, name: str, compute: Callable[[], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    """Return the answer of this name, computed unless it is kept and no run changed since."""
    opened: bootstrap.Application = request.app.state.opened
    cache: cashews.Cache = request.app.state.cache
    lifetime = opened.settings.cache_ttl
    if not lifetime:
        return await compute()
    async with listing.reading(opened.database) as tx:
        key = f"{name}:{await analytics.load_state_of_runs(tx)}"
    async with cache.lock(f"lock:{key}", expire=PATIENCE):
        found: dict[str, Any] | None = await cache.get(key)
        if found is None:
            found = await compute()
            await cache.set(key, found, expire=lifetime)
    return found
