"""What a pull finishes with: records that came before what they belong to, and refunds."""

from collections.abc import Sequence
from http import HTTPStatus

import msgspec
from msgspec import structs

from woosync.domain import ids
from woosync.flows import ingest
from woosync.flows.ingest.streams import REFUNDS, Stream
from woosync.flows.pull import changes
from woosync.flows.pull.run import Run
from woosync.flows.pull.together import together
from woosync.postgres import links, orders, products
from woosync.woo import errors as woo_errors
from woosync.woo import lookup, paging

#: So many lists of refunds are asked for at once; the client limits what really runs.
PARALLEL = 8


async def settle(run: Run, *, again: bool) -> None:
    """See to the belongings of all rows saved since the last time this was done.

    With `again` also where nothing was saved: a refund that was bad then may be good now.
    """
    if run.context.dry_run:
        await _foresee_refunds(run)
        return
    if not again and not any(cursor.due for cursor in run.cursors.values()):
        return
    if ids.Entity.ORDER in run.cursors:
        await pull_refunds(run)
        await remove_stale_refunds(run)
    async with run.writing() as tx:
        await products.save_parents(tx, run.context.store_id)
        await orders.save_belongings(tx, run.context.store_id, run.came)
    # All at once: a cursor left due by a kill in between would have nobody to clear it.
    await run.save_cursors(
        {
            entity: structs.replace(cursor, due=False)
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
    await _pull(run, missing)


async def _foresee_refunds(run: Run) -> None:
    """Look at the refunds that orders name which a dry run has seen, and that are not here."""
    if not run.named_refunds:
        return
    run.cursors.setdefault(ids.Entity.REFUND, await run.load_cursor(REFUNDS.entity))
    async with run.database.transaction() as tx:
        known = await links.load(tx, run.context.store_id, REFUNDS.entity, list(run.named_refunds))
    here = {refund for refund, link in known.items() if not link.tombstoned}
    await _pull(run, [one for one in sorted(run.named_refunds.items()) if one[0] not in here])


async def _pull(run: Run, missing: Sequence[tuple[int, int]]) -> None:
    """Pull refunds, given as (refund, order)."""
    if run.capabilities.refunds_route:
        wanted = [refund for refund, _ in missing]
        for start in range(0, len(wanted), changes.INCLUDE * PARALLEL):
            group = wanted[start : start + changes.INCLUDE * PARALLEL]
            await together(
                changes.pull_listed(run, REFUNDS, group[first : first + changes.INCLUDE])
                for first in range(0, len(group), changes.INCLUDE)
            )
        return
    of_orders = sorted({order for _, order in missing})
    for start in range(0, len(of_orders), PARALLEL):
        await together(_pull_of(run, order) for order in of_orders[start : start + PARALLEL])


async def _pull_of(run: Run, order_id: int) -> None:
    """Pull one order's refunds; an order that the store no longer has is left to the sweep."""
    stream = Stream(REFUNDS.noun, f"orders/{order_id}/refunds", REFUNDS.query, trash=False)
    try:
        page = await lookup.fetch_page(run.client, stream.route, stream.query, size=changes.INCLUDE)
    except woo_errors.StoreRejected as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
    else:
        records = [_naming(record, order_id) for record in page.records]
        page = structs.replace(page, records=records)
        await run.save_page(stream, page, run.cursors[ids.Entity.REFUND])


def _naming(record: paging.Record, order_id: int) -> paging.Record:
    """Return a refund that names its order, as it does not where it is listed by order."""
    fields = msgspec.json.decode(record.raw, type=dict[str, msgspec.Raw])
    fields["parent_id"] = msgspec.Raw(str(order_id).encode())
    return record._replace(raw=msgspec.Raw(msgspec.json.encode(fields)))


async def remove_stale_refunds(run: Run) -> None:
    """Mark refunds as gone that their order no longer names, or whose order is gone."""
    async with run.writing() as tx:
        stale = await orders.load_stale_refunds(tx, run.context.store_id)
        if stale:
            result = await ingest.remove(
                tx, run.context, REFUNDS.noun, stale, reason="no order names it"
            )
            run.count(REFUNDS).add(result.counts)
