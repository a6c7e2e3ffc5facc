"""Pulls that kill their own process at a chosen point; run as `python -m flows.crashing`.

Points are counted after every request to the store, and before and after every commit that has
something to commit. A pull only reads the store, so dying at any other moment leaves exactly what
dying at the point before it leaves. Every line of stdin is one pull in a process of its own:
database URL, store URL, key, secret, point (0: never), "full" or "changes". The answer is a line:
exit status and points passed.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from conftest import new_event_loop
from woosync.flows import pull
from woosync.flows.pull import prepare
from woosync.postgres import engine, stores
from woosync.woo import capabilities
from woosync.woo.client import StoreClient
from woosync.woo.options import StoreOptions

#: The file descriptor on which a child tells how many points it has passed.
RESULT = 9


@dataclass
class Bomb:
    """Kills the process when it has been asked often enough."""

    left: int
    passed: int = 0

    def tick(self) -> None:
        self.passed += 1
        if self.passed == self.left:
            os.kill(os.getpid(), signal.SIGKILL)


class CrashingDatabase(engine.Database):
    """Ticks before and after every commit of something written."""

    bomb: Bomb

    @contextlib.asynccontextmanager
    async def transaction(self, *, relaxed: bool = False) -> AsyncIterator[engine.Transaction]:
        async with super().transaction(relaxed=relaxed) as connection:
            yield connection
            wrote = await has_written(connection)
            if wrote:
                self.bomb.tick()
        if wrote:
            self.bomb.tick()


async def has_written(tx: engine.Transaction) -> bool:
    """Tell whether the transaction has something to commit: PostgreSQL gave it a number then."""
    cursor = await tx.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
    [written] = await cursor.fetchone() or [False]
    return bool(written)


class CrashingClient(StoreClient):
    """Ticks after every answer to a question."""

    bomb: Bomb

    async def fetch_as(self, *arguments: Any, **named: Any) -> Any:
        answer = await super().fetch_as(*arguments, **named)
        self.bomb.tick()
        return answer


async def main(arguments: list[str]) -> None:
    url, store_url, key, secret, point, mode = arguments
    bomb = Bomb(0)
    database = CrashingDatabase(url)
    database.bomb = bomb
    options = StoreOptions(url=store_url, key=key, secret=secret, allow_private=True, backoff=0.01)
    async with CrashingClient(options) as client:
        client.bomb = bomb
        found = await capabilities.fetch_capabilities(client)
        async with database.transaction() as tx:
            store = await stores.load(tx, "default")
        bomb.left, bomb.passed = int(point), 0

        async def learn() -> capabilities.Capabilities:
            return found

        await prepare.pull(
            prepare.Job(
                database=database,
                store=store,
                client=client,
                learn=learn,
                options=pull.Options(full=mode == "full", sweep=True, page_size=10),
                actor="test",
                clock=lambda: datetime.now(UTC),
                on_progress=lambda _: None,
                on_plan=lambda _: None,
            )
        )
    await database.close()
    os.write(RESULT, str(bomb.passed).encode())


def serve() -> None:
    """Fork a process for every line, so that each pull is spared Python's start."""
    for line in sys.stdin:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.dup2(writing, RESULT)
            with asyncio.Runner(loop_factory=new_event_loop) as runner:
                runner.run(main(line.split()))
            os._exit(0)
        os.close(writing)
        _, status = os.waitpid(pid, 0)
        passed = os.read(reading, 20).decode() or "0"
        os.close(reading)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)} {passed}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
