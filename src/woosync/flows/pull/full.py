"""A full scan of one stream: every record by id, in parallel pages, resumable at any page."""

from datetime import UTC, datetime, timedelta

import msgspec

from woosync.domain import ids
from woosync.domain.idset import IdSet
from woosync.flows.ingest.streams import Stream
from woosync.flows.pull.cursor import Cursor, Scan
from woosync.flows.pull.run import Run
from woosync.flows.pull.saver import Saver
from woosync.woo import lookup, paging

#: A scan that was interrupted longer ago than this starts again.
STALE_AFTER = timedelta(days=1)
LATEST = datetime.max.replace(tzinfo=UTC)


async def scan(run: Run, stream: Stream, cursor: Cursor) -> None:
    """Read the whole collection and leave the cursor where incremental pulls go on.

    What this process itself has seen from the first page on is noted in `run.seen`, for the
    sweep; after a resumed scan the sweep reads the ids again. Bad records that a whole scan does
    not meet again leave the quarantine, also those without an id to know them by.
    """
    begun = _resumable(run, cursor)
    start = begun.position if begun else paging.START
    seen = None if begun else run.seen.setdefault(stream.entity, IdSet())
    started, watermark = (begun.started, begun.watermark) if begun else (run.now(), None)
    newest = None if begun else await _newest_change(run, stream)
    pages = paging.fetch_scan(
        run.client, stream.route, stream.query, start=start, page_size=run.options.page_size
    )
    async with Saver(run, stream) as saver:
        async for page in pages:
            watermark = watermark or min(newest or LATEST, _store_time(run, page))
            under_way = Scan(
                started=started,
                watermark=watermark,
                position=page.position,
                force=run.context.force,
            )
            await saver.add(page, msgspec.structs.replace(cursor, scan=under_way))
            if seen is not None:
                for record in page.records:
                    seen.add(record.id)
    reached = run.cursors[stream.entity]
    finished = msgspec.structs.replace(reached, scan=None, watermark=watermark or started)
    await run.save_cursor(stream.entity, finished)
    if seen is not None:
        await run.release_unmet(stream.entity)


def _resumable(run: Run, cursor: Cursor) -> Scan | None:
    begun = cursor.scan
    if begun is None or begun.force != run.context.force or run.context.dry_run:
        return None
    return begun if run.now() - begun.started < STALE_AFTER else None


async def _newest_change(run: Run, stream: Stream) -> datetime | None:
    """Return the latest change that the store knows, by the clock that dates changes.

    The Date header may be another machine's clock, and so only an upper bound.
    """
    if stream.entity is ids.Entity.CUSTOMER:
        return None
    query = {"_fields": "id,date_modified_gmt", "orderby": "modified", "order": "desc"}
    page = await lookup.fetch_page(run.client, stream.route, query, size=1)
    dates = [record.modified for record in page.records if record.modified is not None]
    return max(dates, default=None)


def _store_time(run: Run, page: paging.Page) -> datetime:
    """Return the store's time; what changes later is left to the next pull."""
    return page.store_time or run.now() - run.options.overlap
