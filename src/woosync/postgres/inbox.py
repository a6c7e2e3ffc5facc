"""Group commit: deliveries that arrive while one commit runs share the next one."""

import asyncio
import contextlib

import psycopg

from woosync import errors
from woosync.postgres import deliveries
from woosync.postgres import errors as database_errors
from woosync.postgres.engine import Database, Transaction

#: One statement takes so many deliveries, or so many bytes of bodies, at most.
GROUP, GROUP_BYTES = 256, 8 * 1024 * 1024
#: So many deliveries, or bytes, may wait; more means that the database does not keep up.
MOST, MOST_BYTES = 4_000, 64 * 1024 * 1024
#: The shop waits a minute for an answer; it is told in time that there will be none.
PREPARE = "SET synchronous_commit = on; SET statement_timeout = '10s'"

Waiting = tuple[deliveries.NewDelivery, asyncio.Future[None]]


class InboxFullError(errors.TemporaryError):
    """Deliveries come faster than the database can keep them."""


class Inbox:
    """The way of verified deliveries into the database, over one connection of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[Waiting] = []
        self._bytes = 0
        self._writer: asyncio.Task[None] | None = None
        self._connection: Transaction | None = None
        self._stack = contextlib.AsyncExitStack()

    async def put(self, delivery: deliveries.NewDelivery) -> None:
        """Return when the delivery is committed and on disk.

        Raises InboxFullError and the errors of `postgres.errors`: then it may or may not be there.
        """
        if len(self._waiting) >= MOST or self._bytes >= MOST_BYTES:
            raise InboxFullError("Deliveries come faster than the database can keep them.")
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery, done))
        self._bytes += len(delivery.body)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        await done

    async def close(self) -> None:
        """Wait for what is being written and let the connection go."""
        if self._writer is not None:
            await self._writer
        await self._disconnect()

    async def _write(self) -> None:
        try:
            while self._waiting:
                await self._write_group(self._take())
        finally:
            self._writer = None

    def _take(self) -> list[Waiting]:
        size = amount = 0
        for delivery, _ in self._waiting[:GROUP]:
            size += len(delivery.body)
            amount += 1
            if size >= GROUP_BYTES:
                break
        taken, self._waiting = self._waiting[:amount], self._waiting[amount:]
        self._bytes -= size
        return taken

    async def _write_group(self, group: list[Waiting]) -> None:
        """Commit a group and tell everybody who waits for it."""
        failure: BaseException | None = None
        try:
            await self._save([delivery for delivery, _ in group])
        except errors.WoosyncError as error:
            failure = error
        except BaseException as error:
            failure = errors.TemporaryError("The server stops.")
            failure.__cause__ = error
            raise
        finally:
            for _, done in group:
                if done.done():
                    continue
                if failure is None:
                    done.set_result(None)
                else:
                    done.set_exception(failure)

    async def _save(self, group: list[deliveries.NewDelivery]) -> None:
        """Save a group; a connection that died while idle is made anew, once.

        What was saved before its connection died is then saved twice, which does no harm.
        """
        fresh = self._connection is None
        try:
            await self._save_once(group)
        except database_errors.DatabaseUnavailableError:
            if fresh:
                raise
            await self._save_once(group)

    async def _save_once(self, group: list[deliveries.NewDelivery]) -> None:
        try:
            if self._connection is None:
                self._connection = await self._stack.enter_async_context(self._database.session())
                await self._connection.execute(PREPARE)
            await deliveries.save_new(self._connection, group)
        except psycopg.Error as error:
            await self._disconnect()
            raise database_errors.translate(error) from error
        except BaseException:
            await self._disconnect()
            raise

    async def _disconnect(self) -> None:
        self._connection = None
        stack, self._stack = self._stack, contextlib.AsyncExitStack()
        with contextlib.suppress(psycopg.Error):
            await stack.aclose()
