"""Open conflicts that a push itself finds: values not taken, not sent, or sent in vain."""

from collections.abc import Iterable, Sequence

from woosync.domain import merge
from woosync.flows.ingest import deciding
from woosync.flows.push.planning import Step, Target
from woosync.flows.push.run import Run
from woosync.postgres import conflicts, log
from woosync.postgres.engine import Transaction

POLICY = "push"


def of(
    entity: str, step: Step, name: str, reason: str, *, theirs: object = None
) -> conflicts.Conflict:
    """Return the open conflict about a field of a planned record; ours stays until a decision."""
    change = step.change(name)
    return conflicts.Conflict(
        entity=entity,
        woo_id=step.target.link.woo_id,
        local_id=step.target.local_id,
        field=name,
        base=change["store"],
        ours=change["becomes"],
        theirs=change["store"] if theirs is None else deciding.plain(theirs),
        ours_at=step.target.claim.changed_at,
        theirs_at=None,
        policy=POLICY,
        decision=merge.Side.OURS.value,
        suggestion=merge.Side.THEIRS.value,
        reason=reason,
        open=True,
    )


def of_problems(entity: str, steps: Iterable[Step]) -> list[conflicts.Conflict]:
    """Return the conflicts about values that are not fit to be sent."""
    return [
        of(
            entity,
            step,
            problem.field,
            f"not sent: {problem.reason}; take the store's value, or set one that fits",
        )
        for step in steps
        for problem in step.problems
    ]


async def save(tx: Transaction, run: Run, entity: str, found: Sequence[conflicts.Conflict]) -> None:
    """Save conflicts with a line in the log each."""
    if not found:
        return
    await conflicts.save(tx, run.store_id, found, run_id=run.context.run_id)
    events = [
        log.Event(
            entity=entity,
            event="conflict",
            woo_id=one.woo_id,
            local_id=one.local_id,
            before={one.field: one.theirs},
            after={one.field: one.ours},
            cause=one.reason,
        )
        for one in found
    ]
    await save_log(tx, run, events)


async def save_log(tx: Transaction, run: Run, events: Sequence[log.Event]) -> None:
    """Append events of this run."""
    await log.save(
        tx,
        run.store_id,
        events,
        run_id=run.context.run_id,
        actor=run.context.actor,
        now=run.context.clock(),
    )


def failed(entity: str, step: Step, cause: str) -> log.Event:
    """Return the event of a change that the store refused."""
    return log.Event(
        entity=entity,
        event="failed",
        woo_id=step.target.link.woo_id or None,
        local_id=step.target.local_id,
        after={name: step.change(name)["becomes"] for name in step.told},
        category="refused",
        cause=cause,
    )


def missing(entity: str, target: Target, cause: str) -> log.Event:
    """Return the event of a change whose record the store does not have any more."""
    return log.Event(
        entity=entity,
        event="failed",
        woo_id=target.link.woo_id,
        local_id=target.local_id,
        category="missing",
        cause=cause,
    )
