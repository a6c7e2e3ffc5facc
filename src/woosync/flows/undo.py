"""Put back what a run changed, where nothing has changed since; say what was left and why."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from woosync import errors
from woosync.domain import merge
from woosync.flows.ingest import deciding as merging
from woosync.mapping import custom, patch, snapshot
from woosync.postgres import deciding, log, outbox, runs
from woosync.postgres.engine import Database, Transaction

#: Events whose fields can be put back; what others did is only told.
REVERSIBLE = frozenset({"updated", "pushed", "linked", "restored"})
_CUSTOM = "a custom field is put back by hand"
_LEFT = {
    "created": "a record that came from the store stays",
    "sent_new": "a record that was made in the store stays there",
    "deleted": "a deletion is not taken back",
    "note_sent": "a note on an order is not taken back",
}


class NothingToUndoError(errors.RefusedError):
    """The run changed nothing that could be put back."""


class UndoTooWideError(errors.RefusedError):
    """The run gathers pushes that have nothing to do with one another."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller asked for: all that the run changed, or that from `since` to before `until`.

    `yes`: also all of a row that gathers the automatic pushes of an hour.
    """

    since: datetime | None = None
    until: datetime | None = None
    yes: bool = False
    dry_run: bool = False


class Restored(msgspec.Struct, frozen=True):
    """Fields of a record that are as they were before the run: (now, before) as JSON values."""

    store_id: int
    entity: str
    local_id: int
    woo_id: int | None
    fields: Mapping[str, tuple[object, object]]


class Left(msgspec.Struct, frozen=True):
    """Something that the run did and that stays, with the reason."""

    entity: str
    local_id: int | None
    woo_id: int | None
    field: str
    reason: str


class Report(msgspec.Struct):
    """What an undo put back, and what it left."""

    run_id: int
    restored: list[Restored] = msgspec.field(default_factory=list)
    left: list[Left] = msgspec.field(default_factory=list)


class _Change(msgspec.Struct):
    """What a run did to one record: per field what was before it, and what it left."""

    event: deciding.Event
    before: dict[str, Any] = msgspec.field(default_factory=dict)
    after: dict[str, Any] = msgspec.field(default_factory=dict)


async def undo(
    database: Database, run_id: int, options: Options, *, actor: str, now: datetime
) -> Report:
    """Put back what a run changed; records are told to their stores by the next push.

    Raises NothingToUndoError, UndoTooWideError.
    """
    async with database.transaction() as tx:
        events = await deciding.load_events(tx, run_id, since=options.since, until=options.until)
        rows = await runs.load(tx, run_id=run_id)
    report = Report(run_id)
    changes = _gathered(events, report)
    if not changes and not report.left:
        raise NothingToUndoError(
            f"Run {run_id} changed nothing then, or there is no such run.",
            remedy="`woosync runs` shows the runs and what they did.",
        )
    whole = options.since is None and options.until is None
    if whole and rows[0]["mode"] == runs.AUTOMATIC and not (options.yes or options.dry_run):
        raise _too_wide(run_id, events)
    for change in changes:
        async with database.transaction() as tx:
            restored = await _undo_record(tx, change, report, dry_run=options.dry_run)
            if restored is not None and not options.dry_run:
                await _note(tx, restored, run_id=run_id, actor=actor, now=now)
    return report


def _too_wide(run_id: int, events: Sequence[deciding.Event]) -> UndoTooWideError:
    records = {(event.entity, event.local_id, event.woo_id) for event in events}
    number = "1 record" if len(records) == 1 else f"{len(records)} records"
    first, last = (
        f"{event.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" for event in (events[0], events[-1])
    )
    return UndoTooWideError(
        f"Run {run_id} gathers the automatic pushes of an hour: {number}"
        f" from {first} to {last} UTC.",
        remedy="Narrow it by times (`--since`, `--until`) after a look (`--dry-run`), or take all "
        "of it back (`--yes`; `confirm` in the API).",
    )


def _gathered(events: Iterable[deciding.Event], report: Report) -> list[_Change]:
    """Fold the events of each record: the first value before, the last one after."""
    changes: dict[tuple[int, str, int], _Change] = {}
    for event in events:
        if event.event not in REVERSIBLE or event.entity not in deciding.SHELVES:
            reason = _LEFT.get(event.event)
            if reason:
                report.left.append(Left(event.entity, event.local_id, event.woo_id, "", reason))
            continue
        if not event.after or event.local_id is None:
            continue
        key = (event.store_id, event.entity, event.local_id)
        change = changes.setdefault(key, _Change(event))
        for name, value in event.after.items():
            if name.startswith(custom.ROOT):
                left = Left(event.entity, event.local_id, event.woo_id, name, _CUSTOM)
                report.left.append(left)
                continue
            change.before.setdefault(name, (event.before or {}).get(name))
            change.after[name] = value
    return list(changes.values())


async def _undo_record(
    tx: Transaction, change: _Change, report: Report, *, dry_run: bool
) -> Restored | None:
    event = change.event
    local_id = event.local_id or 0
    await deciding.hold(tx, event.store_id, event.entity)
    record = await deciding.load_record(tx, event.entity, local_id)
    if record is None:
        report.left.append(
            Left(event.entity, local_id, event.woo_id, "", "it is not here any more")
        )
        return None
    stored = await deciding.load_base(tx, event.store_id, event.entity, local_id)
    base = snapshot.decode(stored, type(record)) if stored else None
    fields: dict[str, tuple[object, object]] = {}
    made = record
    for name, before in change.before.items():
        reason = _moved(record, base, name, change.after[name])
        if reason:
            report.left.append(Left(event.entity, local_id, event.woo_id, name, reason))
        elif before != change.after[name]:
            made = patch.with_plain(made, name, before)
            fields[name] = (change.after[name], before)
    if not fields:
        return None
    restored = Restored(event.store_id, event.entity, local_id, event.woo_id, fields)
    report.restored.append(restored)
    if not dry_run:
        await deciding.save_record(tx, event.entity, local_id, made)
        await outbox.mark(tx, event.store_id, event.entity, [local_id])
    return restored


def _moved(record: merge.Record, base: Any, name: str, after: object) -> str:
    """Say which side has changed a field since the run; "" where none has."""
    here = merging.plain(patch.value_at(record, name))
    if here != after:
        return f"it has become {here!r:.80} here since"
    if base is None:
        return ""
    there = merging.plain(patch.value_at(base, name))
    return "" if there == after else f"the store has {there!r:.80} since"


async def _note(
    tx: Transaction, restored: Restored, *, run_id: int, actor: str, now: datetime
) -> None:
    told = log.Event(
        entity=restored.entity,
        event="undone",
        woo_id=restored.woo_id,
        local_id=restored.local_id,
        before={name: pair[0] for name, pair in restored.fields.items()},
        after={name: pair[1] for name, pair in restored.fields.items()},
        cause=f"run {run_id}",
    )
    await log.save(tx, restored.store_id, [told], run_id=None, actor=actor, now=now)
