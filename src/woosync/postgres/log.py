"""`woocommerce_sync_log`: one row an event, append-only, in the transaction of what it tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from woosync.postgres import bulk, sql
from woosync.postgres.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a record; `before` and `after` hold the changed fields alone."""

    entity: str
    event: str
    woo_id: int | None = None
    local_id: int | None = None
    before: object = None
    after: object = None
    category: str = ""
    cause: str = ""


COLUMNS = (
    "store_id",
    "run_id",
    "at",
    "actor",
    "entity",
    "event",
    "woo_id",
    "local_id",
    "before",
    "after",
    "category",
    "cause",
)


def _text(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


async def save(
    tx: Transaction,
    store_id: int,
    events: Sequence[Event],
    *,
    run_id: int | None,
    actor: str,
    now: datetime,
) -> None:
    """Append events."""
    if not events:
        return
    rows = (
        (
            store_id,
            run_id,
            now,
            actor,
            e.entity,
            e.event,
            e.woo_id,
            e.local_id,
            _text(e.before),
            _text(e.after),
            e.category,
            e.cause,
        )
        for e in events
    )
    await bulk.copy(tx, "woocommerce_sync_log", COLUMNS, rows)


async def load(
    tx: Transaction,
    store_id: int | None,
    *,
    event: str | None = None,
    entity: str | None = None,
    run_id: int | None = None,
    limit: int = 50,
) -> list[dict[str, object]]:
    """Load the newest events, newest first."""
    wanted = {"store_id": store_id, "event": event, "entity": entity, "run_id": run_id}
    return await sql.filtered(
        tx,
        "SELECT * FROM woocommerce_sync_log",
        wanted,
        "ORDER BY at DESC, id DESC",
        limit=limit,
    )


async def make_partitions(tx: Transaction) -> None:
    """Make the monthly partitions of the history tables three months ahead."""
    await tx.execute("SELECT woosync_make_partitions((now() + interval '3 months')::date)")
