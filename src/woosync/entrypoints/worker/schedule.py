"""What is due without anybody asking: pulls and audits of each store, and keeping house.

A store's own settings say how often: {"schedule": {"pull": 300, "audit": 86400, "stock": 1200}},
in seconds; 0 is never.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

from woosync import bootstrap, errors, jobs
from woosync.flows import pull
from woosync.postgres import access, log, queue, runs, stores

EVERY = {"pull": 300, "audit": 86_400, "stock": 1200}
WORK = {
    "pull": jobs.Work(direction="pull", mode="incremental", entities=tuple(pull.ENTITIES)),
    "audit": jobs.Work(direction="audit", mode="full"),
    "stock": jobs.Work(direction="stock", mode="audit"),
}
ACTOR = "schedule"
#: Seconds between looks at what is due, and between rounds of housekeeping.
LOOK, HOUSEKEEPING = 5.0, 3600.0


async def keep(opened: bootstrap.Application) -> None:
    """Ask for what is due until cancelled; asking twice, here or on another host, is harmless."""
    kept_house: float | None = None
    while True:
        now = asyncio.get_running_loop().time()
        if kept_house is None or now - kept_house > HOUSEKEEPING:
            await keep_house(opened)
            kept_house = now
        await ask_for_due(opened)
        await asyncio.sleep(LOOK)


async def ask_for_due(opened: bootstrap.Application) -> list[int]:
    """Ask for the runs that are due now; return their ids."""
    await opened.make_default()
    async with opened.database.transaction() as tx:
        found = await stores.load_all(tx)
        last = await runs.load_last(tx)
    asked = []
    for store in found:
        for name, work in WORK.items():
            if is_due(store, name, last_of(store, work, last), now=opened.clock()):
                asked.append(await jobs.request(opened.database, store, work, actor=ACTOR))
    return asked


def last_of(
    store: stores.Store, work: jobs.Work, last: Mapping[tuple[int, str, str], datetime]
) -> datetime | None:
    """Return when it was done last: any pull counts, audits of levels are not pushes of them."""
    done = [
        at
        for (store_id, direction, mode), at in last.items()
        if (store_id, direction) == (store.id, work.direction)
        and (direction != "stock" or mode == work.mode)
    ]
    return max(done, default=None)


def is_due(store: stores.Store, name: str, last: datetime | None, *, now: datetime) -> bool:
    """Tell whether it is time to do this for a store; the first audits wait their time too."""
    every = every_of(store, name)
    if not every or store.state != "active" or not store.consumer_key:
        return False
    before = store.created_at if last is None and name != "pull" else last
    return before is None or now - before >= timedelta(seconds=every)


def every_of(store: stores.Store, name: str) -> int:
    """Return every how many seconds it is to be done."""
    schedule = store.settings.get("schedule")
    given = schedule.get(name) if isinstance(schedule, Mapping) else None
    return int(given) if isinstance(given, int) else EVERY[name]


async def keep_house(opened: bootstrap.Application) -> None:
    """Make the coming months' partitions and forget what has had its time."""
    try:
        async with opened.database.transaction() as tx:
            await log.make_partitions(tx)
            await queue.forget_ended(tx)
            await access.forget_old(tx)
    except errors.RecordError:
        return  # a partition that cannot be made now: rows go into the default one
