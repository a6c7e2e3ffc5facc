"""Which local record is which record of a store, and the base both sides last agreed on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from woosync.domain import ids
from woosync.postgres import bulk
from woosync.postgres.tables import sync

BIGINTS = ARRAY(sa.BigInteger)
LOCK_CODES = {entity: number for number, entity in enumerate(ids.Entity, 1)}


@dataclass(frozen=True, slots=True)
class Link:
    """A known record: where it is here and what its raw JSON hashed to."""

    local_id: int
    wire_hash: bytes | None
    tombstoned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewState:
    """What a link is to hold after a record was ingested; `base` is JSON text."""

    woo_id: int
    local_id: int
    woo_parent_id: int | None
    wire_hash: bytes
    base: str
    woo_modified_at: datetime | None


async def lock(connection: AsyncConnection, store_id: int, entities: Iterable[ids.Entity]) -> None:
    """Let one transaction at a time ingest these entities of the store (always in one order)."""
    for code in sorted(LOCK_CODES[entity] for entity in entities):
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(store_id, code)))


def among(column: sa.ColumnElement[int], values: Sequence[int]) -> sa.ColumnElement[bool]:
    """Return `column = ANY(values)`: one statement shape whatever the number of values."""
    return column == sa.any_(sa.bindparam("among", values, type_=BIGINTS, unique=True))


async def load(
    connection: AsyncConnection, store_id: int, entity: ids.Entity, woo_ids: Sequence[int]
) -> dict[int, Link]:
    """Load the links of these records, by store id; unknown ones are left out."""
    links = sync.links.c
    found = await connection.execute(
        sa.select(links.woo_id, links.local_id, links.wire_hash, links.tombstoned_at.is_not(None))
        .where(links.store_id == store_id, links.entity == entity.value)
        .where(among(links.woo_id, woo_ids))
    )
    return {row[0]: Link(row[1], row[2], row[3]) for row in found}


async def load_bases(
    connection: AsyncConnection, store_id: int, entity: ids.Entity, woo_ids: Sequence[int]
) -> dict[int, str]:
    """Load the bases of these records as JSON text, by store id."""
    links = sync.links.c
    found = await connection.execute(
        sa.select(links.woo_id, sa.cast(links.base, sa.Text))
        .where(links.store_id == store_id, links.entity == entity.value)
        .where(among(links.woo_id, woo_ids), links.base.is_not(None))
    )
    return {row[0]: row[1] for row in found}


async def load_local_ids(
    connection: AsyncConnection, store_id: int, entity: ids.Entity, woo_ids: Sequence[int]
) -> dict[int, int]:
    """Load the local ids of live records, by store id."""
    known = await load(connection, store_id, entity, woo_ids)
    return {woo_id: link.local_id for woo_id, link in known.items() if not link.tombstoned}


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
    connection: AsyncConnection,
    store_id: int,
    entity: ids.Entity,
    states: Sequence[NewState],
    *,
    now: datetime,
) -> None:
    """Save links of records seen for the first time."""
    if states:
        await bulk.copy(connection, "links", COLUMNS, _values(store_id, entity, states, now))


async def save_changed(
    connection: AsyncConnection,
    store_id: int,
    entity: ids.Entity,
    states: Sequence[NewState],
    *,
    now: datetime,
) -> None:
    """Save the new state of known links; a tombstone is taken away."""
    rows = _values(store_id, entity, states, now)
    await bulk.update(connection, sync.links, COLUMNS, rows, keys=("store_id", "entity", "woo_id"))


async def load_live_ids(
    connection: AsyncConnection,
    store_id: int,
    entity: ids.Entity,
    *,
    after: int = 0,
    limit: int = 10_000,
) -> list[tuple[int, int]]:
    """Load (store id, local id) of live links in order of store id, a slice at a time."""
    links = sync.links.c
    found = await connection.execute(
        sa.select(links.woo_id, links.local_id)
        .where(links.store_id == store_id, links.entity == entity.value)
        .where(links.woo_id > after, links.tombstoned_at.is_(None))
        .order_by(links.woo_id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in found]


async def count_live(connection: AsyncConnection, store_id: int) -> dict[str, int]:
    """Count live links by entity."""
    links = sync.links.c
    found = await connection.execute(
        sa.select(links.entity, sa.func.count())
        .where(links.store_id == store_id, links.tombstoned_at.is_(None))
        .group_by(links.entity)
    )
    return {row[0]: row[1] for row in found}


async def save_tombstones(
    connection: AsyncConnection,
    store_id: int,
    entity: ids.Entity,
    woo_ids: Sequence[int],
    *,
    reason: str,
    now: datetime,
) -> None:
    """Mark links as gone from the store; the next sight of the record takes the mark away."""
    links = sync.links
    await connection.execute(
        links.update()
        .where(links.c.store_id == store_id, links.c.entity == entity.value)
        .where(among(links.c.woo_id, woo_ids))
        .values(tombstoned_at=now, tombstone_reason=reason, wire_hash=None)
    )
