"""Whether the store answers: a check anybody may make, which tells nothing about the store."""

import asyncio
from dataclasses import dataclass, field
from time import monotonic

import fastapi

from woosync import bootstrap, errors
from woosync.entrypoints.api import dependencies, routing, schemas

router = routing.unguarded("/connection", "connection")

#: Seconds for which an answer stands: strangers cannot make this server call a store more often.
FRESH = 10.0


class Connection(schemas.Answer):
    """Whether the store can be talked to."""

    success: bool
    message: str


@dataclass(slots=True)
class Checked:
    """What the last check of a store said, and when; who comes meanwhile waits for it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    at: float = 0.0
    said: Connection | None = None


@router.get("/test", response_model=Connection)
async def test_connection(
    request: fastapi.Request, opened: dependencies.Opened, store: dependencies.Store
) -> Connection:
    """Ask the store whether it answers and takes the keys; says nothing else about it."""
    state = request.app.state
    if not hasattr(state, "checked"):
        state.checked = {}
    checked: Checked = state.checked.setdefault(store.id, Checked())
    async with checked.lock:
        if checked.said is None or monotonic() - checked.at > FRESH:
            checked.said = await _check(opened, store.key)
            checked.at = monotonic()
        return checked.said


async def _check(opened: bootstrap.Application, key: str) -> Connection:
    try:
        async with opened.open_store(key) as (_, client):
            await client.fetch("system_status", {"_fields": "environment"})
    except errors.WoosyncError:
        return Connection(success=False, message="The store cannot be talked to.")
    return Connection(success=True, message="The store answers.")
