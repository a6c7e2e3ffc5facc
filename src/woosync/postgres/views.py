"""Read models: answers to questions that go over several tables; nothing here writes."""

from woosync.postgres import sql
from woosync.postgres.engine import Transaction

OVERVIEW = """
SELECT store.key, store.name, store.url, store.state,
  store.capabilities ->> 'version' AS woocommerce_version,
  (SELECT coalesce(jsonb_object_agg(entity, live), '{}') FROM (
     SELECT entity, count(*) AS live FROM links
     WHERE store_id = store.id AND tombstoned_at IS NULL GROUP BY entity) AS counted) AS linked,
  (SELECT count(*) FROM conflicts WHERE store_id = store.id AND state = 'open') AS open_conflicts,
  (SELECT count(*) FROM quarantine WHERE store_id = store.id) AS quarantined,
  (SELECT max(finished_at) FROM sync_runs
     WHERE store_id = store.id AND state IN ('completed', 'partial')) AS last_success_at,
  last.id AS last_run_id, last.mode AS last_run_mode, last.state AS last_run_state,
  last.started_at AS last_run_at, last.error AS last_run_error
FROM stores AS store
LEFT JOIN LATERAL (
  SELECT * FROM sync_runs WHERE store_id = store.id ORDER BY id DESC LIMIT 1
) AS last ON true
WHERE store.state <> 'removed'
ORDER BY store.id
"""

TOTALS = """
SELECT
  (SELECT count(*) FROM customers WHERE deleted_at IS NULL) AS customers,
  (SELECT count(*) FROM products WHERE deleted_at IS NULL AND kind <> 'variation') AS products,
  (SELECT count(*) FROM products WHERE deleted_at IS NULL AND kind = 'variation') AS variations,
  (SELECT count(*) FROM purchase_orders WHERE deleted_at IS NULL) AS orders,
  (SELECT count(*) FROM purchase_order_refunds WHERE deleted_at IS NULL) AS refunds,
  (SELECT count(*) FROM inventory_movements) AS movements
"""


async def load_overview(tx: Transaction) -> list[dict[str, object]]:
    """Load one row a store: linked records, open conflicts, quarantine, the last run."""
    return await sql.mappings(tx, OVERVIEW)


async def load_totals(tx: Transaction) -> dict[str, int]:
    """Count the live records of the back office."""
    return (await sql.mappings(tx, TOTALS))[0]


async def load_server_version(tx: Transaction) -> str:
    """Load the version of the PostgreSQL server, such as "18.1"."""
    return str(await sql.value(tx, "SHOW server_version")).partition(" ")[0]


async def load_revision(tx: Transaction) -> str:
    """Load the migration the tables are at."""
    return str(await sql.value(tx, "SELECT version_num FROM alembic_version"))


async def load_size(tx: Transaction) -> int:
    """Load the size of the database in bytes."""
    return int(await sql.value(tx, "SELECT pg_database_size(current_database())"))
