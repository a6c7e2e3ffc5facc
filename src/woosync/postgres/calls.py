"""`api_calls`: requests to stores by endpoint and minute, for analytics and the rate display."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from psycopg.types.json import Jsonb

from woosync.postgres.engine import Transaction


class Call(NamedTuple):
    """Requests of one endpoint in one minute; `throttled` of the `errors` were "too many"."""

    minute: datetime
    endpoint: str
    calls: int
    errors: int
    seconds: float
    histogram: Mapping[str, int]
    throttled: int = 0


SAVE = """
INSERT INTO api_calls AS known
  (store_id, minute, endpoint, calls, errors, seconds, histogram, throttled)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (store_id, minute, endpoint) DO UPDATE SET
  calls = known.calls + excluded.calls,
  errors = known.errors + excluded.errors,
  throttled = known.throttled + excluded.throttled,
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
    """Add requests to what is there."""
    rows = [(store_id, *call[:5], Jsonb(dict(call.histogram)), call.throttled) for call in calls]
    if rows:
        async with tx.cursor() as cursor:
            await cursor.executemany(SAVE, rows)
