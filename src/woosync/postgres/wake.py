"""Being woken: PostgreSQL tells who waits for work as soon as its transaction commits."""

import re
from collections.abc import AsyncIterator

import psycopg

from woosync.postgres import errors
from woosync.postgres.engine import Database

CHANNEL = "woosync_wake"
PAYLOAD = re.compile(r"(inbox|outbox):(\d{1,18})")


async def listen(database: Database) -> AsyncIterator[tuple[str, int]]:
    """Yield what waits ("inbox" or "outbox") and for which store, until the connection ends.

    Raises the kinds of `postgres.errors`; what was told meanwhile is lost, so look round after.
    """
    async with database.session() as connection:
        try:
            await connection.execute(f"LISTEN {CHANNEL}")
            async for told in connection.notifies():
                found = PAYLOAD.fullmatch(told.payload)
                if found:
                    yield found[1], int(found[2])
        except psycopg.Error as error:
            raise errors.translate(error) from error
