"""A full scan of one stream: every record by id, in parallel pages, resumable at any page."""

import contextlib
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

from msgspec import structs

from woosync.domain import ids
from woosync.domain.idset import IdSet
from woosync.flows.ingest.streams import Stream
from woosync.flows.pull.cursor import Cursor, Scan
from woosync.flows.pull.recent import Recent
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

    A resumed scan is noted in `run.resumed`: what changed before it went on, in the part that an
    earlier run had read, is still to be pulled. Customers cannot be asked for that, so that part
    of them is read again here.
    """
    run.came = None
    begun = _resumable(run, cursor)
    seen = None if begun else run.seen.setdefault(stream.entity, IdSet())
    started, watermark = (begun.started, begun.watermark) if begun else (run.now(), None)
    newest = None if begun else await _newest_change(run, stream)
    pages = _pages(run, stream, begun.position if begun else paging.START)
    recent = Recent()
    async with Saver(run, stream) as saver:
        async for page in pages:
            watermark = watermark or min(newest or LATEST, _store_time(run, page))
            force = run.context.force
            at = Scan(started=started, watermark=watermark, position=page.position, force=force)
            await saver.add(page, structs.replace(cursor, scan=at))
            recent.add(page)
            if seen is not None:
                for record in page.records:
                    seen.add(record.id)
    if begun:
        await _catch_up(run, stream, begun)
    finished = structs.replace(
        run.cursors[stream.entity],
        scan=None,
        watermark=watermark or started,
        unsettled=recent.unsettled(run, stream),
    )
    await run.save_cursor(stream.entity, finished)
    if not begun:
        await run.release_unmet(stream.entity)


def _pages(
    run: Run, stream: Stream, start: paging.ScanPosition
) -> AsyncGenerator[paging.Page, None]:
    size = run.options.page_size
    return paging.fetch_scan(run.client, stream.route, stream.query, start=start, page_size=size)


async def _catch_up(run: Run, stream: Stream, begun: Scan) -> None:
    """Note that the scan was resumed; see `scan`."""
    run.resumed.add(stream.entity)
    if stream.entity is ids.Entity.CUSTOMER:
        await _read_again(run, stream, before=begun.position)


def _resumable(run: Run, cursor: Cursor) -> Scan | None:
    begun = cursor.scan
    if begun is None or begun.force != run.context.force or run.context.dry_run:
        return None
    return begun if run.now() - begun.started < STALE_AFTER else None


async def _read_again(run: Run, stream: Stream, *, before: paging.ScanPosition) -> None:
    """Read the part of the collection that an earlier run had read before this one went on."""
    pages = _pages(run, stream, paging.START)
    async with contextlib.aclosing(pages), Saver(run, stream) as saver:
        async for page in pages:
            await saver.add(page, None)
            if page.position.last_id >= before.last_id:
                return


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
