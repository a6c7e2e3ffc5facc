"""Merge what the store says with what is here, against the base; conflicts become records."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import structs

from woosync.domain import conflict_policy, merge
from woosync.flows.ingest.context import Context, Incoming, Noun, Settled
from woosync.mapping import snapshot
from woosync.postgres import conflicts, links
from woosync.postgres.records import Saved

T = TypeVar("T", bound=merge.Record)
#: Letters of a value in a sentence.
MOST_SHOWN = 80


class Decided(msgspec.Struct, Generic[T], frozen=True):
    """A settled record with what the merge says of it."""

    settled: Settled[T]
    merged: merge.Merge[T] | None
    disputed: tuple[conflicts.Conflict, ...] = ()


class Standing(msgspec.Struct, Generic[T], frozen=True):
    """What is here already: links and bases by store id, records by local id.

    `left` has the store ids under which records were known that come back under others.
    """

    known: Mapping[int, links.Link]
    local_ids: Mapping[int, int]
    ours: Mapping[int, Saved[T]]
    bases: Mapping[int, str]
    left: Mapping[int, int]


def plain(value: object) -> Any:
    """Return a value as it comes back from JSON: what is compared with a stored one is like it."""
    return _listed(msgspec.to_builtins(value))


def _listed(value: Any) -> Any:
    """Return builtins with lists for tuples, which JSON has not."""
    if isinstance(value, list | tuple):
        return [_listed(one) for one in value]
    if isinstance(value, dict):
        return {name: _listed(one) for name, one in value.items()}
    return value


def shown(value: object) -> str:
    """Return a JSON value as a sentence names it: text in quotation marks, and not too much."""
    if value is None:
        return "nothing"
    text = repr(value) if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 3]}..."


def value_at(record: object, name: str) -> object:
    """Return a field by its dotted name."""
    return functools.reduce(getattr, name.split("."), record)


def changes(before: object, after: object) -> dict[str, tuple[object, object]]:
    """Return the fields that differ, by dotted name: (before, after) as JSON values."""
    return {
        name: (plain(value_at(before, name)), plain(value_at(after, name)))
        for name in merge.differences(before, after)  # type: ignore[arg-type] # both are records
    }


def decide(
    context: Context, noun: Noun[T], incoming: Incoming[T], ours: Saved[T], base: T | None
) -> merge.Merge[T]:
    """Merge one record; a forced run takes the store's side whole and records what is given up."""
    by_policy = functools.partial(
        conflict_policy.decide,
        entity=noun.entity,
        rules=context.rules,
        times=conflict_policy.Times(ours_at=ours.edited_at, theirs_at=incoming.modified),
        force=merge.Side.THEIRS if context.force else None,
    )
    if base is None and noun.gives_way(ours.record):
        forced = functools.partial(by_policy, force=merge.Side.THEIRS)
        taken = merge.three_way(None, ours.record, incoming.theirs, decide=forced)
        return structs.replace(taken, conflicts=())
    merged = merge.three_way(base, ours.record, incoming.theirs, decide=by_policy)
    if not context.force:
        return merged
    lost = [
        merge.FieldConflict(
            change.field, change.base, change.ours, change.theirs, by_policy(change)
        )
        for change in (
            merge.FieldChange(
                name,
                value_at(base or ours.record, name),
                value_at(ours.record, name),
                value_at(incoming.theirs, name),
            )
            for name in merged.kept
        )
    ]
    return merge.Merge(
        incoming.theirs,
        taken=merge.differences(ours.record, incoming.theirs),
        conflicts=(*merged.conflicts, *lost),
    )


def recorded(
    context: Context, noun: Noun[T], settled: Settled[T], merged: merge.Merge[T]
) -> tuple[conflicts.Conflict, ...]:
    """Return the merge's conflicts as they are saved."""
    before = settled.before
    return tuple(
        conflicts.Conflict(
            entity=noun.entity.value,
            woo_id=settled.incoming.woo_id,
            local_id=settled.local_id,
            field=found.field,
            base=plain(found.base),
            ours=plain(found.ours),
            theirs=plain(found.theirs),
            ours_at=before.edited_at if before else None,
            theirs_at=settled.incoming.modified,
            policy=context.rules.policy_for(noun.entity, found.field).value,
            decision=found.decision.side.value,
            suggestion=found.decision.suggestion.value,
            reason=f"{found.decision.reason}; suggestion: {found.decision.suggestion_reason}",
            open=found.decision.is_open,
        )
        for found in merged.conflicts
    )


def base_of(context: Context, noun: Noun[T], stored: str | None) -> T | None:
    """Read a stored base; a forced run goes on without one that cannot be read."""
    try:
        return snapshot.decode(stored, noun.kind) if stored else None
    except snapshot.SnapshotUnreadable:
        if context.force:
            return None
        raise


def settle(
    context: Context,
    noun: Noun[T],
    incoming: Sequence[Incoming[T]],
    standing: Standing[T],
) -> list[Decided[T]]:
    """Decide about every record: new ones are taken as they are, known ones are merged."""
    decided: list[Decided[T]] = []
    for item in incoming:
        local_id = standing.local_ids[item.woo_id]
        link = standing.known.get(item.woo_id)
        linked, restored = link is not None, link is not None and link.tombstoned
        before = standing.ours.get(local_id)
        if before is None:
            settled = Settled(item, local_id, item.theirs, None, linked, restored)
            decided.append(Decided(settled, None))
            continue
        stored = standing.bases.get(item.woo_id)
        base = base_of(context, noun, stored)
        merged = decide(context, noun, item, before, base)
        was = standing.left.get(item.woo_id)
        settled = Settled(item, local_id, merged.value, before, linked, restored, was)
        decided.append(Decided(settled, merged, recorded(context, noun, settled, merged)))
    return decided
