"""Changes of records that the store has: look, merge, plan the smallest patch, send, settle."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from woosync import errors as kinds
from woosync.domain import merge
from woosync.flows.ingest.streams import Stream
from woosync.flows.push import current, disputes, planning, settling, terms
from woosync.flows.push.planning import Step, Target
from woosync.flows.push.run import Run, patience
from woosync.flows.push.settling import Sent
from woosync.mapping import custom
from woosync.postgres import conflicts, creations, outbox, pushing
from woosync.postgres.engine import Transaction
from woosync.woo import batch
from woosync.woo.batch import Action, Item, Outcome, Status

#: What a store says when somebody else has what must be one's own.
_HELD_CODES = {
    "product_invalid_sku": "sku",
    "woocommerce_rest_product_not_created": "sku",
    "product_invalid_global_unique_id": "global_unique_id",
    "woocommerce_rest_customer_invalid_email": "email",
    "registration-error-email-exists": "email",
    "customer_invalid_email": "email",
}


async def update(run: Run, stream: Stream, targets: Sequence[Target]) -> None:
    """Bring the store's records up to ours; raises only what reading the store raises."""
    records = await current.fetch(
        run, stream, {one.link.woo_id: one.link.parent_id for one in targets}
    )
    await run.take(stream, list(records.values()))
    await _report_missing(run, stream, [one for one in targets if one.link.woo_id not in records])
    async with run.database.transaction() as tx:
        steps = await planning.plan(tx, run, stream, targets, records)
    planned = {step.target.local_id for step in steps}
    lost = [
        one.claim for one in targets if one.link.woo_id in records and one.local_id not in planned
    ]
    await run.give_back(lost, delay=timedelta(hours=1), error="the record cannot be read")
    run.count(stream.entity).waiting += len(lost)
    steps = await terms.complete(run, stream, steps)
    if run.context.dry_run:
        for step in steps:
            tell(run, stream, step, "update")
        return
    steps = await _held_back(run, stream, steps)
    await _send(run, stream, [step for step in steps if step.message])


async def _held_back(run: Run, stream: Stream, steps: Sequence[Step]) -> list[Step]:
    """Save what must not be sent as conflicts, and take marks away where nothing is to be sent."""
    entity, counts = stream.entity.value, run.count(stream.entity)
    async with run.database.transaction() as tx:
        flips = await pushing.load_flips(
            tx,
            run.store_id,
            entity,
            [step.target.link.woo_id for step in steps],
            rounds=run.rules.flips,
            window=run.options.flip_window,
        )
        calm, found = _without_flips(run, entity, steps, flips)
        found += disputes.of_problems(entity, calm)
        await disputes.save(tx, run, entity, found)
        await _close_agreed(tx, run, entity, calm)
        idle = [step for step in calm if not step.message]
        await outbox.acknowledge(tx, [step.target.claim for step in idle])
        linked = [step.target.local_id for step in idle]
        await creations.forget(tx, run.store_id, entity, linked)
    disputed = {one.local_id for one in found}
    for step in idle:
        waits = step.held or step.target.local_id in disputed
        counts.held += bool(waits)
        counts.unchanged += not waits
    for step in calm:
        if step.stuck:
            names = ", ".join(step.stuck)
            run.warn(f"{entity} {step.target.link.woo_id}: a store cannot be told {names}.")
    return calm


def _without_flips(
    run: Run, entity: str, steps: Sequence[Step], flips: Sequence[tuple[int, str, object]]
) -> tuple[list[Step], list[conflicts.Conflict]]:
    """Take fields out that were sent again and again in vain."""
    stopped = {(local_id, name): value for local_id, name, value in flips}
    found: list[conflicts.Conflict] = []
    calm: list[Step] = []
    for step in steps:
        vain = [
            name
            for name in step.names
            if stopped.get((step.target.local_id, name), _NOTHING) == step.change(name)["becomes"]
        ]
        reason = (
            f"the store has put back another value {run.rules.flips} times; something there or "
            "here changes this field by itself: stop it, then decide"
        )
        found += [disputes.of(entity, step, name, reason) for name in vain]
        calm.append(planning.without(entity, step, vain) if vain else step)
    return calm, found


_NOTHING = object()


async def _close_agreed(tx: Transaction, run: Run, entity: str, steps: Sequence[Step]) -> None:
    """Close conflicts about fields in which both sides hold the same by now."""
    for step in steps:
        different = merge.differences(step.base, step.ours) if step.disputed else ()
        agreed = [
            name
            for name in step.disputed
            if (
                name in step.extras.agreed
                if name.startswith(custom.ROOT)
                else name not in different
            )
        ]
        await pushing.close_agreed(tx, run.store_id, entity, step.target.local_id, agreed)


async def _send(run: Run, stream: Stream, steps: Sequence[Step]) -> None:
    """Send patches, route by route, and settle each route's at once."""
    routes: dict[str, list[Step]] = {}
    for step in steps:
        routes.setdefault(current.path(stream.entity, step.target.link.parent_id), []).append(step)
    for path, part in routes.items():
        if run.trouble is not None:
            await _unsent(run, stream, [(step, run.trouble) for step in part])
            continue
        items = [
            Item(
                step.target.local_id, Action.UPDATE, {"id": step.target.link.woo_id, **step.message}
            )
            for step in part
        ]
        outcomes = await batch.send(run.client, path, items, pace=run.pace(stream.route))
        await conclude(run, stream, list(zip(part, outcomes, strict=True)))


async def conclude(
    run: Run, stream: Stream, sent: Sequence[tuple[Step, Outcome]], *, made: bool = False
) -> None:
    """Settle, give back or dispute what was sent, by what became of it."""
    known = [
        Sent(step, outcome.status, outcome.message, made)
        for step, outcome in sent
        if outcome.status in {Status.DONE, Status.UNKNOWN}
    ]
    unsent = [
        (step, outcome.error)
        for step, outcome in sent
        if outcome.status is Status.UNSENT and outcome.error is not None
    ]
    await _unsent(run, stream, unsent)
    for step, outcome in sent:
        if outcome.status is Status.REFUSED:
            await refuse(run, stream, step, outcome)
    await settling.settle(run, stream, known)


async def _unsent(
    run: Run, stream: Stream, unsent: Sequence[tuple[Step, kinds.WoosyncError]]
) -> None:
    for step, error in unsent:
        run.trouble = run.trouble or error
        asked = error.retry_after if isinstance(error, kinds.TemporaryError) else None
        delay = timedelta(seconds=asked) if asked else settling.SOON
        await run.give_back([step.target.claim], delay=delay, error=error.message)
        run.count(stream.entity).waiting += 1


async def refuse(run: Run, stream: Stream, step: Step, outcome: Outcome) -> None:
    """Save what the store refused: a conflict where it names the field, else tried again later."""
    entity, counts = stream.entity.value, run.count(stream.entity)
    claim, name = step.target.claim, _HELD_CODES.get(outcome.code, "")
    counts.refused += 1
    async with run.database.transaction() as tx:
        if name in step.names and not run.options.force:
            reason = f"the store refused it ({outcome.code}): {_remedy(outcome)}"
            await disputes.save(tx, run, entity, [disputes.of(entity, step, name, reason)])
            # The other fields go without it, at once.
            await outbox.release(tx, [claim], delay=timedelta(), error=outcome.message)
            return
        refused = disputes.failed(entity, step, f"{outcome.code}: {outcome.message}")
        await disputes.save_log(tx, run, [refused])
        await outbox.release(tx, [claim], delay=patience(claim.attempts), error=outcome.message)
    run.warn(f"The store refused {entity} {step.target.link.woo_id}: {outcome.message}")


def _remedy(outcome: Outcome) -> str:
    holder = outcome.data.get("resource_id") if isinstance(outcome.data, Mapping) else None
    who = f"record {holder} of the store" if holder else "another record, perhaps in its trash,"
    return f"{who} has this value; change it there or here, or take the store's value"


async def _report_missing(run: Run, stream: Stream, targets: Sequence[Target]) -> None:
    """Deal with records that the store did not list: in its trash, gone, or only hidden."""
    for one in targets:
        woo_id, parent_id = one.link.woo_id, one.link.parent_id
        fate = await current.is_there(run, stream, woo_id, parent_id)
        run.count(stream.entity).held += 1
        if not fate:
            await run.give_back([one.claim], delay=settling.SOON, error="the store left it out")
            continue
        says = "is in the store's trash" if fate == "trash" else "is gone from the store"
        run.warn(f"{stream.entity.value} {woo_id} {says}: its changes stay here.")
        if not run.context.dry_run:
            async with run.database.transaction() as tx:
                lost = disputes.missing(stream.entity.value, one, f"it {says}")
                await disputes.save_log(tx, run, [lost])
                await outbox.acknowledge(tx, [one.claim])


def tell(run: Run, stream: Stream, step: Step, action: str) -> None:
    """Add a line to the plan of a dry run."""
    if not (step.told or step.held or step.problems or step.stuck):
        run.count(stream.entity).unchanged += 1
        return
    run.on_plan(
        {
            "entity": stream.entity.value,
            "id": step.target.link.woo_id or None,
            "local_id": step.target.local_id,
            "action": action if step.told else "held",
            "fields": {name: step.change(name) for name in step.told},
            "conflicts": list(step.held),
            "problems": {one.field: one.reason for one in step.problems}
            | dict(step.extras.problems),
            "unsendable": list(step.stuck),
        }
    )
