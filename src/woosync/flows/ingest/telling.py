"""Say what was decided about a record: in counts, in the log, and in the plan of a dry run."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from msgspec import structs

from woosync.domain import merge
from woosync.flows.ingest import custom, deciding
from woosync.flows.ingest.context import Context, Noun, Result
from woosync.postgres import log

T = TypeVar("T", bound=merge.Record)


def tell(context: Context, noun: Noun[T], one: deciding.Decided[T], result: Result) -> None:
    """Count, log and (for dry runs) plan what was decided about a record."""
    settled, counts = one.settled, result.counts
    before = settled.before
    differing = deciding.changes(before.record, settled.value) if before else {}
    if settled.restored:
        event = "restored"
        counts.restored += 1
    elif settled.linked:
        event = "updated"
        counts.updated += 1
    else:
        event = "linked" if before else "created"
        counts.created += 1
    counts.conflicts += len(one.disputed)
    result.changed_ids.append(settled.incoming.woo_id)
    result.events.append(
        log.Event(
            entity=noun.entity.value,
            event=event,
            woo_id=settled.incoming.woo_id,
            local_id=settled.local_id,
            before={name: pair[0] for name, pair in differing.items()} or None,
            after={name: pair[1] for name, pair in differing.items()} or None,
        )
    )
    if context.dry_run:
        result.plan.append(_step(noun, one, event, differing))


def with_custom(
    events: Sequence[log.Event], fields: Mapping[int, custom.Changes]
) -> Sequence[log.Event]:
    """Return the events with the custom fields that were taken over, by the records' store ids.

    Of a record that is new here its custom fields are no change.
    """
    if not fields:
        return events
    return [
        structs.replace(
            event,
            before=_joined(event.before, {name: pair[0] for name, pair in found.items()}),
            after=_joined(event.after, {name: pair[1] for name, pair in found.items()}),
        )
        if event.event != "created" and (found := fields.get(event.woo_id or 0))
        else event
        for event in events
    ]


def _joined(told: object, further: Mapping[str, object]) -> dict[str, object]:
    return {**(told if isinstance(told, Mapping) else {}), **further}


def _step(
    noun: Noun[T],
    one: deciding.Decided[T],
    event: str,
    differing: Mapping[str, tuple[object, object]],
) -> dict[str, object]:
    """Return a line of the plan."""
    return {
        "entity": noun.entity.value,
        "id": one.settled.incoming.woo_id,
        "action": event,
        "fields": {name: {"here": pair[0], "becomes": pair[1]} for name, pair in differing.items()},
        "conflicts": [found.field for found in one.disputed],
    }


def add(result: Result, further: Mapping[int, Mapping[str, object]]) -> None:
    """Add to the plan of a dry run what would change besides fields."""
    for step in result.plan:
        found = further.get(step["id"]) if isinstance(step["id"], int) else None
        if found:
            step["fields"] = {**step["fields"], **deciding.plain(found)}  # type: ignore[dict-item] # a mapping
