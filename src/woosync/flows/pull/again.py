"""Look again at records in quarantine: some are mended without a trace in the store's lists."""

from collections.abc import Sequence

from woosync.domain import ids
from woosync.flows.ingest.streams import VARIATIONS, Stream
from woosync.flows.pull import changes
from woosync.flows.pull.run import Run
from woosync.postgres import quarantine
from woosync.woo import lookup


async def look(run: Run, chosen: Sequence[Stream]) -> bool:
    """Read quarantined records again by id; tell whether refunds among them are to be.

    One that is read well leaves the quarantine when it is saved, one that the store no longer lists
    leaves it here. What this run has read whole has been looked at; so have records that were met
    less than `options.quarantine_every` ago.
    """
    if not run.context.quarantined:
        return False
    before = run.now() - run.options.quarantine_every
    async with run.database.transaction() as tx:
        waiting = await quarantine.load_waiting(tx, run.context.store_id, before=before)
    for stream in chosen:
        if stream is VARIATIONS and not run.capabilities.variations_route:
            continue  # they come with their product, whose time moves when they are mended
        woo_ids = waiting.get(stream.entity.value, [])
        if stream.entity not in run.seen:
            for start in range(0, len(woo_ids), changes.INCLUDE):
                await _look(run, stream, woo_ids[start : start + changes.INCLUDE])
    return ids.Entity.REFUND.value in waiting


async def _look(run: Run, stream: Stream, woo_ids: list[int]) -> None:
    page = await lookup.fetch_page(
        run.client, stream.route, changes.listed(stream, woo_ids), size=len(woo_ids)
    )
    await run.save_page(stream, page)
    listed = {record.id for record in page.records}
    gone = [str(woo_id) for woo_id in woo_ids if woo_id not in listed]
    if gone and not page.bad and not run.context.dry_run:
        async with run.writing() as tx:
            await quarantine.release(tx, run.context.store_id, stream.entity.value, gone)
