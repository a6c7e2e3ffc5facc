"""A person settles a conflict: theirs, ours or a value of their own, told to both sides.

What is decided must be what was seen: when a side has moved on, the decision is refused and the
refusal carries what the sides hold now.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from woosync import errors
from woosync.flows.ingest import custom as ingested
from woosync.flows.ingest import deciding as merging
from woosync.mapping import custom, patch, snapshot
from woosync.postgres import custom as metadata
from woosync.postgres import deciding, log, outbox
from woosync.postgres.engine import Database, Transaction


class Choice(StrEnum):
    """Whose value a person takes."""

    THEIRS = "theirs"
    OURS = "ours"
    VALUE = "value"
    SUGGESTED = "suggested"


class Seen(msgspec.Struct, frozen=True):
    """The two values (JSON) that a person looked at."""

    ours: object
    theirs: object


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decides, and who that is; `value` (JSON) is for Choice.VALUE alone.

    With `seen` it counts only while the conflict is about these values.
    """

    choice: Choice
    actor: str
    value: object = None
    seen: Seen | None = None


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """A conflict that is settled: the field holds `value` (JSON) here, and soon in the store."""

    id: int
    store: str
    entity: str
    local_id: int
    woo_id: int | None
    field: str
    choice: str
    before: object
    value: object


class Settled(msgspec.Struct):
    """What became of many conflicts: those that are settled, and why others are not."""

    resolved: list[Resolved] = msgspec.field(default_factory=list)
    refused: list[tuple[int, errors.RefusedError]] = msgspec.field(default_factory=list)


class ResolutionRefusedError(errors.RefusedError):
    """This conflict cannot be settled like that."""


class StaleResolutionError(errors.RefusedError):
    """A side has moved on since the conflict was shown; `ours` and `theirs` are JSON values."""

    exit_code = 75

    def __init__(self, message: str, *, ours: object, theirs: object) -> None:
        super().__init__(message, remedy="Look at the values it has now, and decide again.")
        self.ours = ours
        self.theirs = theirs


async def resolve(
    database: Database, conflict_id: int, decision: Decision, *, now: datetime
) -> Resolved:
    """Settle one conflict.

    Raises UnknownConflictError, ResolutionRefusedError, NotAValueError, StaleResolutionError.
    """
    try:
        async with database.transaction() as tx:
            return await _resolve(tx, conflict_id, decision, now=now)
    except StaleResolutionError as error:
        async with database.transaction() as tx:
            await deciding.save_moved(tx, conflict_id, ours=error.ours, theirs=error.theirs)
        raise


async def resolve_all(
    database: Database, conflict_ids: Sequence[int], decision: Decision, *, now: datetime
) -> Settled:
    """Settle many conflicts, each by itself."""
    settled = Settled()
    for conflict_id in conflict_ids:
        try:
            settled.resolved.append(await resolve(database, conflict_id, decision, now=now))
        except errors.RefusedError as error:
            settled.refused.append((conflict_id, error))
    return settled


async def _resolve(
    tx: Transaction, conflict_id: int, decision: Decision, *, now: datetime
) -> Resolved:
    seen = await deciding.load_conflict(tx, conflict_id)
    local_id = _settleable(seen)
    if decision.seen is not None and decision.seen != Seen(seen.ours, seen.theirs):
        raise _stale(seen, seen.ours, seen.theirs)
    choice = Choice(seen.suggestion) if decision.choice is Choice.SUGGESTED else decision.choice
    settle = _settle_custom if seen.field.startswith(custom.ROOT) else _settle_field
    ours, value = await settle(tx, seen, local_id, _value(seen, choice, decision))
    await deciding.save_resolution(
        tx, seen.id, {"choice": choice.value, "value": value}, actor=decision.actor
    )
    # Told to the store also where nothing has changed here; without a difference it costs nothing.
    await outbox.mark(tx, seen.store_id, seen.entity, [local_id])
    await _log(tx, seen, (ours, value), decision.actor, now)
    return Resolved(
        id=seen.id,
        store=seen.store,
        entity=seen.entity,
        local_id=local_id,
        woo_id=seen.woo_id,
        field=seen.field,
        choice=choice.value,
        before=ours,
        value=value,
    )


async def _settle_field(
    tx: Transaction, seen: deciding.Conflict, local_id: int, value: Any
) -> tuple[object, object]:
    """Set a field of the record; return what it was and what it is."""
    mine = await deciding.load_record(tx, seen.entity, local_id)
    if mine is None:
        raise ResolutionRefusedError("The record of this conflict is not here any more.")
    ours = merging.plain(patch.value_at(mine, seen.field))
    stored = await deciding.load_base(tx, seen.store_id, seen.entity, local_id)
    base = snapshot.decode(stored, type(mine)) if stored else None
    theirs = seen.theirs if base is None else merging.plain(patch.value_at(base, seen.field))
    _refuse_stale(seen, ours, theirs)
    if value != ours:
        made = patch.with_plain(mine, seen.field, value)
        value = merging.plain(patch.value_at(made, seen.field))
        await deciding.save_record(tx, seen.entity, local_id, made)
    return ours, value


async def _settle_custom(
    tx: Transaction, seen: deciding.Conflict, local_id: int, value: Any
) -> tuple[object, object]:
    """Set a custom field in the record's metadata; return what it was and what it is."""
    found = await metadata.load(tx, seen.entity, [local_id], store_key=seen.store)
    if local_id not in found:
        raise ResolutionRefusedError("The record of this conflict is not here any more.")
    own = dict(found[local_id].own)
    path = seen.field.removeprefix(custom.ROOT).split(".")
    ours = custom.at(own, path)
    _refuse_stale(seen, ours, seen.theirs)
    if value != ours:
        ingested.place(own, path, value)
        await metadata.save(tx, seen.entity, [(local_id, own)])
    return ours, value


def _settleable(seen: deciding.Conflict) -> int:
    """Return the local id of a conflict that can be settled here; raises otherwise."""
    if seen.entity not in deciding.SHELVES or seen.local_id is None:
        raise ResolutionRefusedError(
            f"A conflict about {seen.entity} is not settled by choosing a value.",
            remedy="Stock is settled with `woosync stock`.",
        )
    if seen.state == "resolved":
        raise ResolutionRefusedError(
            "This conflict is settled already.", remedy="Change the record itself instead."
        )
    return seen.local_id


def _refuse_stale(seen: deciding.Conflict, ours: object, theirs: object) -> None:
    """Raise StaleResolutionError unless both sides hold what the conflict says.

    One that a policy has decided left the winner's value on this side.
    """
    expected = seen.theirs if seen.state == "decided" and seen.decision == "theirs" else seen.ours
    if ours != expected or theirs != seen.theirs:
        raise _stale(seen, ours, theirs)


def _stale(seen: deciding.Conflict, ours: object, theirs: object) -> StaleResolutionError:
    return StaleResolutionError(
        f"Since this conflict was shown, {seen.field} has become {merging.shown(ours)} here and "
        f"{merging.shown(theirs)} in the store.",
        ours=ours,
        theirs=theirs,
    )


def _value(seen: deciding.Conflict, choice: Choice, decision: Decision) -> Any:
    match choice:
        case Choice.THEIRS:
            return seen.theirs
        case Choice.OURS:
            return seen.ours
        case _:
            return decision.value


async def _log(
    tx: Transaction,
    seen: deciding.Conflict,
    values: tuple[object, object],
    actor: str,
    now: datetime,
) -> None:
    event = log.Event(
        entity=seen.entity,
        event="resolved",
        woo_id=seen.woo_id,
        local_id=seen.local_id,
        before={seen.field: values[0]},
        after={seen.field: values[1]},
        cause=f"conflict {seen.id}",
    )
    await log.save(tx, seen.store_id, [event], run_id=None, actor=actor, now=now)
