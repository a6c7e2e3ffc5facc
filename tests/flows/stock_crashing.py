"""Stock pushes that kill their own process at a chosen point: `python -m flows.stock_crashing`.

As `flows.crashing` for pulls: every line of stdin is one push in a process of its own.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta

from conftest import new_event_loop
from flows import crashing
from woosync.domain import conflict_policy
from woosync.flows import stock
from woosync.postgres import stores
from woosync.woo import capabilities
from woosync.woo.client import Answer
from woosync.woo.options import StoreOptions


class CrashingClient(crashing.CrashingClient):
    """Ticks before and after every write too."""

    async def send(self, method: str, route: str, **named: object) -> Answer:
        self.bomb.tick()
        answer = await super().send(method, route, **named)  # type: ignore[arg-type] # as given
        self.bomb.tick()
        return answer


async def main(arguments: list[str]) -> None:
    url, store_url, key, secret, point, ahead = arguments
    bomb = crashing.Bomb(0)
    database = crashing.CrashingDatabase(url)
    database.bomb = bomb
    options = StoreOptions(url=store_url, key=key, secret=secret, allow_private=True, backoff=0.01)
    async with CrashingClient(options) as client:
        client.bomb = bomb
        found = await capabilities.fetch_capabilities(client)
        async with database.transaction() as tx:
            store = await stores.load(tx, "default")
        job = await stock.prepare(
            stock.Wanted(
                database=database,
                store=store,
                client=client,
                capabilities=found,
                policies=conflict_policy.Rules(),
                options=stock.Options(),
                actor="test",
                clock=lambda: datetime.now(UTC) + timedelta(seconds=float(ahead)),
            )
        )
        bomb.left, bomb.passed = int(point), 0
        await stock.push(job)
    await database.close()
    os.write(crashing.RESULT, str(bomb.passed).encode())


def serve() -> None:
    """Fork a process for every line, so that each push is spared Python's start."""
    for line in sys.stdin:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.dup2(writing, crashing.RESULT)
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
