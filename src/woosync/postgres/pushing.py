"""What a push reads beside the records themselves: candidates, links, held fields, past pushes."""

import contextlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from woosync.postgres import locks, runs, sql
from woosync.postgres.engine import Database, Transaction

FREE_CLAIMS = """
UPDATE outbox SET claimed_until = NULL
WHERE store_id = %s AND entity = ANY(%s) AND claimed_until IS NOT NULL
"""
LINKED = """
SELECT local_id, woo_id, woo_parent_id, base::text, tombstoned_at IS NOT NULL FROM links
WHERE store_id = %s AND entity = %s AND local_id = ANY(%s::bigint[])
"""
SAVE_BASES = """
UPDATE links AS known SET base = new.base::jsonb, synced_at = %s
FROM unnest(%s::bigint[], %s::text[]) AS new (woo_id, base)
WHERE known.store_id = %s AND known.entity = %s AND known.woo_id = new.woo_id
"""
WAITING = """
SELECT entity, local_id FROM outbox
WHERE store_id = %s AND entity = ANY(%s) AND (%s::bigint[] IS NULL OR local_id = ANY(%s::bigint[]))
ORDER BY available_at, entity, local_id LIMIT %s
"""
IS_DUE = """
SELECT EXISTS (
  SELECT FROM outbox WHERE store_id = %s AND entity = ANY(%s) AND available_at <= now()
  AND (%s::bigint[] IS NULL OR local_id = ANY(%s::bigint[])))
"""
HELD = """
SELECT local_id, field FROM conflicts
WHERE store_id = %s AND entity = %s AND local_id = ANY(%s::bigint[]) AND state = 'open'
"""
CLOSE_AGREED = """
UPDATE conflicts SET state = 'resolved', resolution = '{"choice": "agreed"}', resolved_at = now(),
  updated_at = now(), resolved_by = 'both sides'
WHERE store_id = %s AND entity = %s AND local_id = %s AND state = 'open'
  AND field = ANY(%s)
"""
APPROVED = """
SELECT local_id, field, resolution->'value' FROM conflicts
WHERE store_id = %s AND entity = %s AND local_id = ANY(%s::bigint[]) AND state = 'resolved'
  AND resolution ? 'value' AND resolved_at > now() - interval '7 days'
ORDER BY resolved_at
"""
# The same value sent so often, while the store went back to another: nobody is winning.
FLIPS = """
SELECT sent.local_id, one.key, one.value
FROM woocommerce_sync_log AS sent CROSS JOIN LATERAL jsonb_each(sent.after) AS one
WHERE sent.store_id = %(store)s AND sent.entity = %(entity)s AND sent.event = 'pushed'
  AND sent.woo_id = ANY(%(woo_ids)s::bigint[]) AND sent.at > now() - %(window)s
  AND EXISTS (
    SELECT FROM woocommerce_sync_log AS back WHERE back.store_id = %(store)s
    AND back.entity = %(entity)s AND back.woo_id = sent.woo_id AND back.event = 'updated'
    AND back.at >= sent.at AND back.after ? one.key)
  AND NOT EXISTS (
    SELECT FROM conflicts AS settled WHERE settled.store_id = %(store)s
    AND settled.entity = %(entity)s AND settled.local_id = sent.local_id
    AND settled.field = one.key AND settled.resolved_at >= sent.at)
GROUP BY sent.local_id, one.key, one.value HAVING count(*) >= %(rounds)s
"""
STATUSES = """
SELECT wanted.status FROM unnest(%s::text[]) AS wanted (status) WHERE EXISTS (
  SELECT FROM links AS own WHERE own.store_id = %s AND own.entity = 'order'
  AND own.base->>'status' = wanted.status)
"""
PARENTS = """
SELECT child.id, own.woo_id FROM products AS child JOIN links AS own
  ON own.local_id = child.parent_id AND own.entity = 'product' AND own.store_id = %s
WHERE child.id = ANY(%s::bigint[]) AND own.tombstoned_at IS NULL
"""
# A variation without a picture of its own shows its product's first one, under the same id.
FAMILY_PICTURES = """
SELECT child.id, shown.src FROM products AS child
JOIN products AS parent ON parent.id = child.parent_id
JOIN links AS own ON own.local_id = parent.id AND own.entity = 'product' AND own.store_id = %s
CROSS JOIN LATERAL jsonb_each(child.metadata->'woocommerce') AS there (store, record)
CROSS JOIN LATERAL (SELECT coalesce(record->'image'->>'id', record->'images'->0->>'id') AS id,
  coalesce(record->'image'->>'src', record->'images'->0->>'src') AS src) AS shown
WHERE child.id = ANY(%s::bigint[]) AND own.tombstoned_at IS NULL
  AND own.base->'images'->0 IS NOT NULL AND shown.id NOT IN ('', '0')
  AND shown.id = parent.metadata->'woocommerce'->there.store->'images'->0->>'id'
"""
DELETED = {
    "customers": "SELECT id FROM customers WHERE id = ANY(%s::bigint[]) AND deleted_at IS NOT NULL",
    "products": "SELECT id FROM products WHERE id = ANY(%s::bigint[]) AND deleted_at IS NOT NULL",
    "purchase_orders": "SELECT id FROM purchase_orders "
    "WHERE id = ANY(%s::bigint[]) AND deleted_at IS NOT NULL",
}


def alone(
    database: Database, store_id: int, store_key: str
) -> contextlib.AbstractAsyncContextManager[None]:
    """Let one process at a time push to a store: creations are serialised by it.

    What an earlier, dead process had claimed is free again. Raises RunUnderWayError at once.
    """
    busy = runs.RunUnderWayError(
        f"A push to the store {store_key} is under way in another process.",
        remedy="Wait for it to end (`woosync runs` shows it), then try again.",
    )
    return locks.alone(database, locks.PUSH, store_id, busy, patient=False)


async def free_claims(tx: Transaction, store_id: int, entities: Sequence[str]) -> None:
    """Give back what a process claimed that is gone: the caller holds the push lock."""
    await tx.execute(FREE_CLAIMS, (store_id, list(entities)))


class Linked(msgspec.Struct, frozen=True):
    """Where a local record is in the store; `base` is JSON text."""

    woo_id: int
    parent_id: int | None
    base: str | None
    tombstoned: bool = False


async def load_linked(
    tx: Transaction, store_id: int, entity: str, local_ids: Sequence[int]
) -> dict[int, Linked]:
    """Load the links of local records, by local id."""
    found = await sql.rows(tx, LINKED, (store_id, entity, list(local_ids)))
    return {row[0]: Linked(*row[1:]) for row in found}


async def save_bases(
    tx: Transaction, store_id: int, entity: str, bases: Mapping[int, str], *, now: datetime
) -> None:
    """Save what both sides have just agreed on, by store id."""
    if bases:
        values = (now, list(bases), list(bases.values()), store_id, entity)
        await tx.execute(SAVE_BASES, values)


async def load_waiting(
    tx: Transaction,
    store_id: int,
    entities: Sequence[str],
    *,
    among: Sequence[int] | None,
    limit: int,
) -> list[tuple[str, int]]:
    """Load (entity, local id) of what waits to be pushed, without claiming it."""
    only = None if among is None else list(among)
    return await sql.rows(tx, WAITING, (store_id, list(entities), only, only, limit))


async def is_due(
    tx: Transaction, store_id: int, entities: Sequence[str], *, among: Sequence[int] | None
) -> bool:
    """Tell whether anything can be claimed now."""
    only = None if among is None else list(among)
    return bool(await sql.value(tx, IS_DUE, (store_id, list(entities), only, only)))


async def load_held(
    tx: Transaction, store_id: int, entity: str, local_ids: Sequence[int]
) -> dict[int, set[str]]:
    """Load the fields that wait for a person, by local id."""
    found: dict[int, set[str]] = {}
    for local_id, name in await sql.rows(tx, HELD, (store_id, entity, list(local_ids))):
        found.setdefault(local_id, set()).add(name)
    return found


async def close_agreed(
    tx: Transaction, store_id: int, entity: str, local_id: int, fields: Sequence[str]
) -> None:
    """Close a record's conflicts about fields in which both sides hold the same by now."""
    if fields:
        await tx.execute(CLOSE_AGREED, (store_id, entity, local_id, list(fields)))


async def load_approved(
    tx: Transaction, store_id: int, entity: str, local_ids: Sequence[int]
) -> dict[tuple[int, str], object]:
    """Load the values that a person has lately decided on, by local id and field."""
    found = await sql.rows(tx, APPROVED, (store_id, entity, list(local_ids)))
    return {(row[0], row[1]): row[2] for row in found}


async def load_flips(
    tx: Transaction,
    store_id: int,
    entity: str,
    woo_ids: Sequence[int],
    *,
    rounds: int,
    window: timedelta,
) -> list[tuple[int, str, object]]:
    """Load (local id, field, value) sent `rounds` times and put back by the store each time."""
    values = {
        "store": store_id,
        "entity": entity,
        "woo_ids": list(woo_ids),
        "rounds": rounds,
        "window": window,
    }
    return await sql.rows(tx, FLIPS, values)


async def load_statuses(tx: Transaction, store_id: int, wanted: Collection[str]) -> frozenset[str]:
    """Load which of these statuses the store itself has given to an order."""
    if not wanted:
        return frozenset()
    return frozenset(row[0] for row in await sql.rows(tx, STATUSES, (list(wanted), store_id)))


async def load_parents(tx: Transaction, store_id: int, local_ids: Sequence[int]) -> dict[int, int]:
    """Load the store id of the product that each of these local variations belongs to."""
    return dict(await sql.rows(tx, PARENTS, (store_id, list(local_ids))))


async def load_family_pictures(
    tx: Transaction, store_id: int, local_ids: Sequence[int]
) -> set[tuple[int, str]]:
    """Load (local id, address) of variations' pictures that are their product's in some store.

    Only where this store has a picture of the product, which a variation without one shows.
    """
    found = await sql.rows(tx, FAMILY_PICTURES, (store_id, list(local_ids)))
    return {(row[0], row[1]) for row in found}


async def load_deleted(tx: Transaction, table: str, local_ids: Sequence[int]) -> set[int]:
    """Load which of these records are deleted here."""
    found = await tx.execute(DELETED[table], (list(local_ids),))
    return {row[0] for row in await found.fetchall()}


LOAD_NOTES = """
SELECT id, metadata->'notes' FROM purchase_orders
WHERE id = ANY(%s::bigint[]) AND jsonb_typeof(metadata->'notes') = 'array'
"""
SAVE_NOTE_SENT = """
UPDATE purchase_orders SET metadata = jsonb_set(metadata, ARRAY['notes', %(number)s, 'sent'],
  coalesce(metadata #> ARRAY['notes', %(number)s, 'sent'], '{}')
    || jsonb_build_object(%(store)s::text, %(note)s::bigint))
WHERE id = %(id)s AND jsonb_typeof(metadata #> ARRAY['notes', %(number)s]) = 'object'
"""
NAMED = {
    "customer": "SELECT id FROM customers WHERE id = ANY(%s::bigint[]) AND deleted_at IS NULL",
    "product": "SELECT id FROM products "
    "WHERE id = ANY(%s::bigint[]) AND deleted_at IS NULL AND kind <> 'variation'",
    "variation": "SELECT id FROM products "
    "WHERE id = ANY(%s::bigint[]) AND deleted_at IS NULL AND kind = 'variation'",
    "order": "SELECT id FROM purchase_orders WHERE id = ANY(%s::bigint[]) AND deleted_at IS NULL",
}
NOT_LINKED = """
 AND NOT EXISTS (SELECT FROM links AS own WHERE own.store_id = %s AND own.entity = %s
   AND own.local_id = loose.id) ORDER BY id
"""
UNLINKED = {
    "customer": "SELECT id FROM customers AS loose WHERE deleted_at IS NULL AND role <> 'guest'",
    "product": "SELECT id FROM products AS loose WHERE deleted_at IS NULL AND kind <> 'variation'",
    "variation": "SELECT id FROM products AS loose WHERE deleted_at IS NULL AND kind = 'variation'",
}


async def load_named(tx: Transaction, entity: str, local_ids: Sequence[int]) -> list[int]:
    """Load which of these ids are live records of the kind."""
    found = await tx.execute(NAMED[entity], (list(local_ids),))
    return [row[0] for row in await found.fetchall()]


async def load_unlinked(tx: Transaction, store_id: int, entity: str) -> list[int]:
    """Load the live records of a kind that the store does not have."""
    found = await tx.execute(UNLINKED[entity] + NOT_LINKED, (store_id, entity))
    return [row[0] for row in await found.fetchall()]


async def load_notes(tx: Transaction, local_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Load the notes of orders (`metadata.notes`), by local id."""
    return dict(await sql.rows(tx, LOAD_NOTES, (list(local_ids),)))


async def save_note_sent(
    tx: Transaction, local_id: int, number: int, *, store_key: str, note_id: int
) -> None:
    """Note that a store has the order's note of this number."""
    values = {"id": local_id, "number": str(number), "store": store_key, "note": note_id}
    await tx.execute(SAVE_NOTE_SENT, values)
