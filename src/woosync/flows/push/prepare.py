"""Everything around a push: the store's push lock, the run's row, capabilities, how it ended."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec
from msgspec import structs

from woosync.domain import conflict_policy
from woosync.flows import push as pushing_flow
from woosync.flows.ingest import around
from woosync.flows.push import candidates, rules
from woosync.flows.push.run import Options, Planned, Run
from woosync.postgres import log, pushing, runs, stores
from woosync.postgres.engine import Database
from woosync.woo.capabilities import Capabilities
from woosync.woo.client import StoreClient


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to push to where and whom to tell; `policies` decide conflicts found on the way.

    `run_id` is the run that was asked for; without one a new row is made.
    """

    database: Database
    store: stores.Store
    client: StoreClient
    learn: Callable[[], Awaitable[Capabilities]]
    options: Options
    policies: conflict_policy.Rules
    actor: str
    clock: Callable[[], datetime]
    on_plan: Planned
    run_id: int | None = None


async def push(job: Job) -> pushing_flow.Report:
    """Push to a store under its push lock and leave a row in `sync_runs` however it ends.

    A dry run leaves no row, and so does a push that finds nothing to do. Raises what the push
    raises, and RunUnderWayError.
    """
    async with pushing.alone(job.database, job.store.id, job.store.key):
        run = await _run(job)
        await candidates.check(run)
        if job.options.dry_run:
            return await pushing_flow.push(run)
        entities = [stream.entity.value for stream in job.options.streams]
        async with job.database.transaction() as tx:
            await pushing.free_claims(tx, job.store.id, entities)
        await candidates.mark(run)
        if job.run_id is None and not await _is_due(job, entities):
            return pushing_flow.nothing(run)
        run_id, earlier = await _start(job)
        try:
            return await pushing_flow.push(pushing_flow.named(run, run_id, earlier))
        except BaseException as error:
            await around.note_end(job.database, run_id, error, earlier)
            raise


async def _is_due(job: Job, entities: list[str]) -> bool:
    async with job.database.transaction() as tx:
        return await pushing.is_due(tx, job.store.id, entities, among=job.options.local_ids)


async def _start(job: Job) -> tuple[int, around.Counts]:
    """Begin the run's row, or go on with that of the automatic pushes before."""
    options = job.options
    chosen = {
        name: value.total_seconds() if hasattr(value, "total_seconds") else value
        for name, value in structs.asdict(options).items()
    }
    mode = "full" if options.everything else "incremental"
    new = runs.NewRun(
        direction="push",
        mode=runs.AUTOMATIC if options.automatic else mode,
        entities=options.entities,
        options=chosen,
        actor=job.actor,
    )
    async with job.database.transaction() as tx:
        await log.make_partitions(tx)
        if job.run_id is not None:
            await runs.begin(tx, job.run_id)
            return job.run_id, {}
        if options.automatic:
            return await runs.start_or_go_on(tx, job.store.id, new, now=job.clock())
        return await runs.start(tx, job.store.id, new), {}


async def _run(job: Job) -> Run:
    store, options = job.store, job.options
    found = await job.learn()
    policies = job.policies
    if options.force:
        policies = conflict_policy.Rules(default=conflict_policy.Policy.LOCAL)
    async with job.database.transaction() as tx:
        context = await around.load_context(
            tx,
            store,
            run_id=None,
            actor=job.actor,
            rules=policies,
            clock=job.clock,
            dry_run=options.dry_run,
        )
    return Run(
        database=job.database,
        client=job.client,
        capabilities=found,
        context=context,
        options=options,
        rules=rules.rules_of(store.settings),
        on_plan=job.on_plan,
    )
