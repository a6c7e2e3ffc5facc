"""Three-way merge of records against the last agreed state, field by field, for ingest and push."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import structs


class Side(StrEnum):
    """Whose value: ours is the back office, theirs is the store."""

    OURS = "ours"
    THEIRS = "theirs"

    @property
    def other(self) -> "Side":
        """Return the opposite side."""
        return Side.THEIRS if self is Side.OURS else Side.OURS


#: Any struct; nested ones are merged field by field too, everything else is one value.
Record = msgspec.Struct
R = TypeVar("R", bound=Record)


class FieldChange(msgspec.Struct, frozen=True):
    """A field that both sides hold differently, and neither as the base does.

    `field` is dotted ("billing.city").
    `first_link` means that there is no base yet: the two records have just been recognised as one.
    """

    field: str
    base: object
    ours: object
    theirs: object
    first_link: bool = False


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What is done about a conflict and why; an open one waits for a person with a suggestion."""

    side: Side
    reason: str
    is_open: bool = False
    suggestion: Side
    suggestion_reason: str


class FieldConflict(msgspec.Struct, frozen=True):
    """A conflict as it is recorded: all three values, so that nothing is lost whoever wins."""

    field: str
    base: object
    ours: object
    theirs: object
    decision: Decision

    @property
    def reason(self) -> str:
        """Say why it was decided so."""
        return self.decision.reason


class Merge(msgspec.Struct, Generic[R], frozen=True):
    """The merged record.

    `taken` names the fields that only the store changed, `kept` those that only we changed (they
    are still to be pushed). Fields in which both sides agree appear nowhere.
    """

    value: R
    taken: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    conflicts: tuple[FieldConflict, ...] = ()

    @property
    def is_open(self) -> bool:
        """Say whether a person has to decide something."""
        return any(conflict.decision.is_open for conflict in self.conflicts)


Decide = Callable[[FieldChange], Decision]


def three_way(base: R | None, ours: R, theirs: R, *, decide: Decide) -> Merge[R]:
    """Merge two versions of a record against the base they last agreed on.

    Per field: theirs equals base: ours stays; ours equals base: theirs is taken; both equal:
    agreed; else `decide` says whose value wins. Without a base (first link) a field that is empty
    on one side takes the other's value and every other difference is a conflict.
    """
    if ours == theirs:
        return Merge(ours)
    if base is not None:
        if theirs == base:
            return Merge(ours, kept=differences(base, ours))
        if ours == base:
            return Merge(theirs, taken=differences(base, theirs))
    findings = _Findings(decide, first_link=base is None)
    return Merge(
        findings.record("", base, ours, theirs),
        tuple(findings.taken),
        tuple(findings.kept),
        tuple(findings.conflicts),
    )


def differences(one: Record, other: Record) -> tuple[str, ...]:
    """List the dotted names of the fields that differ between two records of one type."""
    found: list[str] = []
    _collect("", one, other, found)
    return tuple(found)


def is_empty(value: object) -> bool:
    """Say whether a value is what nobody typed: None, "", () or a record of such."""
    if isinstance(value, Record):
        return all(is_empty(getattr(value, name)) for name in value.__struct_fields__)
    return value is None or value in ("", ())


def _collect(prefix: str, one: Record, other: Record, found: list[str]) -> None:
    for name in one.__struct_fields__:
        left, right = getattr(one, name), getattr(other, name)
        if left == right:
            continue
        if isinstance(left, Record) and isinstance(right, Record):
            _collect(f"{prefix}{name}.", left, right, found)
        else:
            found.append(prefix + name)


class _Findings:
    """Collects what a merge does while it walks the fields."""

    def __init__(self, decide: Decide, *, first_link: bool) -> None:
        self.decide = decide
        self.first_link = first_link
        self.taken: list[str] = []
        self.kept: list[str] = []
        self.conflicts: list[FieldConflict] = []

    def record(self, prefix: str, base: Record | None, ours: R, theirs: R) -> R:
        """Merge one struct; ours itself comes back when nothing in it changes."""
        changes: dict[str, Any] = {}
        for name in ours.__struct_fields__:
            mine, yours = getattr(ours, name), getattr(theirs, name)
            if mine == yours:
                continue
            before = getattr(base, name) if base is not None else None
            merged = self.value(prefix + name, before, mine, yours)
            if merged is not mine:
                changes[name] = merged
        return structs.replace(ours, **changes) if changes else ours

    def value(self, field: str, base: object, ours: Any, theirs: Any) -> Any:
        """Merge one field in which the sides differ."""
        if isinstance(ours, Record) and isinstance(theirs, Record):
            return self.record(
                field + ".", base if isinstance(base, Record) else None, ours, theirs
            )
        if is_empty(theirs) if self.first_link else theirs == base:
            self.kept.append(field)
            return ours
        if is_empty(ours) if self.first_link else ours == base:
            self.taken.append(field)
            return theirs
        decision = self.decide(FieldChange(field, base, ours, theirs, self.first_link))
        self.conflicts.append(FieldConflict(field, base, ours, theirs, decision))
        return ours if decision.side is Side.OURS else theirs
