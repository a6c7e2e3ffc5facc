"""Locks of a store that last as long as a connection: who dies lets go."""

import contextlib
from collections.abc import AsyncIterator

import psycopg.errors

from woosync import errors
from woosync.postgres.engine import Database

#: Kinds of locks that stand for the process of a run.
PULL, PUSH = 0x52554E, 0x50555348
#: PostgreSQL needs a moment to notice that the process of a killed run is gone.
PATIENCE = "SET lock_timeout = '3s'"


@contextlib.asynccontextmanager
async def alone(
    database: Database, kind: int, store_id: int, busy: errors.WoosyncError, *, patient: bool = True
) -> AsyncIterator[None]:
    """Hold a store's lock of a kind while the block lasts.

    Raises `busy` when another process holds it, if `patient` for longer than a moment.
    """
    async with database.session() as connection:
        if patient:
            await connection.execute(PATIENCE)
            try:
                await connection.execute("SELECT pg_advisory_lock(%s, %s)", (kind, store_id))
            except psycopg.errors.LockNotAvailable as error:
                raise busy from error
        else:
            tried = await connection.execute(
                "SELECT pg_try_advisory_lock(%s, %s)", (kind, store_id)
            )
            if await tried.fetchone() != (True,):
                raise busy
        yield
