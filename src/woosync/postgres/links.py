"""Which local record is which record of a store, and the base both sides last agreed on."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from woosync.domain import ids
from woosync.postgres import bulk, sql
from woosync.postgres.engine import Transaction

LOCK_CODES = {entity: number for number, entity in enumerate(ids.Entity, 1)}

LOCK = "SELECT pg_advisory_xact_lock(%s, %s)"
LOAD = """
SELECT woo_id, local_id, wire_hash, tombstoned_at IS NOT NULL, woo_modified_at FROM links
WHERE store_id = %s AND entity = %s AND woo_id = ANY(%s::bigint[])
"""
LOAD_LOCAL_IDS = """
SELECT woo_id, local_id FROM links
WHERE store_id = %s AND entity = %s AND woo_id = ANY(%s::bigint[]) AND tombstoned_at IS NULL
"""
LOAD_BASES = """
SELECT woo_id, base::text FROM links
WHERE store_id = %s AND entity = %s AND woo_id = ANY(%s::bigint[]) AND base IS NOT NULL
"""
LOAD_LIVE_IDS = """
SELECT woo_id, local_id FROM links
WHERE store_id = %s AND entity = %s AND woo_id > %s AND tombstoned_at IS NULL
ORDER BY woo_id LIMIT %s
"""
LINKED_ELSEWHERE = """
SELECT local_id FROM links
WHERE local_id = ANY(%s::bigint[]) AND entity = %s AND store_id <> %s AND tombstoned_at IS NULL
"""
SHARING = """
SELECT own.store_id, array_agg(own.local_id) FROM links AS own
JOIN stores AS shop ON shop.id = own.store_id AND shop.state <> 'removed'
WHERE own.local_id = ANY(%s::bigint[]) AND own.entity = %s AND own.store_id <> %s
  AND own.tombstoned_at IS NULL
GROUP BY own.store_id
"""
LOAD_PARENTS = """
SELECT woo_id, woo_parent_id FROM links
WHERE store_id = %s AND entity = 'variation' AND woo_id = ANY(%s::bigint[])
  AND woo_parent_id IS NOT NULL
"""
LOAD_ORPHANS = """
SELECT own.woo_id FROM links AS own CROSS JOIN LATERAL (
  SELECT FROM links AS parent WHERE parent.store_id = own.store_id AND parent.entity = 'product'
  AND parent.woo_id = own.woo_parent_id AND parent.tombstoned_at IS NOT NULL OFFSET 0) AS gone
WHERE own.store_id = %s AND own.entity = 'variation' AND own.tombstoned_at IS NULL
ORDER BY own.woo_id
"""
LOAD_LEFT = """
SELECT wanted.woo_id, old.woo_id
FROM unnest(%s::bigint[], %s::bigint[]) AS wanted (woo_id, local_id) CROSS JOIN LATERAL (
  SELECT woo_id FROM links WHERE local_id = wanted.local_id AND entity = %s AND store_id = %s
  AND tombstoned_at IS NOT NULL OFFSET 0) AS old
"""
SAVE_RENUMBERED = """
UPDATE {} AS old SET woo_id = new.woo_id
FROM unnest(%s::bigint[], %s::bigint[]) AS new (was, woo_id)
WHERE old.store_id = %s AND old.woo_id = new.was
"""
# What the deleted record refused does not count for the new one.
FREE_RENUMBERED = """
UPDATE stock_links SET state = 'clean', reason = ''
WHERE store_id = %s AND woo_id = ANY(%s::bigint[]) AND state = 'held'
"""
SAVE_TOMBSTONES = """
UPDATE links SET tombstoned_at = %s, tombstone_reason = %s, wire_hash = NULL
WHERE store_id = %s AND entity = %s AND woo_id = ANY(%s::bigint[])
"""


class Link(msgspec.Struct, frozen=True):
    """A known record: where it is here and what its raw JSON hashed to."""

    local_id: int
    wire_hash: bytes | None
    tombstoned: bool
    woo_modified_at: datetime | None = None


class NewState(msgspec.Struct, frozen=True, kw_only=True):
    """What a link is to hold after a record was ingested; `base` is JSON."""

    woo_id: int
    local_id: int
    woo_parent_id: int | None
    wire_hash: bytes
    base: bytes
    woo_modified_at: datetime | None


async def load_linked_elsewhere(
    tx: Transaction, store_id: int, entity: ids.Entity, local_ids: Sequence[int]
) -> set[int]:
    """Load which of these local records another store has too."""
    found = await sql.rows(tx, LINKED_ELSEWHERE, (list(local_ids), entity.value, store_id))
    return {row[0] for row in found}


async def load_sharing(
    tx: Transaction, store_id: int, entity: ids.Entity, local_ids: Sequence[int]
) -> dict[int, list[int]]:
    """Load which of these local records other stores have too, by store."""
    return dict(await sql.rows(tx, SHARING, (list(local_ids), entity.value, store_id)))


async def lock(tx: Transaction, store_id: int, entities: Iterable[ids.Entity]) -> None:
    """Let one transaction at a time ingest these entities of the store (always in one order).

    Store 0 stands for all stores: who adds records must have it, after the store's own lock.
    """
    for code in sorted(LOCK_CODES[entity] for entity in entities):
        await tx.execute(LOCK, (store_id, code))


async def load(
    tx: Transaction, store_id: int, entity: ids.Entity, woo_ids: Sequence[int]
) -> dict[int, Link]:
    """Load the links of these records, by store id; unknown ones are left out."""
    found = await sql.rows(tx, LOAD, (store_id, entity.value, list(woo_ids)))
    return {row[0]: Link(*row[1:]) for row in found}


async def load_left(
    tx: Transaction, store_id: int, entity: ids.Entity, found: Mapping[int, int]
) -> dict[int, int]:
    """Load under which store ids local records were known that the store deleted.

    `found` has the local ids by the store ids of today, which are the keys of what is returned.
    """
    wanted = (list(found), list(found.values()), entity.value, store_id)
    return dict(await sql.rows(tx, LOAD_LEFT, wanted))


async def save_renumbered(
    tx: Transaction, store_id: int, entity: ids.Entity, renumbered: Mapping[int, int]
) -> None:
    """Give links of deleted records the store ids under which they came back: {old: new}."""
    if not renumbered:
        return
    values = (list(renumbered), list(renumbered.values()), store_id)
    await tx.execute(
        SAVE_RENUMBERED.format("links") + " AND old.entity = %s", (*values, entity.value)
    )
    await tx.execute(SAVE_RENUMBERED.format("stock_links"), values)
    await tx.execute(FREE_RENUMBERED, (store_id, list(renumbered.values())))


async def load_bases(
    tx: Transaction, store_id: int, entity: ids.Entity, woo_ids: Sequence[int]
) -> dict[int, str]:
    """Load the bases of these records as JSON text, by store id."""
    return dict(await sql.rows(tx, LOAD_BASES, (store_id, entity.value, list(woo_ids))))


async def load_local_ids(
    tx: Transaction, store_id: int, entity: ids.Entity, woo_ids: Sequence[int]
) -> dict[int, int]:
    """Load the local ids of live records, by store id."""
    return dict(await sql.rows(tx, LOAD_LOCAL_IDS, (store_id, entity.value, list(woo_ids))))


def _values(
    store_id: int, entity: ids.Entity, states: Iterable[NewState], now: datetime
) -> list[tuple[object, ...]]:
    return [
        (
            store_id,
            entity.value,
            s.woo_id,
            s.local_id,
            s.woo_parent_id,
            s.wire_hash,
            s.base,
            s.woo_modified_at,
            now,
            None,
            "",
        )
        for s in states
    ]


COLUMNS = (
    "store_id",
    "entity",
    "woo_id",
    "local_id",
    "woo_parent_id",
    "wire_hash",
    "base",
    "woo_modified_at",
    "synced_at",
    "tombstoned_at",
    "tombstone_reason",
)


async def save_new(
    tx: Transaction,
    store_id: int,
    entity: ids.Entity,
    states: Sequence[NewState],
    *,
    now: datetime,
) -> None:
    """Save links of records seen for the first time."""
    if states:
        await bulk.copy(tx, "links", COLUMNS, _values(store_id, entity, states, now))


async def save_changed(
    tx: Transaction,
    store_id: int,
    entity: ids.Entity,
    states: Sequence[NewState],
    *,
    now: datetime,
) -> None:
    """Save the new state of known links; a tombstone is taken away."""
    rows = _values(store_id, entity, states, now)
    await bulk.update(tx, "links", COLUMNS, rows, keys=("store_id", "entity", "woo_id"))


async def load_live_ids(
    tx: Transaction,
    store_id: int,
    entity: ids.Entity,
    *,
    after: int = 0,
    limit: int = 10_000,
) -> list[tuple[int, int]]:
    """Load (store id, local id) of live links in order of store id, a slice at a time."""
    return await sql.rows(tx, LOAD_LIVE_IDS, (store_id, entity.value, after, limit))


async def save_tombstones(
    tx: Transaction,
    store_id: int,
    entity: ids.Entity,
    woo_ids: Sequence[int],
    *,
    reason: str,
    now: datetime,
) -> None:
    """Mark links as gone from the store; the next sight of the record takes the mark away."""
    await tx.execute(SAVE_TOMBSTONES, (now, reason, store_id, entity.value, list(woo_ids)))


async def load_parents(tx: Transaction, store_id: int, woo_ids: Sequence[int]) -> dict[int, int]:
    """Load the product of each of these variations, both by store id."""
    return dict(await sql.rows(tx, LOAD_PARENTS, (store_id, list(woo_ids))))


async def load_orphans(tx: Transaction, store_id: int) -> list[int]:
    """Load the store ids of live variations whose product is gone from the store."""
    return [row[0] for row in await sql.rows(tx, LOAD_ORPHANS, (store_id,))]
