"""How many deliveries were refused: by store, hour, topic and the HTTP status they got."""

from collections.abc import Mapping
from datetime import datetime
from typing import LiteralString

import msgspec

from woosync.postgres import sql
from woosync.postgres.engine import Transaction

# In order, so that two processes never wait for each other in a circle.
ADD: LiteralString = """
INSERT INTO webhook_refusals AS known (store_id, hour, topic, status, refused, last_at)
SELECT store.id, date_trunc('hour', one.at, 'UTC'), one.topic, one.status, one.refused, one.at
FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::timestamptz[])
  AS one (key, topic, status, refused, at)
JOIN stores AS store ON store.key = one.key AND store.state <> 'removed'
ORDER BY 1, 2, 3, 4
ON CONFLICT (store_id, hour, topic, status) DO UPDATE SET
  refused = known.refused + excluded.refused, last_at = greatest(known.last_at, excluded.last_at)
"""
COUNTS = """
SELECT topic, sum(refused)::bigint AS refused, max(last_at) AS last_refused_at
FROM webhook_refusals WHERE store_id = %s AND last_at > %s GROUP BY topic ORDER BY topic
"""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """What was refused alike; `topic` is empty for those that nobody asked for."""

    store_key: str
    topic: str
    status: int


async def add(tx: Transaction, counted: Mapping[Refusal, int], *, at: datetime) -> None:
    """Add to the counts; what was sent to a store that is not there is not counted."""
    await tx.execute(
        ADD,
        (
            [one.store_key for one in counted],
            [one.topic for one in counted],
            [one.status for one in counted],
            list(counted.values()),
            [at for _ in counted],
        ),
    )


async def load_counts(
    tx: Transaction, store_id: int, *, since: datetime
) -> list[dict[str, object]]:
    """Count by topic what was refused since, to the hour."""
    return await sql.mappings(tx, COUNTS, (store_id, since))


async def remove_old(tx: Transaction, *, before: datetime) -> None:
    """Forget counts of hours that ended before."""
    await tx.execute("DELETE FROM webhook_refusals WHERE last_at < %s", (before,))
