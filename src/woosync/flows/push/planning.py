"""What is left to be sent of each record, and what must not be: the smallest patch and its reasons.

`plan` is called after the store's present state was ingested, so that what both sides changed is
merged already: what differs from the base now is ours alone.
"""

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import structs

from woosync import errors
from woosync.domain import conflict_policy, ids, merge, order, order_status
from woosync.flows.ingest import deciding
from woosync.flows.ingest.streams import STORE_ONLY, Stream
from woosync.flows.push import custom
from woosync.flows.push.run import Run
from woosync.mapping import checking, patch, store_ids
from woosync.postgres import custom as metadata
from woosync.postgres import outbox, pushing
from woosync.postgres.engine import Transaction
from woosync.postgres.records import Saved
from woosync.woo import paging


class Target(msgspec.Struct, frozen=True):
    """A record that is claimed, and where the store has it."""

    claim: outbox.Claimed
    link: pushing.Linked

    @property
    def local_id(self) -> int:
        """Return its id here."""
        return self.claim.local_id


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A record with what is to be sent of it.

    `names` are the fields that `body` carries, from `base` to `ours`. `held` wait for a person,
    `stuck` cannot be said to a store, `problems` are values that it would spoil; `disputed` are the
    fields with an open conflict.
    """

    target: Target
    base: Any
    ours: Any
    names: tuple[str, ...] = ()
    body: Mapping[str, Any] = msgspec.field(default_factory=dict)
    held: tuple[str, ...] = ()
    stuck: tuple[str, ...] = ()
    problems: tuple[checking.Problem, ...] = ()
    disputed: tuple[str, ...] = ()
    theirs: Any = None
    ids: store_ids.StoreIds = store_ids.NONE
    extras: custom.Fields = custom.NONE

    @property
    def message(self) -> dict[str, Any]:
        """Return what is sent: the record's own fields and the custom ones."""
        return {**self.body, **self.extras.body}

    @property
    def told(self) -> tuple[str, ...]:
        """Return the names of everything that is sent."""
        return (*self.names, *self.extras.changes)

    def change(self, name: str) -> dict[str, object]:
        """Return a field's values as JSON can hold them: in the store, and as it becomes."""
        if name in self.extras.changes:
            there, becomes = self.extras.changes[name]
            return {"store": there, "becomes": becomes}
        return {
            "store": deciding.plain(patch.value_at(self.base, name)),
            "becomes": deciding.plain(patch.value_at(self.ours, name)),
        }


class _Known(msgspec.Struct, frozen=True):
    """What is loaded for a group at once."""

    ours: Mapping[int, Saved[Any]]
    held: Mapping[int, set[str]]
    approved: Mapping[tuple[int, str], object]
    statuses: frozenset[str]
    metadata: Mapping[int, metadata.Metadata]


async def plan(
    tx: Transaction,
    run: Run,
    stream: Stream,
    targets: Sequence[Target],
    records: Mapping[int, paging.Record],
) -> list[Step]:
    """Plan every target whose present record is known; the others are left out.

    So are those of which one side cannot be read, with a warning: they do not stop the others.
    """
    local_ids = [one.local_id for one in targets]
    entity = stream.entity.value
    linked = await pushing.load_linked(tx, run.store_id, entity, local_ids)
    mine_of = await stream.noun.load(tx, local_ids)
    odd = _odd_statuses(saved.record for saved in mine_of.values())
    known = _Known(
        mine_of,
        await pushing.load_held(tx, run.store_id, entity, local_ids),
        await pushing.load_approved(tx, run.store_id, entity, local_ids),
        run.rules.statuses | await pushing.load_statuses(tx, run.store_id, odd),
        await custom.load(tx, run, stream, local_ids),
    )
    steps: list[Step] = []
    for target in targets:
        record = records.get(target.link.woo_id)
        link = linked.get(target.local_id)
        if record is None or link is None or target.local_id not in known.ours:
            continue
        try:
            steps.append(_plan_one(run, stream, target, (link, record), known))
        except errors.RecordError as error:
            run.warn(error.message)
    return steps


def _plan_one(
    run: Run,
    stream: Stream,
    target: Target,
    there: tuple[pushing.Linked, paging.Record],
    known: _Known,
) -> Step:
    """Plan a record from what is loaded of it and the store's present one."""
    link, record = there
    mine = known.ours[target.local_id]
    wire, theirs, _ = stream.noun.read(bytes(record.raw))
    base = deciding.base_of(run.context, stream.noun, link.base)
    ours, held = mine.record, set(known.held.get(target.local_id, ()))
    extras = custom.plan(run, stream, known.metadata.get(target.local_id), record, held)
    if run.context.dry_run or base is None:
        ours, disputed = _foreseen(run, stream, (base, mine, theirs), record)
        base, held = theirs, held | disputed
    fresh = Step(target=target, base=base, ours=ours, theirs=theirs, extras=extras)
    return _planned(run, stream, fresh, (held, known), wire)


def _odd_statuses(records: Iterable[Any]) -> set[str]:
    """Return the statuses of orders that WooCommerce itself does not have."""
    found = {one.status for one in records if isinstance(one, order.Order)}
    return found - order_status.CORE


def _foreseen(
    run: Run, stream: Stream, sides: tuple[Any, Saved[Any], Any], record: paging.Record
) -> tuple[Any, set[str]]:
    """Merge as an ingest would, without writing: for dry runs."""
    base, mine, theirs = sides
    decide = functools.partial(
        conflict_policy.decide,
        entity=stream.entity,
        rules=run.context.rules,
        times=conflict_policy.Times(ours_at=mine.edited_at, theirs_at=record.modified),
    )
    merged = merge.three_way(base, mine.record, theirs, decide=decide)
    return merged.value, {one.field for one in merged.conflicts if one.decision.is_open}


def _planned(
    run: Run, stream: Stream, step: Step, known: tuple[set[str], _Known], wire: Any
) -> Step:
    """Sort a record's own fields into what is sent and what is not."""
    entity, (held, loaded) = stream.entity, known
    different = [
        name
        for name in merge.differences(step.base, step.ours)
        if name not in STORE_ONLY and run.rules.allows(entity, name)
    ]
    masks = () if run.options.force else held
    waiting = [name for name in different if _covered(name, masks)]
    free = [name for name in different if name not in waiting]
    problems = [
        problem
        for problem in _problems(entity, step, free, loaded.statuses)
        if not (_is_choice(problem) and (run.options.force or _approved(step, problem, loaded)))
    ]
    bad = {problem.field for problem in problems}
    names = [name for name in free if name not in bad]
    known_ids = store_ids.of(wire) if entity in _GOODS else store_ids.NONE
    sent, stuck = _sendable(entity, step, names, known_ids)
    return structs.replace(
        step,
        names=tuple(sent),
        body=patch.body(entity, step.base, step.ours, sent, known_ids),
        held=tuple(waiting),
        stuck=tuple(stuck),
        problems=tuple(problems),
        ids=known_ids,
        disputed=tuple(held),
    )


_NOTHING = object()
_GOODS = frozenset({ids.Entity.PRODUCT, ids.Entity.VARIATION})


def _covered(name: str, held: Iterable[str]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in held)


def _approved(step: Step, problem: checking.Problem, known: _Known) -> bool:
    """Tell whether a person has decided on just this value."""
    decided = known.approved.get((step.target.local_id, problem.field), _NOTHING)
    return bool(decided == deciding.plain(patch.value_at(step.ours, problem.field)))


def _is_choice(problem: checking.Problem) -> bool:
    """Whether a person may want it all the same: an unusual step of an order is no bad value."""
    return problem.field == "status" and "does not go from" in problem.reason


def _problems(
    entity: ids.Entity, step: Step, names: Sequence[str], statuses: frozenset[str]
) -> Iterable[checking.Problem]:
    match entity:
        case ids.Entity.CUSTOMER:
            return checking.customer(step.ours, names)
        case ids.Entity.ORDER:
            return checking.order(step.base, step.ours, names, known=statuses)
        case _:
            return checking.product(step.ours, names)


def _sendable(
    entity: ids.Entity, step: Step, names: Sequence[str], known: store_ids.StoreIds
) -> tuple[list[str], list[str]]:
    """Part fields into those that a body can carry and those that it cannot."""
    sent: list[str] = []
    stuck: list[str] = []
    for name in names:
        told = patch.body(entity, step.base, step.ours, [name], known)
        (sent if told else stuck).append(name)
    return sent, stuck


def without(entity: str, step: Step, names: Sequence[str]) -> Step:
    """Return the step with these fields held."""
    kept = tuple(name for name in step.names if name not in names)
    body = patch.body(ids.Entity(entity), step.base, step.ours, kept, step.ids)
    return structs.replace(step, names=kept, body=body, held=(*step.held, *names))


def planned_new(run: Run, stream: Stream, step: Step, *, without: Collection[str] = ()) -> Step:
    """Return the step of a record that is to be made, with everything a new one does not have.

    Fields in `without` the store gives it by itself.
    """
    entity, record = stream.entity, step.ours
    names = [
        name
        for name in merge.differences(step.base, record)
        if name == "username"
        or (name not in STORE_ONLY and name not in without and run.rules.allows(entity, name))
    ]
    if entity is ids.Entity.CUSTOMER and "email" not in names:
        names.append("email")
    problems = tuple(_problems(entity, step, names, frozenset()))
    target = patch.with_fields(step.base, record, names)
    body = patch.new_body(entity, target, step.ids)
    return structs.replace(step, names=tuple(names), body=body, problems=problems)
