"""Intents to make a record in a store: saved before anything is sent, gone once it is linked."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from woosync.postgres import sql
from woosync.postgres.engine import Transaction

LOAD = """
SELECT local_id, marker, first_sent_at, sent_at FROM creations
WHERE store_id = %s AND entity = %s AND local_id = ANY(%s::bigint[])
"""
SAVE = """
INSERT INTO creations (store_id, entity, local_id)
SELECT %s, %s, local_id FROM unnest(%s::bigint[]) AS new (local_id)
ON CONFLICT (store_id, entity, local_id) DO UPDATE SET sent_at = now()
RETURNING local_id, marker, first_sent_at, sent_at
"""
FORGET = """
DELETE FROM creations WHERE store_id = %s AND entity = %s AND local_id = ANY(%s::bigint[])
"""
LINK = """
INSERT INTO links (store_id, entity, woo_id, local_id, woo_parent_id, base, synced_at)
VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s) ON CONFLICT DO NOTHING
"""
OWNER = """
SELECT woo_id, local_id FROM links
WHERE store_id = %s AND entity = ANY(%s) AND woo_id = ANY(%s::bigint[]) AND tombstoned_at IS NULL
"""


class Intent(msgspec.Struct, frozen=True):
    """A record that may be in the store already; `marker` is in its metadata there."""

    marker: str
    first_sent_at: datetime
    sent_at: datetime


async def load(
    tx: Transaction, store_id: int, entity: str, local_ids: Sequence[int]
) -> dict[int, Intent]:
    """Load the intents of these records, by local id."""
    found = await sql.rows(tx, LOAD, (store_id, entity, list(local_ids)))
    return {row[0]: Intent(*row[1:]) for row in found}


async def save(
    tx: Transaction, store_id: int, entity: str, local_ids: Sequence[int]
) -> dict[int, Intent]:
    """Save that these records are about to be sent; a known one keeps its marker."""
    found = await sql.rows(tx, SAVE, (store_id, entity, list(local_ids)))
    return {row[0]: Intent(*row[1:]) for row in found}


async def forget(tx: Transaction, store_id: int, entity: str, local_ids: Sequence[int]) -> None:
    """Forget intents whose record is linked, or was certainly not made."""
    await tx.execute(FORGET, (store_id, entity, list(local_ids)))


async def save_links(
    tx: Transaction,
    store_id: int,
    entity: str,
    made: Mapping[int, tuple[int, int | None, str | None]],
    *,
    now: datetime,
) -> None:
    """Link local records with (store id, parent's store id, base); the base may come later."""
    values = [
        (store_id, entity, woo_id, local_id, parent_id, base, now)
        for local_id, (woo_id, parent_id, base) in made.items()
    ]
    async with tx.cursor() as cursor:
        await cursor.executemany(LINK, values)


async def load_owners(
    tx: Transaction, store_id: int, entities: Sequence[str], woo_ids: Sequence[int]
) -> dict[int, int]:
    """Load which local record a record of the store is linked with, by store id."""
    return dict(await sql.rows(tx, OWNER, (store_id, list(entities), list(woo_ids))))
