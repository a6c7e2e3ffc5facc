"""Whether all tables of this version are there: somebody may have taken one out or renamed it.

Slow, so the doctor and `woosync db upgrade` alone ask.
"""

from woosync.postgres import errors, fresh, sql
from woosync.postgres.engine import Transaction

PRESENT = """
SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relkind IN ('r', 'p') AND pg_table_is_visible(pg_class.oid)
  AND attnum > 0 AND NOT attisdropped
"""
#: So many are named.
SHOWN = 3


async def check(tx: Transaction) -> None:
    """Raise DatabaseIncompleteError where tables or columns of this version are missing."""
    present = {(str(table), str(column)) for table, column in await sql.rows(tx, PRESENT)}
    tables = {table for table, _ in present}
    missing = [f"the table {table}" for table in fresh.tables() if table not in tables]
    missing += [
        f"the column {table}.{column}"
        for table, column in _columns()
        if table in tables and (table, column) not in present
    ]
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        raise errors.DatabaseIncompleteError(
            f"The database is incomplete: it lacks {', '.join(missing[:SHOWN])}{more}.",
            remedy="Restore it from a backup, or rename back what was renamed; nothing makes again "
            "what somebody took out.",
        )


def _columns() -> list[tuple[str, str]]:
    from woosync.postgres import tables  # noqa: PLC0415 - loads SQLAlchemy, which takes time

    return [
        (table.name, column.name) for table in tables.METADATA.sorted_tables for column in table.c
    ]
