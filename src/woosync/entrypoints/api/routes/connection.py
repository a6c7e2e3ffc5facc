"""Whether the store answers: a check anybody may make, which tells nothing about the store."""

from woosync import errors
from woosync.entrypoints.api import dependencies, routing, schemas

router = routing.unguarded("/connection", "connection")


class Connection(schemas.Answer):
    """Whether the store can be talked to."""

    success: bool
    message: str


@router.get("/test", response_model=Connection)
async def test_connection(opened: dependencies.Opened, store: dependencies.Store) -> Connection:
    """Ask the store whether it answers and takes the keys; says nothing else about it."""
    try:
        async with opened.open_store(store.key) as (_, client):
            await client.fetch("system_status", {"_fields": "environment"})
    except errors.WoosyncError:
        return Connection(success=False, message="The store cannot be talked to.")
    return Connection(success=True, message="The store answers.")
