"""Settle what levels mean that are not the expected ones, after products and orders were pulled."""

from collections.abc import Iterable, Sequence

from msgspec import structs

from woosync.domain import ids
from woosync.flows.ingest import agreeing, looking, news
from woosync.flows.ingest.context import Result
from woosync.flows.ingest.streams import ORDERS
from woosync.flows.pull.run import Run
from woosync.mapping.level import Look
from woosync.postgres import stock_links

SLICE = 1000


async def settle(run: Run) -> None:
    """Look again at products whose level is not what orders and our own writes lead to.

    A sale whose order has come in meanwhile explains itself; what stays is an edit in the shop.
    """
    touched = {ids.Entity.PRODUCT, ids.Entity.VARIATION, ids.Entity.ORDER} & run.cursors.keys()
    if run.context.dry_run or not touched:
        return
    after = 0
    while True:
        async with run.database.transaction() as tx:
            found = await stock_links.load_unequal(
                tx, run.context.store_id, after=after, limit=SLICE
            )
            links = await stock_links.load(tx, run.context.store_id, found)
        if found:
            await agreeing.settle(_sight(run), found, first=_seen(links.values()))
        if len(found) < SLICE:
            return
        after = found[-1]


def _seen(links: Iterable[stock_links.StockLink]) -> dict[int, Look]:
    """Return the looks at products that the pull has just had."""
    return {link.product_id: Look(link.observed, link.observed_modified) for link in links}


def _sight(run: Run) -> agreeing.Sight:
    async def fetch(product_ids: Sequence[int]) -> dict[int, Look]:
        async with run.database.transaction() as tx:
            addresses = await stock_links.load_addresses(tx, run.context.store_id, product_ids)
        return await looking.fetch(
            run.client,
            addresses.values(),
            variations_route=run.capabilities.variations_route,
        )

    def count(result: Result) -> None:
        run.count(ORDERS).add(result.counts)
        run.count(ORDERS).seen += len(result.changed_ids)
        run.note_came(ids.Entity.ORDER, result.changed_ids)
        known = run.cursors.get(ids.Entity.ORDER)
        if known is not None and result.changed_ids:
            run.cursors[ids.Entity.ORDER] = structs.replace(known, due=True)

    paper = news.News(
        database=run.database,
        client=run.client,
        context=structs.replace(run.context, force=False),
        zone=run.capabilities.zone,
        overlap=run.options.overlap,
        on_saved=count,
    )
    return agreeing.Sight(
        context=run.context,
        fetch=fetch,
        pull_orders=lambda: news.pull(paper),
        transaction=lambda: run.database.transaction(relaxed=True),
        sleep=run.client.clock.sleep,
    )
