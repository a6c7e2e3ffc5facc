"""`api_calls`: requests to stores by endpoint and minute, for analytics and the rate display."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from woosync.postgres.tables import sync

Call = tuple[datetime, str, int, int, float, Mapping[str, int]]


async def save(connection: AsyncConnection, store_id: int, calls: Iterable[Call]) -> None:
    """Add (minute, endpoint, calls, errors, seconds, histogram) to what is there."""
    table = sync.api_calls
    for minute, endpoint, number, failed, seconds, histogram in calls:
        new = postgresql.insert(table).values(
            store_id=store_id,
            minute=minute,
            endpoint=endpoint,
            calls=number,
            errors=failed,
            seconds=seconds,
            histogram=sa.cast(
                sa.literal(msgspec.json.encode(histogram).decode()), postgresql.JSONB
            ),
        )
        summed = sa.text(
            "(SELECT coalesce(jsonb_object_agg(bin, total), '{}') FROM (SELECT bin, sum(n::bigint)"
            " AS total FROM (SELECT * FROM jsonb_each_text(api_calls.histogram) UNION ALL"
            " SELECT * FROM jsonb_each_text(excluded.histogram)) AS pairs(bin, n) GROUP BY bin) s)"
        )
        await connection.execute(
            new.on_conflict_do_update(
                index_elements=["store_id", "minute", "endpoint"],
                set_={
                    "calls": table.c.calls + new.excluded.calls,
                    "errors": table.c.errors + new.excluded.errors,
                    "seconds": table.c.seconds + new.excluded.seconds,
                    "histogram": summed,
                },
            )
        )
