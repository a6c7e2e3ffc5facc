"""What level each store is expected to show of a product, what was seen, and what may be shown.

Whoever changes links locks them first, in order of product and store, and then moves stock.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec
from msgspec import structs
from psycopg.rows import class_row

from woosync.postgres import sql
from woosync.postgres.engine import Transaction

COLUMNS = """
SELECT store_id, product_id, woo_id, expected, seq, state, reason, observed, observed_modified,
  allocation, wanted, buffer, agreed_seq, audited_at
FROM stock_links
"""
LOCK = """
WHERE store_id = %s AND product_id = ANY(%s::bigint[]) ORDER BY product_id, store_id FOR UPDATE
"""
# A store that has the product no more shows nothing of it.
LOCK_SHARED = """
WHERE store_id = ANY(ARRAY(SELECT id FROM stores)) AND product_id = ANY(%s::bigint[])
AND (SELECT bool_or(own.tombstoned_at IS NULL) FROM links AS own
  WHERE own.local_id = stock_links.product_id AND own.store_id = stock_links.store_id
  AND own.entity IN ('product', 'variation'))
ORDER BY product_id, store_id FOR UPDATE
"""
EXPECTED = """
SELECT product_id, expected FROM stock_links
WHERE store_id = %s AND product_id = ANY(%s::bigint[]) AND state <> 'unmanaged'
"""
BY_WOO = """
SELECT wanted.woo_id, own.product_id FROM unnest(%s::bigint[]) AS wanted (woo_id)
CROSS JOIN LATERAL (
  SELECT product_id FROM stock_links WHERE woo_id = wanted.woo_id AND store_id = %s
  AND state <> 'unmanaged' OFFSET 0) AS own
"""
SAVE = """
UPDATE stock_links AS old SET expected = new.expected, seq = new.seq, state = new.state,
  reason = new.reason, observed = new.observed, observed_modified = new.observed_modified,
  allocation = new.allocation, wanted = new.wanted, agreed_seq = new.agreed_seq,
  audited_at = new.audited_at, updated_at = now()
FROM unnest(%s::bigint[], %s::bigint[], %s::numeric[], %s::bigint[], %s::text[], %s::text[],
  %s::numeric[], %s::timestamptz[], %s::numeric[], %s::numeric[], %s::bigint[], %s::timestamptz[])
  AS new (store_id, product_id, expected, seq, state, reason, observed, observed_modified,
    allocation, wanted, agreed_seq, audited_at)
WHERE old.store_id = new.store_id AND old.product_id = new.product_id
"""
OBSERVE = """
UPDATE stock_links AS old SET observed = new.level, observed_modified = new.modified
FROM unnest(%s::bigint[], %s::numeric[], %s::timestamptz[]) AS new (product_id, level, modified)
WHERE old.store_id = %s AND old.product_id = new.product_id
  AND (old.observed_modified IS NULL OR new.modified IS NULL
    OR new.modified >= old.observed_modified)
"""
UNEQUAL = """
SELECT product_id FROM stock_links
WHERE store_id = %s AND observed <> expected AND state = ANY(%s) AND product_id > %s
ORDER BY product_id LIMIT %s
"""
# What may have another target than level: where nothing is shared or kept back, that is exact.
UNTOLD = """
SELECT link.product_id FROM stock_links AS link
CROSS JOIN LATERAL (
  SELECT coalesce(sum(on_hand - reserved), 0) AS available FROM inventory
  WHERE product_id = link.product_id AND warehouse_id = ANY(%(warehouses)s::bigint[])) AS goods
WHERE link.store_id = %(store)s AND link.state <> 'unmanaged' AND link.product_id > %(after)s
  AND (link.allocation IS NOT NULL OR link.expected <> goods.available
    - CASE WHEN link.buffer > 0 THEN link.buffer ELSE %(buffer)s END)
ORDER BY link.product_id LIMIT %(limit)s
"""
ALL = """
SELECT product_id FROM stock_links
WHERE store_id = %s AND state <> 'unmanaged' AND product_id > %s ORDER BY product_id LIMIT %s
"""
AVAILABLE = """
SELECT product_id, sum(on_hand - reserved) FROM inventory
WHERE product_id = ANY(%s::bigint[]) AND warehouse_id = ANY(%s::bigint[]) GROUP BY product_id
"""
WHERE_TO = """
SELECT own.local_id, own.woo_id, own.woo_parent_id FROM links AS own
WHERE own.store_id = %s AND own.local_id = ANY(%s::bigint[])
  AND own.entity IN ('product', 'variation') AND own.tombstoned_at IS NULL
"""
TOTALS = """
SELECT coalesce(sum(expected), 0), count(*) FROM stock_links
WHERE store_id = %s AND state <> 'unmanaged' AND expected > 0
"""
POOL = """
SELECT id, coalesce((settings -> 'stock' ->> 'share')::numeric::int, 1),
  CASE WHEN jsonb_array_length(coalesce(settings -> 'stock' -> 'warehouses', '[]')) > 0
    THEN ARRAY(SELECT jsonb_array_elements_text(settings -> 'stock' -> 'warehouses')::bigint)
    ELSE array_remove(ARRAY[warehouse_id], NULL) END,
  coalesce((settings -> 'stock' ->> 'buffer')::numeric::int, 0)
FROM stores WHERE state <> 'removed'
"""
HELD = """
SELECT link.product_id, item.sku, item.name, link.woo_id, link.expected, link.observed, link.reason
FROM stock_links AS link JOIN products AS item ON item.id = link.product_id
WHERE link.store_id = %s AND link.state = 'held' ORDER BY link.product_id LIMIT %s
"""
COUNT = """
SELECT state, count(*), count(*) FILTER (WHERE observed <> expected), min(audited_at)
FROM stock_links WHERE store_id = %s GROUP BY state
"""


class StockLink(msgspec.Struct, frozen=True, kw_only=True):
    """A product's level in a store; see the table for what the columns mean."""

    store_id: int
    product_id: int
    woo_id: int
    expected: Decimal
    seq: int = 0
    state: str = "clean"
    reason: str = ""
    observed: Decimal | None = None
    observed_modified: datetime | None = None
    allocation: Decimal | None = None
    wanted: Decimal | None = None
    buffer: Decimal = Decimal(0)
    agreed_seq: int = 0
    audited_at: datetime | None = None

    def moved(self, qty: Decimal) -> "StockLink":
        """Return the link after `qty` more units are known to be in the store (or fewer)."""
        mine = None if self.allocation is None else self.allocation + qty
        return structs.replace(self, expected=self.expected + qty, allocation=mine)


class Address(msgspec.Struct, frozen=True):
    """Where a product is in the store; variations have a parent."""

    product_id: int
    woo_id: int
    parent_id: int | None


class Seller(msgspec.Struct, frozen=True):
    """A store, its share of common goods, the warehouses it sells from, what it keeps back."""

    store_id: int
    share: int
    warehouses: frozenset[int]
    buffer: int = 0


async def load(tx: Transaction, store_id: int, product_ids: Sequence[int]) -> dict[int, StockLink]:
    """Load and lock the links of products with a store, by local id."""
    async with tx.cursor(row_factory=class_row(StockLink)) as cursor:
        await cursor.execute(COLUMNS + LOCK, (store_id, list(product_ids)))
        return {link.product_id: link for link in await cursor.fetchall()}


async def load_expected(
    tx: Transaction, store_id: int, product_ids: Sequence[int]
) -> dict[int, Decimal]:
    """Load the levels that a store is expected to show, by local id; locks nothing."""
    return dict(await sql.rows(tx, EXPECTED, (store_id, list(product_ids))))


async def load_shared(tx: Transaction, product_ids: Sequence[int]) -> dict[int, list[StockLink]]:
    """Load and lock the links of products with all stores that have them, by local id."""
    found: dict[int, list[StockLink]] = {}
    async with tx.cursor(row_factory=class_row(StockLink)) as cursor:
        await cursor.execute(COLUMNS + LOCK_SHARED, (list(product_ids),))
        for link in await cursor.fetchall():
            found.setdefault(link.product_id, []).append(link)
    return found


async def load_by_woo(tx: Transaction, store_id: int, woo_ids: Sequence[int]) -> dict[int, int]:
    """Load the local ids of products that are counted, by store id."""
    return dict(await sql.rows(tx, BY_WOO, (list(woo_ids), store_id))) if woo_ids else {}


#: What `save` writes, in the order of its statement.
SAVED = (
    "store_id",
    "product_id",
    "expected",
    "seq",
    "state",
    "reason",
    "observed",
    "observed_modified",
    "allocation",
    "wanted",
    "agreed_seq",
    "audited_at",
)


async def save(tx: Transaction, changed: Iterable[StockLink]) -> None:
    """Save links that were loaded in this transaction; allocations that fall go first.

    Raises DatabaseRejectedError when allocations would exceed what there is.
    """
    links = sorted(changed, key=lambda link: (link.product_id, link.store_id))
    if links:
        await tx.execute(SAVE, [[getattr(link, name) for link in links] for name in SAVED])


async def observe(
    tx: Transaction, store_id: int, seen: Mapping[int, tuple[Decimal, datetime | None]]
) -> None:
    """Save the levels that a store showed, by local id, with its modified time; older ones not."""
    if seen:
        levels, times = zip(*seen.values(), strict=True)
        await tx.execute(OBSERVE, (list(seen), list(levels), list(times), store_id))


async def load_unequal(
    tx: Transaction, store_id: int, *, after: int = 0, limit: int = 1000, held: bool = True
) -> list[int]:
    """Load products whose level seen is not the expected one, a slice at a time.

    Without `held` those are left out that a person has to decide about anyway.
    """
    states = ["clean", "held"] if held else ["clean"]
    found = await sql.rows(tx, UNEQUAL, (store_id, states, after, limit))
    return [row[0] for row in found]


async def load_untold(
    tx: Transaction,
    store_id: int,
    *,
    warehouses: Sequence[int],
    buffer: int,
    after: int = 0,
    limit: int = 1000,
) -> list[int]:
    """Load products whose target may be another than their level, whatever the outbox says."""
    values = {
        "store": store_id,
        "warehouses": list(warehouses),
        "buffer": buffer,
        "after": after,
        "limit": limit,
    }
    return [row[0] for row in await sql.rows(tx, UNTOLD, values)]


async def load_all(
    tx: Transaction, store_id: int, *, after: int = 0, limit: int = 1000
) -> list[int]:
    """Load all counted products of a store, a slice at a time."""
    return [row[0] for row in await sql.rows(tx, ALL, (store_id, after, limit))]


async def load_available(
    tx: Transaction, warehouse_ids: Sequence[int], product_ids: Sequence[int]
) -> dict[int, Decimal]:
    """Load what warehouses have of products and is not reserved; those without are left out."""
    return dict(await sql.rows(tx, AVAILABLE, (list(product_ids), list(warehouse_ids))))


async def load_addresses(
    tx: Transaction, store_id: int, product_ids: Sequence[int]
) -> dict[int, Address]:
    """Load where live products are in the store, by local id."""
    found = await sql.rows(tx, WHERE_TO, (store_id, list(product_ids)))
    return {row[0]: Address(*row) for row in found}


async def load_totals(tx: Transaction, store_id: int) -> tuple[Decimal, int]:
    """Load how many units of how many products the store sells now."""
    found = await sql.rows(tx, TOTALS, (store_id,))
    return found[0][0], found[0][1]


async def load_sellers(tx: Transaction) -> dict[int, Seller]:
    """Load what stores say of the goods they share, by store id."""
    found = await sql.rows(tx, POOL)
    return {row[0]: Seller(row[0], row[1], frozenset(row[2]), row[3]) for row in found}


async def load_held(tx: Transaction, store_id: int, *, limit: int = 100) -> list[dict[str, object]]:
    """Load the levels that wait for a person, with why."""
    return await sql.mappings(tx, HELD, (store_id, limit))


async def count(tx: Transaction, store_id: int) -> dict[str, dict[str, object]]:
    """Count links by state: all, those seen at another level, and the oldest audit."""
    found = await sql.rows(tx, COUNT, (store_id,))
    return {
        row[0]: {"products": row[1], "unequal": row[2], "audited_since": row[3]} for row in found
    }
