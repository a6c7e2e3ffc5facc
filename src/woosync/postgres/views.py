"""Read models: answers to questions that go over several tables; nothing here writes."""

from typing import Any

from woosync.postgres import runs, sql
from woosync.postgres.engine import Transaction

OVERVIEW = f"""
SELECT store.key, store.name, store.url, store.state,
  store.capabilities ->> 'version' AS woocommerce_version,
  (SELECT coalesce(jsonb_object_agg(entity, live), '{{}}') FROM (
     SELECT entity, count(*) AS live FROM links
     WHERE store_id = store.id AND tombstoned_at IS NULL GROUP BY entity) AS counted) AS linked,
  (SELECT count(*) FROM conflicts WHERE store_id = store.id AND state = 'open') AS open_conflicts,
  (SELECT count(*) FROM quarantine WHERE store_id = store.id) AS quarantined,
  (SELECT max(finished_at) FROM sync_runs
     WHERE store_id = store.id AND state IN ('completed', 'partial')) AS last_success_at,
  last.id AS last_run_id, last.mode AS last_run_mode,
  CASE WHEN last.is_left THEN 'interrupted' ELSE last.state END AS last_run_state,
  last.started_at AS last_run_at, last.error AS last_run_error
FROM stores AS store
LEFT JOIN LATERAL (
  SELECT run.*, {runs.IS_LEFT} AS is_left FROM sync_runs AS run
  WHERE store_id = store.id ORDER BY id DESC LIMIT 1
) AS last ON true
WHERE store.state <> 'removed'
ORDER BY store.id
"""  # noqa: S608 - a part of ours

TOTALS = """
SELECT
  (SELECT count(*) FROM customers WHERE deleted_at IS NULL) AS customers,
  (SELECT count(*) FROM products WHERE deleted_at IS NULL AND kind <> 'variation') AS products,
  (SELECT count(*) FROM products WHERE deleted_at IS NULL AND kind = 'variation') AS variations,
  (SELECT count(*) FROM purchase_orders WHERE deleted_at IS NULL) AS orders,
  (SELECT count(*) FROM purchase_order_refunds WHERE deleted_at IS NULL) AS refunds,
  (SELECT count(*) FROM inventory_movements) AS movements
"""

STORES_NOW = f"""
SELECT store.id, store.key,
  (SELECT count(*) FROM webhook_deliveries
     WHERE store_id = store.id AND state = 'waiting') AS webhooks_waiting,
  (SELECT coalesce(sum(refused), 0)::bigint FROM webhook_refusals
     WHERE store_id = store.id AND last_at > now() - interval '1 day') AS refused_last_day,
  (SELECT count(*) FROM outbox WHERE store_id = store.id) AS changes_waiting,
  (SELECT min(changed_at) FROM outbox WHERE store_id = store.id) AS oldest_change_at,
  coalesce((SELECT jsonb_agg(id ORDER BY id) FROM sync_runs AS run
     WHERE store_id = store.id AND state = 'running' AND NOT ({runs.IS_LEFT})), '[]')
    AS runs_under_way,
  asked.*
FROM stores AS store
CROSS JOIN LATERAL (
  SELECT coalesce(sum(calls), 0)::bigint AS calls_last_hour,
    coalesce(sum(errors), 0)::bigint AS errors_last_hour,
    coalesce(sum(throttled), 0)::bigint AS throttled_last_hour,
    coalesce(sum(calls) FILTER (WHERE minute > now() - interval '1 minute'), 0)::bigint
      AS calls_last_minute,
    max(minute) FILTER (WHERE calls > errors) AS last_answer_at,
    max(minute) FILTER (WHERE errors > 0) AS last_error_at
  FROM api_calls WHERE store_id = store.id AND minute > now() - interval '1 hour'
) AS asked
WHERE store.state <> 'removed'
ORDER BY store.id
"""  # noqa: S608 - as above

WORKERS = """
SELECT (SELECT count(*) FROM procrastinate_workers
     WHERE last_heartbeat > now() - interval '1 minute') AS workers,
  (SELECT max(last_heartbeat) FROM procrastinate_workers) AS last_sign_at,
  (SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo') AS jobs_waiting,
  (SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing') AS jobs_under_way
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


async def load_stores_now(tx: Transaction) -> list[dict[str, object]]:
    """Load one row a store: what waits, what runs, and how its requests went in the last hour."""
    return await sql.mappings(tx, STORES_NOW)


async def load_workers(tx: Transaction) -> dict[str, Any]:
    """Load how many workers there are, when one last gave a sign, and what the queue holds."""
    return (await sql.mappings(tx, WORKERS))[0]
