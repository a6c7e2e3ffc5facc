"""Ingest the orders that changed lately, so that their effects on stock are known."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any

import msgspec

from woosync import errors
from woosync.flows import ingest
from woosync.flows.ingest import reading
from woosync.flows.ingest.context import Context, Incoming, Result
from woosync.flows.ingest.streams import ORDERS
from woosync.postgres import cursors
from woosync.postgres import errors as database_errors
from woosync.postgres.engine import Database
from woosync.woo import paging
from woosync.woo.client import StoreClient

#: The cursor of this reading, beside the one of ordinary pulls.
CURSOR = "stock:order"
#: An order may be committed this much later than its date says.
OVERLAP = timedelta(minutes=2)
ATTEMPTS = 5


class Position(msgspec.Struct, frozen=True):
    """Up to when changes are known: `watermark` is the store's own latest time."""

    watermark: datetime | None = None


class News(msgspec.Struct, frozen=True, kw_only=True):
    """Where orders come from and where they go."""

    database: Database
    client: StoreClient
    context: Context
    zone: tzinfo | None
    overlap: timedelta = OVERLAP
    on_saved: Callable[[Result], None] = lambda _: None


async def pull(news: News) -> int:
    """Ingest what changed since the last time; return how many orders differed here.

    Nothing happens while no pull has ever read the orders: then levels hold all that they took.
    Reading again costs requests but changes nothing. Raises what fetching raises.
    """
    store_id = news.context.store_id
    async with news.database.transaction() as tx:
        own = await cursors.load(tx, store_id, CURSOR, Position)
        of_pulls = await cursors.load(tx, store_id, ORDERS.entity.value, Position)
    known = [p.watermark for p in (own, of_pulls) if p is not None and p.watermark is not None]
    if of_pulls is None or of_pulls.watermark is None:
        return 0
    watermark = begun = max(known)
    changed = 0
    async for page in _pages(news, watermark - news.overlap):
        changed += await _save(news, page)
        moments = [one.modified for one in page.records if one.modified is not None]
        limit = page.store_time or watermark
        watermark = max([watermark, *(min(moment, limit) for moment in moments)])
    if watermark > begun:
        async with news.database.transaction(relaxed=True) as tx:
            await cursors.save(tx, store_id, CURSOR, Position(watermark))
    return changed


def _pages(news: News, since: datetime) -> AsyncIterator[paging.Page]:
    return paging.fetch_changes(
        news.client, ORDERS.route, ORDERS.query, since=since, zone=news.zone
    )


async def _save(news: News, page: paging.Page) -> int:
    async with news.database.transaction() as tx:
        prepared = await ingest.prepare(tx, news.context, ORDERS.noun, page.records)
    if not prepared.incoming:
        return 0
    try:
        return await _commit(news, prepared.incoming)
    except errors.RecordError:
        # One that cannot be saved must not hide the others; the next pull sets it aside.
        return sum([await _commit_alone(news, one) for one in prepared.incoming])


async def _commit_alone(news: News, one: Incoming[Any]) -> int:
    try:
        return await _commit(news, [one])
    except errors.RecordError as error:
        entry = reading.entry(ORDERS.entity.value, str(one.woo_id), error, one.raw)
        async with news.database.transaction(relaxed=True) as tx:
            await ingest.reject(tx, news.context, [entry], Result())
        return 0


async def _commit(news: News, incoming: list[Incoming[Any]]) -> int:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            async with news.database.transaction(relaxed=True) as tx:
                result = await ingest.save(tx, news.context, ORDERS.noun, incoming)
                if result.changed_ids:
                    await cursors.mark_due(tx, news.context.store_id, ORDERS.entity.value)
        except database_errors.DatabaseBusyError:
            if attempt == ATTEMPTS:
                raise
        else:
            news.on_saved(result)
            return len(result.changed_ids)
    raise AssertionError("the loop returns or raises")
