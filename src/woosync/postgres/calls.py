"""`api_calls`: requests to stores by endpoint and minute, for analytics and the rate display."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from psycopg.types.json import Jsonb

from woosync.postgres.engine import Transaction

Call = tuple[datetime, str, int, int, float, Mapping[str, int]]

SAVE = """
INSERT INTO api_calls AS known (store_id, minute, endpoint, calls, errors, seconds, histogram)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (store_id, minute, endpoint) DO UPDATE SET
  calls = known.calls + excluded.calls,
  errors = known.errors + excluded.errors,
  seconds = known.seconds + excluded.seconds,
  histogram = (
    SELECT coalesce(jsonb_object_agg(bin, total), '{}') FROM (
      SELECT bin, sum(n::bigint) AS total FROM (
        SELECT * FROM jsonb_each_text(known.histogram)
        UNION ALL SELECT * FROM jsonb_each_text(excluded.histogram)
      ) AS each(bin, n) GROUP BY bin
    ) AS summed
  )
"""


async def save(tx: Transaction, store_id: int, calls: Iterable[Call]) -> None:
    """Add (minute, endpoint, calls, errors, seconds, histogram) to what is there."""
    rows = [(store_id, *call[:-1], Jsonb(dict(call[-1]))) for call in calls]
    if rows:
        async with tx.cursor() as cursor:
            await cursor.executemany(SAVE, rows)
