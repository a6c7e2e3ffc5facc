"""Take custom fields over from a store: three-way per field, as the settings map them."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from woosync.domain import conflict_policy, merge
from woosync.flows.ingest.context import Context, Noun, Settled
from woosync.mapping import custom
from woosync.postgres import conflicts
from woosync.postgres import custom as metadata
from woosync.postgres.engine import Transaction

T = TypeVar("T", bound=msgspec.Struct)
Before = Mapping[int, metadata.Metadata]
#: The values here of a record's fields, before and after.
Changes = dict[str, tuple[Any, Any]]


def rules_for(context: Context, noun: Noun[Any]) -> list[custom.Rule]:
    """Return the rules that take values over for a kind of record."""
    return [
        rule
        for rule in context.custom
        if rule.entity is noun.entity and rule.direction is not custom.Direction.PUSH
    ]


async def load(
    tx: Transaction, context: Context, noun: Noun[T], settled: Sequence[Settled[T]]
) -> Before:
    """Load what stands here before the records are saved; nothing without rules."""
    if not rules_for(context, noun):
        return {}
    local_ids = [one.local_id for one in settled if one.before is not None]
    return await metadata.load(tx, noun.entity.value, local_ids, store_key=context.store_key)


async def save(
    tx: Transaction,
    context: Context,
    noun: Noun[T],
    settled: Sequence[Settled[T]],
    before: Before,
) -> dict[int, Changes]:
    """Write the values that the store has changed; conflicts go by the store's policies.

    Returns what was written, by store id.
    """
    if not rules_for(context, noun):
        return {}
    taken = _merge(context, noun, settled, before)
    await metadata.save(tx, noun.entity.value, taken.own)
    await conflicts.save(tx, context.store_id, taken.disputed, run_id=context.run_id)
    return taken.written


def preview(
    context: Context, noun: Noun[T], settled: Sequence[Settled[T]], before: Before
) -> dict[int, dict[str, object]]:
    """Tell what `save` would write to records that are here, by store id; for dry runs."""
    known = [one for one in settled if one.before is not None]
    return {
        woo_id: {name: {"here": here, "becomes": there} for name, (here, there) in found.items()}
        for woo_id, found in _merge(context, noun, known, before).written.items()
    }


class _Taken(msgspec.Struct, frozen=True):
    """What is to be written: changes by store id, metadata by local id; and the conflicts."""

    written: dict[int, Changes] = msgspec.field(default_factory=dict)
    own: list[tuple[int, Mapping[str, Any]]] = msgspec.field(default_factory=list)
    disputed: list[conflicts.Conflict] = msgspec.field(default_factory=list)


def _merge(
    context: Context, noun: Noun[T], settled: Sequence[Settled[T]], before: Before
) -> _Taken:
    rules = rules_for(context, noun)
    found = _Taken()
    for one in settled if rules else ():
        known = before.get(one.local_id, metadata.Metadata({}, {}))
        wire = msgspec.json.decode(one.incoming.raw)
        own = dict(known.own)
        for rule in rules:
            taken, conflict = _merged(context, rule, one, (known, wire))
            if taken is not _NOTHING:
                change = (custom.here(rule, own), taken)
                found.written.setdefault(one.incoming.woo_id, {})[rule.source] = change
                place(own, custom.path_of(rule), taken)
            if conflict is not None:
                found.disputed.append(conflict)
        if own != known.own:
            found.own.append((one.local_id, own))
    return found


_NOTHING = object()


def _merged(
    context: Context,
    rule: custom.Rule,
    one: Settled[Any],
    sides: tuple[metadata.Metadata, Mapping[str, Any]],
) -> tuple[Any, conflicts.Conflict | None]:
    """Return the value to take (or that there is none), and the conflict about it."""
    known, wire = sides
    ours, said = custom.here(rule, known.own), custom.is_said(rule, known.own)
    there, before = custom.there(rule, wire), custom.there(rule, known.store)
    try:
        theirs = custom.to_here(rule, there)
        if custom.agrees(rule, ours, there) or (custom.same(there, before) and said):
            return _NOTHING, None
        untouched = not said or custom.agrees(rule, ours, before)
    except ValueError:
        return _NOTHING, None  # the preview tells of it; a bad value is not taken over
    if untouched:
        return theirs, None
    change = merge.FieldChange(rule.source, _read(rule, before), ours, theirs)
    return _decided(context, rule, one, change)


def _decided(
    context: Context, rule: custom.Rule, one: Settled[Any], change: merge.FieldChange
) -> tuple[Any, conflicts.Conflict]:
    """Let the store's policy decide between two values."""
    edited_at = one.before.edited_at if one.before else None
    times = conflict_policy.Times(ours_at=edited_at, theirs_at=one.incoming.modified)
    decision = conflict_policy.decide(change, entity=rule.entity, rules=context.rules, times=times)
    conflict = conflicts.Conflict(
        entity=rule.entity.value,
        woo_id=one.incoming.woo_id,
        local_id=one.local_id,
        field=change.field,
        base=change.base,
        ours=change.ours,
        theirs=change.theirs,
        ours_at=edited_at,
        theirs_at=one.incoming.modified,
        policy=context.rules.policy_for(rule.entity, rule.source).value,
        decision=decision.side.value,
        suggestion=decision.suggestion.value,
        reason=decision.reason,
        open=decision.is_open,
    )
    return (change.theirs if decision.side is merge.Side.THEIRS else _NOTHING), conflict


def _read(rule: custom.Rule, value: Any) -> Any:
    try:
        return custom.to_here(rule, value)
    except ValueError:
        return value


def place(own: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set a value at a path of nested objects; what stands in the way is replaced."""
    *way, last = path
    inner = own
    for key in way:
        step = inner.get(key)
        inner[key] = dict(step) if isinstance(step, Mapping) else {}
        inner = inner[key]
    inner[last] = value
