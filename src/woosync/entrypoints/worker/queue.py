"""The job queue's side: which job is which flow, when it is tried again, and who saves the dead's.

procrastinate does the queueing, in the same PostgreSQL.
"""

import asyncio
import contextlib
from typing import Any

import procrastinate
import procrastinate.exceptions
import procrastinate.jobs
import procrastinate.retry

from woosync import bootstrap, jobs
from woosync.entrypoints.worker import execution
from woosync.postgres import queue as queue_table
from woosync.postgres import runs

#: Seconds a run under way gets to end by itself when the worker is stopped.
GRACE = 2.0
POOL = 6
#: A job whose workers died so often is what kills them.
MOST_DEATHS = 20


class Policy(procrastinate.retry.BaseRetryStrategy):
    """A run says when it wants to be tried again; one that was stopped goes back at once."""

    def get_retry_decision(
        self, *, exception: BaseException, job: procrastinate.jobs.Job
    ) -> procrastinate.RetryDecision | None:
        """Return when to try again, None for never."""
        if isinstance(exception, execution.AgainError):
            return procrastinate.RetryDecision(retry_in={"seconds": int(exception.wait) or 1})
        stopped = (asyncio.CancelledError, procrastinate.exceptions.JobAborted)
        if isinstance(exception, stopped) and job.attempts < MOST_DEATHS:
            return procrastinate.RetryDecision(retry_in={"seconds": 0})
        return None


def queue_of(opened: bootstrap.Application) -> procrastinate.App:
    """Return the queue of this database, with the jobs that it knows."""
    connector = procrastinate.PsycopgConnector(
        conninfo=opened.database.url, min_size=1, max_size=POOL
    )
    app = procrastinate.App(connector=connector)

    async def run(context: procrastinate.JobContext, run_id: int) -> None:
        await execution.execute(opened, run_id, attempt=context.job.attempts)

    app.task(name=jobs.RUN, pass_context=True, retry=Policy())(run)
    return app


async def work(opened: bootstrap.Application, *, concurrency: int, stalled_after: float) -> None:
    """Take jobs and do them until cancelled."""
    options: dict[str, Any] = {
        "concurrency": concurrency,
        "install_signal_handlers": False,
        "update_heartbeat_interval": stalled_after / 3,
        "stalled_worker_timeout": stalled_after,
        "shutdown_graceful_timeout": GRACE,
        "delete_jobs": "successful",
    }
    async with queue_of(opened).open_async() as app:
        await app.run_worker_async(**options)


async def rescue(opened: bootstrap.Application, *, stalled_after: float) -> None:
    """Give the jobs of dead workers back to the queue, again and again."""
    async with queue_of(opened).open_async() as app:
        while True:
            await rescue_once(opened, app, stalled_after=stalled_after)
            await asyncio.sleep(stalled_after / 3)


async def rescue_once(
    opened: bootstrap.Application, app: procrastinate.App, *, stalled_after: float
) -> None:
    """Look for jobs and runs in nobody's hands."""
    found = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=stalled_after)
    for job in found:
        if job.attempts < MOST_DEATHS:
            # Another worker may have been quicker.
            with contextlib.suppress(procrastinate.exceptions.ConnectorException):
                await app.job_manager.retry_job(job)
        else:
            await app.job_manager.finish_job(
                job, status=procrastinate.jobs.Status.FAILED, delete_job=False
            )
    async with opened.database.transaction() as tx:
        for run_id in await queue_table.load_orphans(tx):
            await runs.finish(tx, run_id, state="failed", counts={}, error="no worker could end it")
