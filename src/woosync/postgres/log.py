"""`woocommerce_sync_log`: one row an event, append-only, in the transaction of what it tells."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from woosync.postgres import bulk, sql
from woosync.postgres.engine import Transaction

# A first import logs nothing but ids: two arrays cost a fraction of as many copied rows.
SAVE_PLAIN = """
INSERT INTO woocommerce_sync_log (store_id, run_id, at, actor, entity, event, woo_id, local_id)
SELECT %s, %s, %s, %s, %s, %s, one.woo_id, one.local_id
FROM unnest(%s::bigint[], %s::bigint[]) AS one (woo_id, local_id)
"""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a record; `before` and `after` hold the changed fields alone."""

    entity: str
    event: str
    woo_id: int | None = None
    local_id: int | None = None
    before: object = None
    after: object = None
    category: str = ""
    cause: str = ""

    @property
    def is_plain(self) -> bool:
        """Tell whether there is nothing to say but which record."""
        return self.before is None and self.after is None and not self.cause and not self.category


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


def _json(value: object) -> bytes | None:
    return None if value is None else msgspec.json.encode(value)


def _values(one: Event) -> tuple[object, ...]:
    told = (_json(one.before), _json(one.after), one.category, one.cause)
    return (one.entity, one.event, one.woo_id, one.local_id, *told)


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
    plain: dict[tuple[str, str], tuple[list[int | None], list[int | None]]] = {}
    told: list[Event] = []
    for event in events:
        if event.is_plain:
            woo_ids, local_ids = plain.setdefault((event.entity, event.event), ([], []))
            woo_ids.append(event.woo_id)
            local_ids.append(event.local_id)
        else:
            told.append(event)
    for (entity, name), ids in plain.items():
        await tx.execute(SAVE_PLAIN, (store_id, run_id, now, actor, entity, name, *ids))
    if not told:
        return
    rows = ((store_id, run_id, now, actor, *_values(one)) for one in told)
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
