"""Settle what levels mean that deliveries brought and that orders do not explain."""

import time
from collections.abc import Awaitable, Callable, Sequence

from woosync.flows.apply import orders
from woosync.flows.apply.work import Work
from woosync.flows.ingest import agreeing, looking, news
from woosync.flows.ingest.context import Result
from woosync.mapping.level import Look
from woosync.postgres import stock_links

#: So many at most are settled after deliveries; the next pull sees to the others.
MOST = 200
#: While a pause between two looks lasts, waiting deliveries are looked for so often (seconds).
GLANCE = 0.05

Meanwhile = Callable[[], Awaitable[None]]


async def settle(work: Work, meanwhile: Meanwhile) -> None:
    """Look again at products whose level is not what orders and our own writes lead to.

    A sale whose order has come in meanwhile explains itself; what stays is an edit in the shop.
    What a person is to decide about is left to that person. In the pauses between looks
    `meanwhile` is called, so that deliveries need not wait.
    """
    store_id = work.context.store_id
    async with work.database.transaction() as tx:
        unequal = await stock_links.load_unequal(tx, store_id, limit=MOST, held=False)
        links = await stock_links.load(tx, store_id, unequal) if unequal else {}
    found = list(links)
    if not found:
        return
    first = {one: Look(links[one].observed, links[one].observed_modified) for one in found}
    read: set[int] = set()
    await agreeing.settle(_sight(work, meanwhile, read), found, first=first)
    await orders.look_after(work, read)


def _sight(work: Work, meanwhile: Meanwhile, read: set[int]) -> agreeing.Sight:
    async def fetch(product_ids: Sequence[int]) -> dict[int, Look]:
        async with work.database.transaction() as tx:
            addresses = await stock_links.load_addresses(tx, work.context.store_id, product_ids)
        return await looking.fetch(
            work.client,
            addresses.values(),
            variations_route=work.capabilities.variations_route,
        )

    async def pause(seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            await work.client.clock.sleep(min(left, GLANCE))
            await meanwhile()

    def count(result: Result) -> None:
        work.counts.add(result.counts)
        read.update(result.changed_ids)

    paper = news.News(
        database=work.database,
        client=work.client,
        context=work.context,
        zone=work.capabilities.zone,
        on_saved=count,
    )
    return agreeing.Sight(
        context=work.context,
        fetch=fetch,
        pull_orders=lambda: news.pull(paper),
        transaction=lambda: work.database.transaction(relaxed=True),
        sleep=pause,
    )
