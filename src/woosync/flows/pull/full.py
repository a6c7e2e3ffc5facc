"""A full scan of one stream: every record by id, in parallel pages, resumable at any page."""

from datetime import datetime, timedelta

import msgspec

from woosync.domain.idset import IdSet
from woosync.flows.ingest.streams import Stream
from woosync.flows.pull.cursor import Cursor, Scan
from woosync.flows.pull.run import Run
from woosync.flows.pull.saver import Saver
from woosync.woo import paging

#: A scan that was interrupted longer ago than this starts again.
STALE_AFTER = timedelta(days=1)


async def scan(run: Run, stream: Stream, cursor: Cursor) -> None:
    """Read the whole collection and leave the cursor where incremental pulls go on.

    What this process itself has seen from the first page on is noted in `run.seen`, for the
    sweep; after a resumed scan the sweep reads the ids again. Bad records that a whole scan does
    not meet again leave the quarantine, also those without an id to know them by.
    """
    begun = _resumable(run, cursor)
    start = begun.position if begun else paging.START
    seen = None if begun else run.seen.setdefault(stream.entity, IdSet())
    watermark = begun.watermark if begun else None
    pages = paging.fetch_scan(
        run.client, stream.route, stream.query, start=start, page_size=run.options.page_size
    )
    async with Saver(run, stream) as saver:
        async for page in pages:
            watermark = watermark or _watermark(run, page)
            under_way = Scan(watermark=watermark, position=page.position, force=run.context.force)
            await saver.add(page, msgspec.structs.replace(cursor, scan=under_way))
            if seen is not None:
                for record in page.records:
                    seen.add(record.id)
    due = run.cursors[stream.entity].due
    finished = msgspec.structs.replace(cursor, scan=None, watermark=watermark or run.now(), due=due)
    await run.save_cursor(stream.entity, finished)
    if seen is not None:
        await run.release_unmet(stream.entity)


def _resumable(run: Run, cursor: Cursor) -> Scan | None:
    begun = cursor.scan
    if begun is None or begun.force != run.context.force or run.context.dry_run:
        return None
    return begun if run.now() - begun.watermark < STALE_AFTER else None


def _watermark(run: Run, page: paging.Page) -> datetime:
    """Return the store's time when the scan began: what changes later is left to the next pull."""
    return page.store_time or run.now() - run.options.overlap
