"""What a pull finishes with: records that came before what they belong to, and refunds."""

import msgspec

from woosync.domain import ids
from woosync.flows.ingest.streams import REFUNDS, Stream
from woosync.flows.pull import changes
from woosync.flows.pull.run import Run
from woosync.flows.pull.together import together
from woosync.postgres import orders, products
from woosync.woo import lookup

#: So many lists of refunds are asked for at once; the client limits what really runs.
PARALLEL = 8


async def settle(run: Run, *, again: bool) -> None:
    """See to the belongings of all rows saved since the last time this was done.

    With `again` also where nothing was saved: a refund that was bad then may be good now.
    """
    due = again or any(cursor.due for cursor in run.cursors.values())
    if run.context.dry_run or not due:
        return
    if ids.Entity.ORDER in run.cursors:
        await pull_refunds(run)
    async with run.database.transaction() as tx:
        await products.save_parents(tx, run.context.store_id)
        await orders.save_belongings(tx, run.context.store_id)
    # All at once: a cursor left due by a kill in between would have nobody to clear it.
    await run.save_cursors(
        {
            entity: msgspec.structs.replace(cursor, due=False)
            for entity, cursor in run.cursors.items()
            if cursor.due
        }
    )


async def pull_refunds(run: Run) -> None:
    """Pull the refunds that orders name and that are not here, a hundred a request.

    Stores before WooCommerce 9.0 list refunds by order only.
    """
    run.cursors.setdefault(ids.Entity.REFUND, await run.load_cursor(REFUNDS.entity))
    async with run.database.transaction() as tx:
        missing = await orders.load_missing_refunds(tx, run.context.store_id)
    if not missing:
        await run.release_unmet(ids.Entity.REFUND)
    if run.capabilities.refunds_route:
        wanted = [refund for refund, _ in missing]
        for start in range(0, len(wanted), changes.INCLUDE * PARALLEL):
            group = wanted[start : start + changes.INCLUDE * PARALLEL]
            await together(
                changes.pull_listed(run, REFUNDS, group[first : first + changes.INCLUDE])
                for first in range(0, len(group), changes.INCLUDE)
            )
        return
    for order_id in sorted({order for _, order in missing}):
        stream = Stream(REFUNDS.noun, f"orders/{order_id}/refunds", REFUNDS.query, trash=False)
        page = await lookup.fetch_page(run.client, stream.route, stream.query, size=changes.INCLUDE)
        await run.save_page(stream, page, run.cursors[ids.Entity.REFUND])
