"""Who wins when both sides changed one field: a policy per store, entity and field.

Called through `merge.three_way`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from woosync.domain import merge
from woosync.domain.ids import Entity
from woosync.domain.merge import Side

EARLIEST = datetime.min.replace(tzinfo=UTC)


class Policy(StrEnum):
    """What a store's owner wants done about conflicts."""

    WOOCOMMERCE = "woocommerce"
    LOCAL = "local"
    NEWEST = "newest"
    MANUAL = "manual"


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """The policies of one store; the most particular one counts.

    Order for billing.city: field "billing.city", field "billing", the entity, the default.
    """

    default: Policy = Policy.NEWEST
    entities: Mapping[Entity, Policy] = msgspec.field(default_factory=dict)
    fields: Mapping[tuple[Entity, str], Policy] = msgspec.field(default_factory=dict)

    def policy_for(self, entity: Entity, name: str) -> Policy:
        """Return the policy for a field given by its dotted name."""
        while name:
            if (entity, name) in self.fields:
                return self.fields[entity, name]
            name = name.rpartition(".")[0]
        return self.entities.get(entity, self.default)


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """When each side last changed the record (aware UTC); None where nobody knows."""

    ours_at: datetime | None = None
    theirs_at: datetime | None = None


def decide(
    change: merge.FieldChange,
    *,
    entity: Entity,
    rules: Rules,
    times: Times,
    force: Side | None = None,
) -> merge.Decision:
    """Decide a conflict; `functools.partial` of it over all but the change fits `merge.three_way`.

    `newest` compares whole seconds, since a store keeps no finer times. An unknown time counts as
    older than any known one; in a tie the store wins, because that is what its customers see.
    `manual` keeps ours and leaves the conflict open. `force` is the side that a forced run was told
    to prefer.
    """
    suggestion, why = suggest(change, times)
    if force is not None:
        side, reason, is_open = force, f"the run was forced to prefer {_NAMES[force]}", False
    else:
        side, reason, is_open = _by_policy(rules.policy_for(entity, change.field), times)
    return merge.Decision(
        side=side,
        reason=reason,
        is_open=is_open,
        suggestion=suggestion,
        suggestion_reason=why,
    )


def suggest(change: merge.FieldChange, times: Times) -> tuple[Side, str]:
    """Suggest to a person whose value to take, with the reason in words."""
    for side, value in ((Side.OURS, change.ours), (Side.THEIRS, change.theirs)):
        if merge.is_empty(value):
            return side.other, f"{_NAMES[side]} has nothing in this field"
    if _folded(change.ours) == _folded(change.theirs):
        return (
            Side.THEIRS,
            "both differ in capitals or blanks only, and the store's form is the published one",
        )
    return newest(times)


def newest(times: Times) -> tuple[Side, str]:
    """Return the side that changed last and why; the store in a tie or if neither time is known."""
    ours, theirs = _whole_second(times.ours_at), _whole_second(times.theirs_at)
    if ours == theirs:
        known = "both changed in the same second" if times.ours_at else "neither time is known"
        return Side.THEIRS, f"{known}, so the store's value counts"
    side = Side.OURS if ours > theirs else Side.THEIRS
    missing = {Side.OURS: times.theirs_at, Side.THEIRS: times.ours_at}[side] is None
    if missing:
        return side, f"only {_NAMES[side]} says when it changed"
    return side, f"{_NAMES[side]} changed last, at {max(ours, theirs):%Y-%m-%d %H:%M:%S} UTC"


_NAMES = {Side.OURS: "the back office", Side.THEIRS: "the store"}


def _by_policy(policy: Policy, times: Times) -> tuple[Side, str, bool]:
    match policy:
        case Policy.WOOCOMMERCE:
            return Side.THEIRS, "policy woocommerce: the store wins", False
        case Policy.LOCAL:
            return Side.OURS, "policy local: the back office wins", False
        case Policy.MANUAL:
            return Side.OURS, "policy manual: kept as it is until a person decides", True
        case Policy.NEWEST:
            side, why = newest(times)
            return side, f"policy newest: {why}", False


def _whole_second(moment: datetime | None) -> datetime:
    return EARLIEST if moment is None else moment.replace(microsecond=0)


def _folded(value: object) -> object:
    return "".join(value.split()).casefold() if isinstance(value, str) else value
