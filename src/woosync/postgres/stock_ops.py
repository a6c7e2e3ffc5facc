"""The operations of the stock protocol: every change sent to a store, and what became of it.

Changes of state are guarded by the state and attempt they come from, so that a process that was
taken for dead changes nothing any more.
"""

import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from woosync import errors
from woosync.domain import stock
from woosync.postgres import locks, sql
from woosync.postgres.engine import Database, Transaction

STOCK_LOCK = 0x53544F

PLAN = """
INSERT INTO stock_ops (store_id, product_id, seq, delta, expected_before, planned_at)
SELECT %s, new.product_id, new.seq, new.delta, new.expected, %s
FROM unnest(%s::bigint[], %s::bigint[], %s::numeric[], %s::numeric[])
  AS new (product_id, seq, delta, expected)
ORDER BY new.product_id
RETURNING op_id, product_id, seq, delta, attempt, state, doubtful, sent_at, settled_at
"""
OPEN = """
SELECT op_id, product_id, seq, delta, attempt, state, doubtful, sent_at, settled_at
FROM stock_ops WHERE store_id = %s AND state IN ('planned', 'sent', 'unknown') ORDER BY op_id
"""
SEND = """
UPDATE stock_ops SET state = 'sent', attempt = attempt + 1, sent_at = %s
WHERE store_id = %s AND op_id = ANY(%s::bigint[]) AND state IN ('planned', 'unknown')
RETURNING op_id, product_id, seq, delta, attempt, state, doubtful, sent_at, settled_at
"""
DOUBT = """
UPDATE stock_ops AS old SET state = 'unknown', doubtful = true,
  settled_at = coalesce(%s, settled_at)
FROM unnest(%s::bigint[], %s::int[]) AS mine (op_id, attempt)
WHERE old.store_id = %s AND old.op_id = mine.op_id AND old.attempt = mine.attempt
  AND old.state = 'sent'
RETURNING old.op_id
"""
RECALL = """
UPDATE stock_ops AS old SET state = CASE WHEN doubtful THEN 'unknown' ELSE 'planned' END,
  attempt = old.attempt - 1
FROM unnest(%s::bigint[], %s::int[]) AS mine (op_id, attempt)
WHERE old.store_id = %s AND old.op_id = mine.op_id AND old.attempt = mine.attempt
  AND old.state = 'sent'
RETURNING old.op_id
"""
SETTLE = """
UPDATE stock_ops AS old SET state = new.state, answered_level = new.level, settled_at = %s
FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::numeric[])
  AS new (op_id, attempt, state, level)
WHERE old.store_id = %s AND old.op_id = new.op_id AND old.attempt = new.attempt
  AND old.state IN ('planned', 'sent', 'unknown')
RETURNING old.op_id
"""
EVIDENCE = """
SELECT op.op_id, op.product_id, op.seq, op.delta, op.attempt, op.state, op.doubtful, op.sent_at,
  op.settled_at
FROM stock_links AS link JOIN stock_ops AS op
  ON op.store_id = link.store_id AND op.product_id = link.product_id AND op.seq > link.agreed_seq
WHERE link.store_id = %s AND link.product_id = ANY(%s::bigint[])
  AND op.state IN ('confirmed', 'marker_only')
ORDER BY op.seq
"""
TAKEN = """
SELECT moved.product_id, -moved.qty
FROM unnest(%s::bigint[], %s::timestamptz[]) AS since (product_id, at)
JOIN inventory_movements AS moved
  ON moved.product_id = since.product_id AND moved.at >= since.at
WHERE starts_with(moved.source_ref, %s) ORDER BY moved.id
"""
COUNT = """
SELECT state, count(*), min(sent_at) FROM stock_ops
WHERE store_id = %s AND state IN ('planned', 'sent', 'unknown') GROUP BY state
"""


class Wish(msgspec.Struct, frozen=True):
    """A change to be planned: the new sequence number, the difference, the level before."""

    product_id: int
    seq: int
    delta: Decimal
    expected: Decimal


class Settlement(msgspec.Struct, frozen=True):
    """How an attempt of an operation ended; `level` is what the store answered.

    `uncounted`: it answered without one, since it does not count the product any more.
    """

    op: stock.Op
    state: stock.OpState
    level: Decimal | None = None
    uncounted: bool = False


class StockBusyError(errors.TemporaryError):
    """Another process is writing this store's levels."""

    exit_code = 75


def alone(
    database: Database, store_id: int, store_key: str
) -> contextlib.AbstractAsyncContextManager[None]:
    """Hold the store's stock lock while the block lasts; raises StockBusyError."""
    busy = StockBusyError(
        f"The stock of the store {store_key} is being written by another process.",
        remedy="Wait for it to end; it takes up what has changed meanwhile.",
        retry_after=1,
    )
    return locks.alone(database, STOCK_LOCK, store_id, busy)


async def plan(
    tx: Transaction, store_id: int, wishes: Sequence[Wish], *, now: datetime
) -> list[stock.Op]:
    """Save new operations; a product that has an open one already is refused by the table."""
    if not wishes:
        return []
    columns = zip(*((w.product_id, w.seq, w.delta, w.expected) for w in wishes), strict=True)
    return _ops(await sql.mappings(tx, PLAN, (store_id, now, *map(list, columns))))


async def load_open(tx: Transaction, store_id: int) -> list[stock.Op]:
    """Load operations that are planned, sent or of unknown outcome."""
    return _ops(await sql.mappings(tx, OPEN, (store_id,)))


async def mark_sent(
    tx: Transaction, store_id: int, op_ids: Sequence[int], *, now: datetime
) -> list[stock.Op]:
    """Note that operations are about to be sent, and return them with their new attempt.

    Commit this before the first byte goes out.
    """
    return _ops(await sql.mappings(tx, SEND, (now, store_id, list(op_ids))))


async def mark_unknown(
    tx: Transaction, store_id: int, ops: Sequence[stock.Op], *, given_up: datetime | None = None
) -> set[int]:
    """Note that nobody knows what became of operations that were sent.

    `given_up` is when the last request of theirs ended here; None where its process died. Returns
    the ids of those that this attempt still had a say in.
    """
    columns = ([op.op_id for op in ops], [op.attempt for op in ops])
    return {row[0] for row in await sql.rows(tx, DOUBT, (given_up, *columns, store_id))}


async def recall(tx: Transaction, store_id: int, ops: Sequence[stock.Op]) -> set[int]:
    """Note that operations marked as sent never left this machine; returns as `mark_unknown`."""
    columns = ([op.op_id for op in ops], [op.attempt for op in ops])
    return {row[0] for row in await sql.rows(tx, RECALL, (*columns, store_id))}


async def settle(
    tx: Transaction, store_id: int, settled: Sequence[Settlement], *, now: datetime
) -> set[int]:
    """Close operations; return the ids of those that this attempt still had a say in."""
    if not settled:
        return set()
    columns = (
        [one.op.op_id for one in settled],
        [one.op.attempt for one in settled],
        [one.state.value for one in settled],
        [one.level for one in settled],
    )
    return {row[0] for row in await sql.rows(tx, SETTLE, (now, *columns, store_id))}


async def load_evidence(
    tx: Transaction, store_id: int, product_ids: Sequence[int]
) -> Mapping[int, stock.Evidence]:
    """Load what happened to products since both sides last agreed, by local id."""
    by_product: dict[int, list[stock.Op]] = {}
    for op in _ops(await sql.mappings(tx, EVIDENCE, (store_id, list(product_ids)))):
        by_product.setdefault(op.product_id, []).append(op)
    since = {
        product_id: min(op.sent_at for op in ops if op.sent_at is not None)
        for product_id, ops in by_product.items()
    }
    taken: dict[int, list[Decimal]] = {}
    if since:
        orders = f"store:{store_id}:order:"
        for product_id, qty in await sql.rows(
            tx, TAKEN, (list(since), list(since.values()), orders)
        ):
            taken.setdefault(product_id, []).append(qty)
    return {
        product_id: stock.Evidence(ops=tuple(ops), taken=tuple(taken.get(product_id, ())))
        for product_id, ops in by_product.items()
    }


async def count_open(tx: Transaction, store_id: int) -> dict[str, tuple[int, datetime | None]]:
    """Count open operations by state, with the time the oldest was sent."""
    return {row[0]: (row[1], row[2]) for row in await sql.rows(tx, COUNT, (store_id,))}


def _ops(rows: Sequence[Mapping[str, Any]]) -> list[stock.Op]:
    return [stock.Op(**{**row, "state": stock.OpState(row["state"])}) for row in rows]
