"""Background work: `working` runs what requests, schedules and wake-ups ask for.

Any number of these may run on any number of hosts; each may die at any instruction: what it was
doing goes back into the queue and is taken up where it stopped.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from woosync import bootstrap
from woosync.entrypoints.worker import keeping, queue, schedule, waking, watching


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a worker works: so many runs at once; silent for `stalled_after` seconds it is dead.

    `scheduled`: it also sees to what is due; `reacting`: and to deliveries and local changes.
    """

    concurrency: int = 8
    stalled_after: float = 30.0
    scheduled: bool = True
    reacting: bool = True


@contextlib.asynccontextmanager
async def working(
    opened: bootstrap.Application, options: Options | None = None
) -> AsyncIterator[None]:
    """Work in the background while the block lasts; what is under way then goes back."""
    chosen = options or Options()
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # runs say how they ended
    keeper, wakes = keeping.Keeper(opened), waking.Wakes(opened)
    parts: list[Callable[[], Awaitable[None]]] = [
        lambda: queue.work(
            opened, concurrency=chosen.concurrency, stalled_after=chosen.stalled_after
        ),
        lambda: queue.rescue(opened, stalled_after=chosen.stalled_after),
    ]
    if chosen.reacting:
        parts += [wakes.listen, wakes.look_round]
    if chosen.scheduled:
        parts.append(lambda: schedule.keep(opened))
        parts.append(lambda: watching.keep(opened))
    tasks = [asyncio.create_task(keeper.keep_up(part)) for part in parts]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await wakes.close()
