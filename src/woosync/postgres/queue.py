"""Jobs of procrastinate, put into its queue in the transaction of what they belong to."""

from collections.abc import Mapping

from psycopg.types.json import Jsonb

from woosync.postgres import sql
from woosync.postgres.engine import Transaction

DEFER = """
SELECT unnest(procrastinate_defer_jobs_v1(ARRAY[
  ROW(%s, %s, 0, %s, %s, %s, NULL)::procrastinate_job_to_defer_v1]))
"""
FORGET = """
DELETE FROM procrastinate_jobs AS job
WHERE status IN ('succeeded', 'failed', 'cancelled', 'aborted')
  AND NOT EXISTS (SELECT 1 FROM procrastinate_events WHERE job_id = job.id
    AND at > now() - interval '1 day')
"""
# A run whose job is in no hands any more: the queue gave it up, or somebody emptied the queue.
ORPHANS = """
SELECT id FROM sync_runs AS run WHERE state IN ('queued', 'running') AND work <> ''
  AND heartbeat_at < now() - interval '1 minute'
  AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs AS job WHERE job.status IN ('todo', 'doing')
    AND job.args ->> 'run_id' = run.id::text)
"""


async def defer(
    tx: Transaction, task: str, args: Mapping[str, object], *, lock: str, queueing_lock: str
) -> int:
    """Put a job into the queue; return its id. Workers wake when the transaction commits."""
    values = ("default", task, lock, queueing_lock, Jsonb(dict(args)))
    return int(await sql.value(tx, DEFER, values))


async def forget_ended(tx: Transaction) -> int:
    """Delete jobs that ended over a day ago; return how many."""
    return (await tx.execute(FORGET)).rowcount


async def load_orphans(tx: Transaction) -> list[int]:
    """Load the runs that wait for a job which is not there."""
    return [row[0] for row in await sql.rows(tx, ORPHANS)]
