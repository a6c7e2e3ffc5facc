"""Put back what a run changed, where nothing has changed since; say what was left and why."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from woosync import errors
from woosync.flows.undo import custom, fields, goods, sales
from woosync.flows.undo.report import Left, Report, Restored
from woosync.postgres import deciding, log, runs
from woosync.postgres.engine import Database, Transaction

__all__ = [
    "BadSpanError",
    "Left",
    "NothingToUndoError",
    "Options",
    "Report",
    "Restored",
    "UndoTooWideError",
    "undo",
]


class NothingToUndoError(errors.RefusedError):
    """The run changed nothing that could be put back."""


class UndoTooWideError(errors.RefusedError):
    """The run gathers changes that have nothing to do with one another."""


class BadSpanError(errors.RefusedError):
    """The span of time that was asked for holds no moment."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller asked for: all that the run changed, or that from `since` to before `until`.

    `yes`: also all of a row that gathers what was done by itself in an hour.
    """

    since: datetime | None = None
    until: datetime | None = None
    yes: bool = False
    dry_run: bool = False


async def undo(
    database: Database, run_id: int, options: Options, *, actor: str, now: datetime
) -> Report:
    """Put back what a run changed; records are told to their stores by the next push.

    Each record is put back in a transaction of its own: an undo that was cut off goes on when it
    is asked for again. Raises BadSpanError, NothingToUndoError, UndoTooWideError, BadMappingError.
    """
    if options.since and options.until and options.since >= options.until:
        raise BadSpanError(
            "There is no time between the two: since is after until.",
            remedy="Swap the two times, or leave one of them out.",
        )
    report = Report(run_id)
    async with database.transaction() as tx:
        events = await deciding.load_events(tx, run_id, since=options.since, until=options.until)
        rows = await runs.load(tx, run_id=run_id)
        changes = fields.gathered(events, report)
        moved = goods.gathered(events, report)
        report.left += await sales.left(tx, events, _span(rows, options, now))
        shops = await custom.load_shops(tx) if any(one.has_custom for one in changes) else {}
    if not changes and not moved and not report.left:
        raise NothingToUndoError(
            f"Run {run_id} changed nothing then, or there is no such run.",
            remedy="`woosync runs` shows the runs and what they did.",
        )
    whole = options.since is None and options.until is None
    if whole and rows[0]["mode"] == runs.AUTOMATIC and not (options.yes or options.dry_run):
        raise _too_wide(rows[0], events)
    works: list[fields.Undo | goods.Undo] = [
        fields.Undo(one, shops, dry_run=options.dry_run) for one in changes
    ]
    works += [goods.Undo(one, run_id, actor, now, dry_run=options.dry_run) for one in moved]
    for work in works:
        async with database.transaction() as tx:
            restored = await work(tx, report)
            if restored is not None and not options.dry_run:
                await _note(tx, restored, run_id=run_id, actor=actor, now=now)
    return report


def _span(
    rows: Sequence[dict[str, Any]], options: Options, now: datetime
) -> tuple[datetime, datetime]:
    """Return the time that is asked about: the run's own, narrowed by the options."""
    start = rows[0]["started_at"] if rows else now
    end = (rows[0]["finished_at"] if rows else None) or now
    return max(start, options.since or start), min(end, options.until or end)


def _too_wide(run: dict[str, Any], events: Sequence[deciding.Event]) -> UndoTooWideError:
    records = {(event.entity, event.local_id, event.woo_id) for event in events}
    number = "1 record" if len(records) == 1 else f"{len(records)} records"
    what = "levels taken over" if run["direction"] == "stock" else "automatic pushes"
    first, last = (
        f"{event.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" for event in (events[0], events[-1])
    )
    return UndoTooWideError(
        f"Run {run['id']} gathers the {what} of an hour: {number} from {first} to {last} UTC.",
        remedy="Narrow it by times (`--since`, `--until`) after a look (`--dry-run`), or take all "
        "of it back (`--yes`; `confirm` in the API).",
    )


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
