"""Everything around a pull: the store's lock, the run's row, capabilities, and how it ended."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import msgspec
from msgspec import structs

from woosync import errors
from woosync.domain import conflict_policy, field_names, ids
from woosync.flows import pull as pulling
from woosync.flows.ingest import around
from woosync.flows.pull.run import Options, Planned, Run
from woosync.mapping import custom
from woosync.postgres import log, runs, stores
from woosync.postgres.engine import Database
from woosync.woo.capabilities import Capabilities
from woosync.woo.client import StoreClient

POLICY_FORM = (
    'Policies have the form {"default": "newest", "entities": {"product": "local"}, "fields": '
    '{"product.name": "manual"}}, each woocommerce, local, newest or manual; so does '
    "`woosync stores update KEY --policy product.name=manual`."
)


class BadPolicyError(errors.PermanentError):
    """The store's conflict policies cannot be read."""

    exit_code = 78


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to pull from where and whom to tell; `learn` asks what the store can do.

    `run_id` is the run that was asked for; without one a new row is made.
    """

    database: Database
    store: stores.Store
    client: StoreClient
    learn: Callable[[], Awaitable[Capabilities]]
    options: Options
    actor: str
    clock: Callable[[], datetime]
    on_progress: pulling.OnProgress
    on_plan: Planned
    run_id: int | None = None


async def pull(job: Job) -> pulling.Report:
    """Pull a store under its run lock and leave a row in `sync_runs` however it ends.

    A dry run writes nothing. Raises what the pull raises, and RunUnderWayError.
    """
    async with runs.alone(job.database, job.store.id, job.store.key):
        run_id, token = (None, "") if job.options.dry_run else await _start(job)
        try:
            run = await _run(job, run_id, token)
            return await pulling.pull(run, on_progress=job.on_progress)
        except BaseException as error:
            if run_id is not None:
                await around.note_end(job.database, run_id, error)
            raise


async def _start(job: Job) -> tuple[int, str]:
    """Save that the run has begun; return its id, and the proof that it has the store."""
    options = job.options
    chosen = structs.asdict(options)
    chosen |= {
        name: chosen[name].total_seconds()
        for name in ("overlap", "sweep_every", "quarantine_every")
    }
    new = runs.NewRun(
        direction="pull",
        mode=mode_of(options),
        entities=options.entities,
        options=chosen,
        actor=job.actor,
    )
    async with job.database.transaction() as tx:
        await log.make_partitions(tx)
        token = await runs.take(tx, job.store.id, "pull")
        if job.run_id is not None:
            await runs.begin(tx, job.run_id)
            return job.run_id, token
        return await runs.start(tx, job.store.id, new), token


def mode_of(options: Options) -> str:
    """Return what a run of these options is called."""
    if options.part is not None:
        return "part"
    return "full" if options.full or options.force else "incremental"


async def _run(job: Job, run_id: int | None, token: str) -> Run:
    store, options = job.store, job.options
    found = await job.learn()
    async with job.database.transaction() as tx:
        context = await around.load_context(
            tx,
            store,
            run_id=run_id,
            actor=job.actor,
            rules=rules_of(store.settings),
            clock=job.clock,
            force=options.force,
            dry_run=options.dry_run,
            baseline_orders=not await around.has_read_orders(tx, store.id),
        )
    return Run(
        database=job.database,
        client=job.client,
        capabilities=found,
        context=context,
        options=options,
        on_plan=job.on_plan,
        token=token,
    )


def rules_of(settings: Mapping[str, object]) -> conflict_policy.Rules:
    """Read the conflict policies of a store's settings.

    Form: {"policies": {"default": "newest", "entities": {"product": "local"}, "fields":
    {"product.name": "manual"}}}; every part may be left out. Raises BadPolicyError.
    """
    try:
        policies = msgspec.convert(settings.get("policies") or {}, _Policies)
        fields = {_field(name): policy for name, policy in policies.fields.items()}
    except ValueError as error:  # msgspec's errors are ValueErrors
        raise BadPolicyError(
            f"The store's conflict policies cannot be read: {error}.",
            remedy=POLICY_FORM,
        ) from error
    return conflict_policy.Rules(
        default=policies.default, entities=policies.entities, fields=fields
    )


def check_policies(settings: Mapping[str, object]) -> conflict_policy.Rules:
    """Read policies that are to be saved: their fields have to exist too.

    A pull takes those of older versions as they are. Raises BadPolicyError.
    """
    rules = rules_of(settings)
    for entity, name in rules.fields:
        is_custom = f"{name}.".startswith(custom.ROOT)
        if not is_custom and name not in field_names.of_entity(entity):
            raise BadPolicyError(
                f"A policy cannot be for {errors.shortened(f'{entity.value}.{name}')!r}: there is "
                "no such field.",
                remedy="Name one as `woosync history` and `woosync conflicts list` do, such as "
                f"product.name, customer.billing.city or product.{custom.ROOT}code.",
            )
    return rules


class _Policies(msgspec.Struct, forbid_unknown_fields=True):
    default: conflict_policy.Policy = conflict_policy.Policy.NEWEST
    entities: dict[ids.Entity, conflict_policy.Policy] = {}
    fields: dict[str, conflict_policy.Policy] = {}


def _field(name: str) -> tuple[ids.Entity, str]:
    entity, _, field = name.partition(".")
    return ids.Entity(entity), field
