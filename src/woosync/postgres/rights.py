"""What the database user may do; the doctor asks."""

from woosync.postgres import sql
from woosync.postgres.engine import Transaction

READ_ONLY = """
SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean
"""
#: Pulls copy into temporary tables, and make partitions, which needs the tables' owner.
LACKING = """
SELECT 'INSERT, UPDATE or DELETE in ' || relname FROM pg_class
WHERE relkind IN ('r', 'p') AND NOT relispartition
  AND relnamespace = current_schema()::regnamespace AND relname <> 'alembic_version'
  AND NOT (has_table_privilege(oid, 'INSERT') AND has_table_privilege(oid, 'UPDATE')
    AND has_table_privilege(oid, 'DELETE') AND has_table_privilege(oid, 'SELECT'))
UNION ALL SELECT 'make temporary tables'
WHERE NOT has_database_privilege(current_database(), 'TEMPORARY')
UNION ALL SELECT 'make partitions of ' || relname FROM pg_class
WHERE relkind = 'p' AND relnamespace = current_schema()::regnamespace
  AND NOT pg_has_role(relowner, 'USAGE')
UNION ALL SELECT 'make tables'
WHERE NOT has_schema_privilege(current_schema(), 'CREATE')
LIMIT 1
"""


async def load_lacking(tx: Transaction) -> str:
    """Say what the user may not do of what a pull needs; empty where nothing is lacking."""
    if await sql.value(tx, READ_ONLY):
        return "it takes no changes"
    lacking = await sql.value(tx, LACKING)
    return f"its user may not {lacking}" if lacking else ""
