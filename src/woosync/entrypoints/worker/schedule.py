"""What is due without anybody asking: pulls and audits of each store, and keeping house.

A store's own settings say how often: {"schedule": {"pull": 300, "audit": 86400}}, in seconds;
0 is never.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

from woosync import bootstrap, errors, jobs
from woosync.flows import pull
from woosync.postgres import access, log, queue, runs, stores

EVERY = {"pull": 300, "audit": 86_400}
WORK = {
    "pull": jobs.Work(direction="pull", mode="incremental", entities=tuple(pull.ENTITIES)),
    "audit": jobs.Work(direction="audit", mode="full"),
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
    if opened.settings.site_url:
        await opened.load_store()
    async with opened.database.transaction() as tx:
        found = await stores.load_all(tx)
        last = await runs.load_last(tx)
    asked = []
    for store in found:
        for direction, work in WORK.items():
            if is_due(store, direction, last, now=opened.clock()):
                asked.append(await jobs.request(opened.database, store, work, actor=ACTOR))
    return asked


def is_due(
    store: stores.Store,
    direction: str,
    last: Mapping[tuple[int, str], datetime],
    *,
    now: datetime,
) -> bool:
    """Tell whether a store is to be pulled or audited now; the first audit waits its time too."""
    every = every_of(store, direction)
    if not every or store.state != "active" or not store.consumer_key:
        return False
    before = last.get((store.id, direction))
    if before is None and direction == "audit":
        before = store.created_at
    return before is None or now - before >= timedelta(seconds=every)


def every_of(store: stores.Store, direction: str) -> int:
    """Return every how many seconds it is to be done."""
    schedule = store.settings.get("schedule")
    given = schedule.get(direction) if isinstance(schedule, Mapping) else None
    return int(given) if isinstance(given, int) else EVERY[direction]


async def keep_house(opened: bootstrap.Application) -> None:
    """Make the coming months' partitions and forget what has had its time."""
    try:
        async with opened.database.transaction() as tx:
            await log.make_partitions(tx)
            await queue.forget_ended(tx)
            await access.forget_old(tx)
    except errors.RecordError:
        return  # a partition that cannot be made now: rows go into the default one
