"""What changed since the last pull, asked of the store with an overlap."""

from datetime import datetime, timedelta

from msgspec import structs

from woosync import errors
from woosync.flows.ingest.streams import Stream
from woosync.flows.pull.cursor import Cursor
from woosync.flows.pull.recent import Recent
from woosync.flows.pull.run import Run
from woosync.postgres import links, orders
from woosync.woo import lookup, paging

#: Customers are asked for by id in lists of this size.
INCLUDE = 100
#: How many of the newest customers one request looks at.
NEWEST = 10
#: More pages of new customers than this are left to the daily sweep.
MOST_NEW = 100
#: What is older than this at the time of reading is read for the last time, overlap apart.
SETTLED = timedelta(minutes=10)
#: A store's clock this much behind an earlier answer was mended; the overlap covers less.
MENDED = timedelta(minutes=1)


class ClockMendedError(errors.TemporaryError):
    """The store's clock went back: what changed lately may bear dates that were passed already."""


async def pull_changes(run: Run, stream: Stream, cursor: Cursor) -> None:
    """Pull what was modified since the watermark.

    The watermark moves to the latest modified time seen, a value of the store's own clock, and in
    a quiet shop on to what is SETTLED by that clock; repeats inside the overlap are recognised by
    their hash and cost nothing. What the last pull left unsettled is noted as changed. Raises
    ClockMendedError before anything is saved; then only a full scan finds everything.
    """
    if cursor.watermark is None:
        raise AssertionError("an incremental pull follows a full one")
    watermark = cursor.watermark
    pages = paging.fetch_changes(
        run.client,
        stream.route,
        stream.query,
        since=watermark - run.options.overlap,
        page_size=run.options.page_size,
        zone=run.capabilities.zone,
    )
    horizon = read_at = None
    recent = Recent()
    async for page in pages:
        horizon = horizon or _horizon(run, page)
        read_at = read_at or (page.store_time if page.records else None)
        if page.store_time and page.store_time < watermark - MENDED:
            raise ClockMendedError(f"The clock of the store went back to {page.store_time}.")
        for record in page.records:
            if record.modified is not None and record.modified > watermark:
                watermark = record.modified
        recent.add(page)
        known = run.cursors[stream.entity]
        reached = structs.replace(
            known,
            watermark=min(watermark, horizon),
            parents=tuple(dict.fromkeys((*known.parents, *cursor.unsettled))),
            unsettled=recent.unsettled(run, stream),
        )
        await run.save_page(stream, page, reached)
    if read_at is not None:
        await _settle(run, stream, read_at - SETTLED)


async def _settle(run: Run, stream: Stream, settled: datetime) -> None:
    """Move the watermark on: else a quiet shop's last changes, maybe thousands, come every time."""
    known = run.cursors[stream.entity]
    if known.watermark is not None and known.watermark < settled:
        await run.save_cursor(stream.entity, structs.replace(known, watermark=settled))


def _horizon(run: Run, page: paging.Page) -> datetime:
    """Return the store's time at the first page; the watermark never goes beyond it.

    So no date in the future (a mended clock, an import) hides later changes, and neither does what
    changes behind the reader's back, in the second that has just been read.
    """
    return page.store_time or run.now() + timedelta(hours=1)


async def pull_customers(run: Run, stream: Stream, cursor: Cursor) -> None:
    """Pull new customers and a slice of the known ones; a store cannot list changed customers.

    New ones come first by registration date; the slice goes round through all customers, so
    that every edit is found in time even if no webhook or order tells of it.
    """
    await _pull_newest(run, stream)
    position = cursor.rolling or paging.START
    size = run.options.customer_slice
    page = await lookup.fetch_slice(
        run.client, stream.route, stream.query, start=position, size=size
    )
    at_end = len(page.records) + len(page.bad) < size
    rolling = None if at_end else page.position
    current = run.cursors[stream.entity]
    await run.save_page(stream, page, structs.replace(current, rolling=rolling))
    await run.save_cursor(stream.entity, run.cursors[stream.entity])


async def _pull_newest(run: Run, stream: Stream) -> None:
    """Look at the newest customers until known ones come, then save the oldest of them first.

    So a kill in between leaves the newest unknown, and the next pull looks as far again.
    """
    query = {**stream.query, "orderby": "registered_date", "order": "desc"}
    pages: list[paging.Page] = []
    offset, size = 0, NEWEST
    while len(pages) < MOST_NEW:
        page = await lookup.fetch_page(run.client, stream.route, query, offset=offset, size=size)
        pages.append(page)
        ids = [record.id for record in page.records]
        async with run.database.transaction() as tx:
            known = await links.load(tx, run.context.store_id, stream.entity, ids)
        if len(ids) < size or len(known) > size // 2:
            break
        offset, size = offset + size, run.options.page_size
    for page in reversed(pages):
        await run.save_page(stream, page)


async def pull_customers_of(run: Run, stream: Stream, orders_stream: Stream) -> None:
    """Pull the customers of changed orders: an order may have changed them, or made them.

    The orders are noted in their cursor, so that a kill in between forgets nobody.
    """
    waiting = run.cursors[orders_stream.entity].orders
    async with run.database.transaction() as tx:
        wanted = await orders.load_customer_ids(tx, run.context.store_id, waiting)
    for start in range(0, len(wanted), INCLUDE):
        await pull_listed(run, stream, wanted[start : start + INCLUDE])
    cursor = structs.replace(run.cursors[orders_stream.entity], orders=())
    await run.save_cursor(orders_stream.entity, cursor)


async def pull_listed(run: Run, stream: Stream, woo_ids: list[int]) -> None:
    """Pull these records by id, at most 100."""
    page = await lookup.fetch_page(
        run.client, stream.route, listed(stream, woo_ids), size=len(woo_ids)
    )
    await run.save_page(stream, page)


def listed(stream: Stream, woo_ids: list[int]) -> dict[str, str]:
    """Return the query for records by id."""
    included = ",".join(map(str, woo_ids))
    return {**stream.query, "include": included, "orderby": "id"}
