"""Pull a part of a store: some records of a list, or records by id, with what belongs to them.

The position of ordinary pulls stays where it is; what is read twice is recognised.
"""

from collections.abc import Sequence
from datetime import UTC

from woosync import errors
from woosync.domain import ids
from woosync.flows.ingest.streams import CUSTOMERS, ORDERS, PRODUCTS, VARIATIONS, Stream
from woosync.flows.pull import changes, sweep
from woosync.flows.pull.run import Part, Run
from woosync.flows.pull.together import together
from woosync.postgres import links, orders
from woosync.woo import lookup, paging
from woosync.woo.wire import product as wire_product

#: Records of one request.
MOST = 100
#: So many products' variations are asked for at once; the client limits what really runs.
PARALLEL = 8
#: What callers say for "whatever its status"; the store's default leaves the trash out.
ANY_STATUS = {"", "all", "any"}


class NotInStoreError(errors.RefusedError):
    """The store has no record of this id."""


async def pull(run: Run, chosen: Sequence[Stream], part: Part) -> None:
    """Pull what `part` names of each chosen collection."""
    if PRODUCTS in chosen:
        await _pull_products(run, part)
    if ORDERS in chosen:
        await _pull_orders(run, part)
    if CUSTOMERS in chosen:
        await _pull_records(run, CUSTOMERS, part, {})


async def _pull_products(run: Run, part: Part) -> None:
    filters = {} if part.status in ANY_STATUS else {"status": part.status}
    records = await _pull_records(run, PRODUCTS, part, filters)
    parents = [record.id for record in records if wire_product.has_variations(record.raw)]
    await run.load_cursor(VARIATIONS.entity)
    for start in range(0, len(parents), PARALLEL):
        await together(_pull_variations(run, one) for one in parents[start : start + PARALLEL])


async def _pull_variations(run: Run, parent: int) -> None:
    stream = Stream(VARIATIONS.noun, f"products/{parent}/variations", VARIATIONS.query)
    async for page in paging.fetch_scan(run.client, stream.route, stream.query):
        await run.save_page(stream, page)


async def _pull_orders(run: Run, part: Part) -> None:
    filters = {} if part.status in ANY_STATUS else {"status": part.status}
    if part.after is not None:
        filters["after"] = f"{part.after.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
        filters["dates_are_gmt"] = "true"
    records = await _pull_records(run, ORDERS, part, filters)
    async with run.database.transaction() as tx:
        named = [record.id for record in records]
        wanted = await orders.load_customer_ids(tx, run.context.store_id, named)
    await run.load_cursor(CUSTOMERS.entity)
    for start in range(0, len(wanted), MOST):
        await changes.pull_listed(run, CUSTOMERS, wanted[start : start + MOST])


async def _pull_records(
    run: Run, stream: Stream, part: Part, filters: dict[str, str]
) -> list[paging.Record]:
    """Pull the records of one collection; return them as the store gave them."""
    if part.only:
        return await _pull_named(run, stream, part.only)
    query = {**stream.query, **filters, "orderby": "id", "order": "desc"}
    found: list[paging.Record] = []
    first, end = (part.page - 1) * part.limit, part.page * part.limit
    for offset in range(first, end, MOST):
        size = min(MOST, end - offset)
        page = await lookup.fetch_page(run.client, stream.route, query, offset=offset, size=size)
        await run.save_page(stream, page)
        found += page.records
        if len(page.records) + len(page.bad) < size:
            break
    return found


async def _pull_named(run: Run, stream: Stream, named: Sequence[int]) -> list[paging.Record]:
    """Pull records by id; one that the store no longer has is marked as gone here."""
    query = changes.listed(stream, list(named))
    page = await lookup.fetch_page(run.client, stream.route, query, size=len(named))
    await run.save_page(stream, page)
    missing = sorted(set(named) - {record.id for record in page.records})
    if missing and not page.bad:
        await _see_to_missing(run, stream.entity, stream, missing)
    return page.records


async def _see_to_missing(
    run: Run, entity: ids.Entity, stream: Stream, missing: Sequence[int]
) -> None:
    async with run.database.transaction() as tx:
        known = await links.load(tx, run.context.store_id, entity, missing)
    await sweep.confirm(run, stream, sorted(known), None)
    strange = [woo_id for woo_id in missing if woo_id not in known]
    if strange:
        raise NotInStoreError(
            f"The store has no {entity} {strange[0]}.",
            remedy="Look at the id in the store; records in the trash do not count.",
        )
