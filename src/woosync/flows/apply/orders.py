"""Orders bring their customers, the products they name, and their refunds; customers alone."""

from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from woosync.domain import ids
from woosync.flows import ingest
from woosync.flows.apply import products
from woosync.flows.apply.hints import Hint
from woosync.flows.apply.work import INCLUDE, Fate, Found, Work, arrived
from woosync.flows.ingest.streams import CUSTOMERS, ORDERS, REFUNDS, Stream
from woosync.postgres import belongings, deliveries
from woosync.postgres import orders as saved
from woosync.woo import errors as store_errors
from woosync.woo import lookup, paging

UNKNOWN: Fate = (deliveries.IGNORED, "no record of this id is known here, and a deletion adds none")


async def apply(work: Work, hints: Mapping[int, Hint]) -> dict[int, Fate]:
    """Bring the orders that hints tell of up to date, after what they belong to."""
    known = await work.load_links(ids.Entity.ORDER, hints)
    fates = _unknown(hints, known)
    found = await work.look_up(ORDERS, hints.keys() - fates.keys())
    prepared = await work.prepare(ORDERS, found)
    await _bring_belongings(work, prepared)
    await work.save(ORDERS, prepared)
    await work.remove_gone(ORDERS, found.gone)
    here = [record.id for record in found.records]
    await look_after(work, [*here, *(woo_id for woo_id in found.gone if woo_id in known)])
    return fates | work.fates(ORDERS, found, known)


async def look_after(work: Work, order_ids: Collection[int]) -> None:
    """See to refunds and customers of saved orders, whoever saved them."""
    if not order_ids:
        return
    await _settle_refunds(work, sorted(order_ids))
    async with work.database.transaction() as tx:
        named = await saved.load_customer_ids(tx, work.context.store_id, sorted(order_ids))
    known = await work.load_links(ids.Entity.CUSTOMER, named) if named else {}
    await _bring_customers(work, set(named) - known.keys())


async def apply_customers(work: Work, hints: Mapping[int, Hint]) -> dict[int, Fate]:
    """Bring the customers that hints tell of up to date."""
    known = await work.load_links(ids.Entity.CUSTOMER, hints)
    fates = _unknown(hints, known)
    found = await _bring_customers(work, hints.keys() - fates.keys())
    await work.remove_gone(CUSTOMERS, found.gone)
    return fates | work.fates(CUSTOMERS, found, known)


def _unknown(hints: Mapping[int, Hint], known: Collection[int]) -> dict[int, Fate]:
    return {
        woo_id: UNKNOWN
        for woo_id, hint in hints.items()
        if hint.only_deleted and woo_id not in known
    }


async def _bring_customers(work: Work, woo_ids: Collection[int]) -> Found:
    if not woo_ids:
        return Found()
    found = await work.look_up(CUSTOMERS, woo_ids)
    new = arrived(await work.save(CUSTOMERS, await work.prepare(CUSTOMERS, found)))
    if new:
        async with work.database.transaction(relaxed=True) as tx:
            await belongings.save_of_customers(tx, work.context.store_id, new)
    return found


async def _bring_belongings(work: Work, prepared: ingest.Prepared[Any]) -> None:
    """Bring the customers of new or changed orders, and products that nobody knows here yet."""
    orders = [one.theirs for one in prepared.incoming]
    await _bring_customers(work, {one.customer for one in orders if one.customer})
    lines = [line for one in orders for line in one.lines]
    variations = {line.variation: line.product for line in lines if line.variation}
    goods = {line.product for line in lines if line.product and not line.variation}
    known = await work.load_links(ids.Entity.PRODUCT, goods)
    known_variations = await work.load_links(ids.Entity.VARIATION, variations)
    missing = {woo_id: variations[woo_id] for woo_id in variations.keys() - known_variations.keys()}
    await products.bring(work, goods - known.keys(), missing)


async def _settle_refunds(work: Work, order_ids: list[int]) -> None:
    """Bring the refunds that these orders name, and take away those that they do not."""
    store_id = work.context.store_id
    async with work.database.transaction() as tx:
        missing = await belongings.load_missing_refunds(tx, store_id, order_ids)
    if missing:
        found = await _look_up_refunds(work, missing)
        await work.save(REFUNDS, await work.prepare(REFUNDS, found))
    async with work.database.transaction() as tx:
        stale = await belongings.load_stale_refunds(tx, store_id, order_ids)
    await work.remove(REFUNDS, stale, reason="no order names it")


async def _look_up_refunds(work: Work, missing: list[tuple[int, int]]) -> Found:
    """Ask for refunds by id; stores before WooCommerce 9.0 list them by order only."""
    found = Found()
    if work.capabilities.refunds_route:
        wanted = [refund for refund, _ in missing]
        for start in range(0, len(wanted), INCLUDE):
            part = wanted[start : start + INCLUDE]
            query = {**REFUNDS.query, "include": ",".join(map(str, part)), "orderby": "id"}
            page = await lookup.fetch_page(work.client, REFUNDS.route, query, size=len(part))
            found.add(Found(page.records, page.bad))
        return found
    for order_id in sorted({order for _, order in missing}):
        found.add(await _refunds_of(work, order_id))
    return found


async def _refunds_of(work: Work, order_id: int) -> Found:
    stream = Stream(REFUNDS.noun, f"orders/{order_id}/refunds", REFUNDS.query, trash=False)
    try:
        page = await lookup.fetch_page(work.client, stream.route, stream.query, size=INCLUDE)
    except store_errors.StoreRejected as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return Found()
    return Found([_naming(record, order_id) for record in page.records], page.bad)


def _naming(record: paging.Record, order_id: int) -> paging.Record:
    """Return a refund that names its order, as it does not where it is listed by order."""
    fields = msgspec.json.decode(record.raw, type=dict[str, msgspec.Raw])
    fields["parent_id"] = msgspec.Raw(str(order_id).encode())
    return record._replace(raw=msgspec.Raw(msgspec.json.encode(fields)))
