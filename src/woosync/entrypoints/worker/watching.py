"""Looking after webhooks: WooCommerce disables one without a word after seven failures."""

import asyncio
import logging
from datetime import timedelta

from woosync import bootstrap, errors
from woosync.flows import webhooks
from woosync.postgres import deliveries, refusals, stores

#: Seconds between rounds; a store that any process has looked at since is not asked again.
ROUND = 300.0
#: Deliveries that are settled, and counts of refused ones, are kept so long.
KEPT = timedelta(days=30)
ACTOR = "watch"

log = logging.getLogger("woosync")


async def keep(opened: bootstrap.Application) -> None:
    """Look after the webhooks of every store, again and again."""
    while True:
        await look_round(opened)
        await asyncio.sleep(ROUND)


async def look_round(opened: bootstrap.Application) -> None:
    """Activate what was disabled in any store, and forget old deliveries."""
    async with opened.database.transaction() as tx:
        found = await stores.load_all(tx)
        await deliveries.remove_old(tx, before=opened.clock() - KEPT)
        await refusals.remove_old(tx, before=opened.clock() - KEPT)
    for store in found:
        if opened.settings.public_url and store.state == "active" and store.consumer_key:
            await _look_after(opened, store)


async def _look_after(opened: bootstrap.Application, store: stores.Store) -> None:
    """Look after one store whose webhooks were registered here; its trouble is its own."""
    noted = await webhooks.load_noted(opened.database, store.id)
    age = None if noted is None else opened.clock() - noted.looked_at
    if age is None or age < timedelta(seconds=ROUND / 2):
        return
    try:
        healed = await opened.heal_webhooks(store.key, actor=ACTOR)
    except errors.WoosyncError as error:
        log.warning(
            "webhooks cannot be looked at", extra={"store": store.key, "cause": error.message}
        )
        return
    if healed:
        topics = ", ".join(one.topic for one in healed)
        log.warning(
            "webhooks were disabled and are active again",
            extra={"store": store.key, "topics": topics},
        )
