"""What PostgreSQL did between two moments, by its own counters: indexes, tables read whole."""

from typing import Any

from database import rows
from woosync.postgres import engine

COUNTERS = """
SELECT c.relname, c.relkind, coalesce(parent.relname, c.relname),
  pg_stat_get_xact_numscans(c.oid), pg_stat_get_xact_tuples_returned(c.oid),
  pg_relation_size(c.oid) / 8192
FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
LEFT JOIN pg_class parent ON parent.oid = i.inhparent
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i')
"""
Counters = dict[str, tuple[str, str, int, int, int]]


async def count(tx: engine.Transaction) -> Counters:
    found: Any = await rows.ask(tx, COUNTERS)
    return {row[0]: row[1:] for row in found}


class Work:
    """What was done between two looks at the counters."""

    def __init__(self, before: Counters, after: Counters) -> None:
        self.indexes: dict[str, int] = {}
        self.read_whole: dict[str, int] = {}
        self.pages = {owner: pages for _, owner, _, _, pages in after.values()}
        for name, (kind, owner, scans, touched, _) in after.items():
            _, _, scans_before, touched_before, _ = before[name]
            if scans > scans_before and (kind == "i" or touched > touched_before):
                place = self.indexes if kind == "i" else self.read_whole
                place[owner] = place.get(owner, 0) + touched - touched_before

    def __repr__(self) -> str:
        return f"indexes {self.indexes}, read whole {self.read_whole}"
