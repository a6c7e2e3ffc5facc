"""Compare a store with the back office, record by record, and say where they do not agree."""

from collections.abc import Sequence
from typing import Any

import msgspec

from woosync import errors
from woosync.domain import ids, merge
from woosync.domain.idset import IdSet
from woosync.flows.ingest.streams import (
    CUSTOMERS,
    ENTITIES,
    ORDERS,
    PRODUCTS,
    REFUNDS,
    STORE_ONLY,
    VARIATIONS,
    Stream,
)
from woosync.mapping import snapshot
from woosync.postgres import links, stock_links
from woosync.postgres.engine import Database, Transaction
from woosync.woo import paging
from woosync.woo.capabilities import Capabilities
from woosync.woo.client import StoreClient
from woosync.woo.wire import product as wire_product

#: Of each kind of difference so many are named; all are counted.
NAMED = 20
SLICE = 10_000
ALL = (PRODUCTS, VARIATIONS, CUSTOMERS, ORDERS, REFUNDS)


class Agreement(msgspec.Struct):
    """How one collection compares: counts of both sides, and examples of what differs."""

    entity: str
    store: int = 0
    here: int = 0
    missing: int = 0
    extra: int = 0
    different: int = 0
    examples: list[str] = msgspec.field(default_factory=list)

    @property
    def agreed(self) -> bool:
        """Tell whether both sides hold the same."""
        return self.missing == self.extra == self.different == 0 and self.store == self.here

    def note(self, kind: str, says: str) -> None:
        """Count a difference and name it as long as there is room."""
        setattr(self, kind, getattr(self, kind) + 1)
        if len(self.examples) < NAMED:
            self.examples.append(says)


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison of one store; reads both sides, writes nothing."""

    database: Database
    client: StoreClient
    capabilities: Capabilities
    store_id: int
    warehouse_id: int


async def audit(job: Audit, entities: Sequence[str] = tuple(ENTITIES)) -> list[Agreement]:
    """Compare whole records, field by field, and stock levels; one result per collection.

    Nothing is assumed from hashes or cursors: the store's answer is decoded and compared with
    the rows here, so the audit also finds what a pull got wrong.
    """
    wanted = {stream.entity for name in entities for stream in ENTITIES[name]}
    if ids.Entity.ORDER in wanted and job.capabilities.refunds_route:
        wanted.add(ids.Entity.REFUND)
    found: dict[ids.Entity, Agreement] = {}
    for stream in ALL:
        if stream.entity not in wanted:
            continue
        agreement = found[stream.entity] = Agreement(stream.entity.value)
        seen = IdSet()
        for route in await _routes(job, stream):
            await _compare_route(job, stream, route, agreement, seen)
        await _find_extra(job, stream, agreement, seen)
    return list(found.values())


async def _routes(job: Audit, stream: Stream) -> list[str]:
    """Return the lists to read; before WooCommerce 10.3 variations are listed by product."""
    if stream is not VARIATIONS or job.capabilities.variations_route:
        return [stream.route]
    query = {"_fields": "id,type,variations"}
    return [
        f"products/{record.id}/variations"
        async for page in paging.fetch_scan(job.client, "products", query)
        for record in page.records
        if wire_product.has_variations(record.raw)
    ]


async def _compare_route(
    job: Audit, stream: Stream, route: str, agreement: Agreement, seen: IdSet
) -> None:
    async for page in paging.fetch_scan(job.client, route, stream.query):
        agreement.store += len(page.records) + len(page.bad)
        for record in page.records:
            seen.add(record.id)
        async with job.database.transaction() as tx:
            await _compare_page(tx, job, stream, page, agreement)


async def _compare_page(
    tx: Transaction, job: Audit, stream: Stream, page: paging.Page, agreement: Agreement
) -> None:
    known = await links.load_local_ids(
        tx, job.store_id, stream.entity, [record.id for record in page.records]
    )
    ours = await stream.noun.load(tx, list(known.values()))
    levels = await _levels(tx, job, stream, list(known.values()))
    read: list[tuple[int, Any, list[str]]] = []
    for record in page.records:
        local_id = known.get(record.id)
        name = f"{stream.entity} {record.id}"
        if local_id is None or local_id not in ours:
            agreement.note("missing", f"{name} is in the store only")
            continue
        try:
            wire, theirs, _ = stream.noun.read(bytes(record.raw))
        except errors.RecordError as error:
            agreement.note("different", f"{name}: {error.message}")
            continue
        differing = list(merge.differences(ours[local_id].record, theirs))
        level = stream.level(wire) if stream.level else None
        if level is not None and levels.get(local_id) != level:
            differing.append(f"stock {levels.get(local_id)} here, {level} in the store")
        if differing:
            read.append((record.id, theirs, differing))
    for woo_id, differing in await _without_own(tx, job, stream, read):
        agreement.note("different", f"{stream.entity} {woo_id}: {', '.join(differing)}")


async def _without_own(
    tx: Transaction, job: Audit, stream: Stream, read: list[tuple[int, Any, list[str]]]
) -> list[tuple[int, list[str]]]:
    """Leave out what only stores write and a pull has seen: another store may say otherwise."""
    asked = [woo_id for woo_id, _, differing in read if not STORE_ONLY.isdisjoint(differing)]
    bases = await links.load_bases(tx, job.store_id, stream.entity, asked) if asked else {}
    left: list[tuple[int, list[str]]] = []
    for woo_id, theirs, differing in read:
        kept = differing
        if woo_id in bases:
            base = snapshot.decode(bases[woo_id], type(theirs))
            new = set(merge.differences(base, theirs))
            kept = [name for name in differing if name not in STORE_ONLY or name in new]
        if kept:
            left.append((woo_id, kept))
    return left


async def _levels(
    tx: Transaction, job: Audit, stream: Stream, local_ids: list[int]
) -> dict[int, Any]:
    if stream.level is None:
        return {}
    return await stock_links.load_expected(tx, job.store_id, local_ids)


async def _find_extra(job: Audit, stream: Stream, agreement: Agreement, seen: IdSet) -> None:
    after = 0
    while True:
        async with job.database.transaction() as tx:
            part = await links.load_live_ids(
                tx, job.store_id, stream.entity, after=after, limit=SLICE
            )
        agreement.here += len(part)
        for woo_id, _ in part:
            if woo_id not in seen:
                agreement.note("extra", f"{stream.entity} {woo_id} is here only")
        if len(part) < SLICE:
            return
        after = part[-1][0]
