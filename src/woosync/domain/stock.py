"""The stock protocol's decisions: what to send, what an answer means, what a gap comes from. Pure.

The levels that a store shows are never merged. Orders say exactly what they did to stock, our own
changes are sent as differences with a marker, and what is left over (the gap between the level
seen and the level expected) is explained by what is known to have gone wrong, or is an edit.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import msgspec

from woosync.domain.order import ZERO
from woosync.domain.product import ManageStock
from woosync.domain.stock_rules import Brake, Rules

#: Under this key of a product's meta data stands the last operation that reached the store.
MARKER_KEY = "_woosync_op"
#: Sums of more pieces of evidence than this are not looked at: a person decides.
MOST_PIECES = 12


class StockLevel(msgspec.Struct, frozen=True):
    """What the store says now; the quantity is the parent's with "parent" and None with "no"."""

    quantity: Decimal | None = None
    manages: ManageStock = "no"
    status: str = "instock"

    @property
    def own(self) -> Decimal | None:
        """Return the quantity that this product itself accounts for; None where it counts none."""
        return self.quantity if self.manages == "yes" else None


class OpState(StrEnum):
    """How far an operation is; the first three are open, and a product has one open at most."""

    PLANNED = "planned"
    SENT = "sent"
    UNKNOWN = "unknown"
    CONFIRMED = "confirmed"
    MARKER_ONLY = "marker_only"
    REFUSED = "refused"


class Op(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a level to be sent to a store; `attempt` counts how often it was sent.

    `doubtful`: at some time nobody knew whether it had been applied. `settled_at`: when it was
    closed, or given up as unknown.
    """

    op_id: int
    product_id: int
    seq: int
    delta: Decimal
    attempt: int
    state: OpState
    doubtful: bool = False
    sent_at: datetime | None = None
    settled_at: datetime | None = None

    @property
    def marker(self) -> str:
        """Return what is written beside the level, for reading back."""
        return f"{self.seq}:{self.op_id}:{self.attempt}:{self.delta:f}"

    @property
    def quiet_since(self) -> datetime | None:
        """Return when a request of it last left or was given up; None where none was sent.

        What is marked as sent may wait here for its turn before it really leaves.
        """
        if self.sent_at is None or self.settled_at is None:
            return self.sent_at
        return max(self.sent_at, self.settled_at)

    @property
    def is_risky(self) -> bool:
        """Tell whether the store may have done anything else than was booked."""
        return self.doubtful or self.attempt > 1 or self.state is OpState.MARKER_ONLY

    def is_named_by(self, marker: object) -> bool:
        """Tell whether a marker read back is this operation's, of whichever attempt."""
        return isinstance(marker, str) and marker.split(":")[:2] == self.marker.split(":")[:2]


class Next(StrEnum):
    """What to do about an operation of unknown outcome."""

    BOOK = "book"
    WAIT = "wait"
    RESEND = "resend"


class Cause(StrEnum):
    """Why a store shows another level than expected; without one it is an edit in the shop."""

    NOT_APPLIED = "the store noted a change and did not make it"
    APPLIED_TWICE = "the store made a change that was sent again more than once"
    LOST_RACE = "a sale was lost in the store while it made a change"
    SEVERAL = "several writes went wrong in the store"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What is known to have happened to a product since both sides last agreed.

    `taken` is what order lines took (negative: gave back) while a confirmed write was under way.
    """

    ops: Sequence[Op] = ()
    taken: Sequence[Decimal] = ()

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing but an edit can explain a gap."""
        return not any(op.is_risky for op in self.ops)


class Change(msgspec.Struct, frozen=True):
    """What a run would do to one product's level."""

    expected: Decimal
    target: Decimal


def target(
    available: Decimal,
    *,
    buffer: Decimal = ZERO,
    ceiling: Decimal | None = None,
    fractions: bool = False,
) -> Decimal:
    """Return the level a store is to show: what is available less the buffer, up to the ceiling.

    A buffer never makes more debt than there is: below zero the level is what is available.
    Without `fractions` parts of a piece are not offered.
    """
    shown = available if available < 0 else max(available - buffer, ZERO)
    units = shown if fractions else Decimal(math.floor(shown))
    return units if ceiling is None else min(units, ceiling)


def after_look(op: Op, marker: object, *, now: datetime, rules: Rules) -> Next:
    """Decide about an operation of unknown outcome from the marker that the product bears.

    A cut sent twice undersells until it is repaired, a rise sent twice oversells: so cuts are sent
    again soon, rises only when no request of ours can still be under way.
    """
    if op.is_named_by(marker):
        return Next.BOOK
    return Next.RESEND if now >= resend_at(op, rules) else Next.WAIT


def resend_at(op: Op, rules: Rules) -> datetime:
    """Return when an unknown operation without a marker may be sent again."""
    if op.quiet_since is None:
        raise AssertionError("an operation of unknown outcome was sent")
    return op.quiet_since + (rules.cut_patience if op.delta < 0 else rules.patience)


def explain(gap: Decimal, evidence: Evidence) -> Cause | None:
    """Return what a gap that is not zero comes from; None if nothing known adds up to it."""
    missed = [-op.delta for op in evidence.ops if op.state is OpState.MARKER_ONLY]
    doubled = [op.delta for op in evidence.ops for _ in range(op.attempt - 1)]
    taken = list(evidence.taken)
    for cause, pieces in (
        (Cause.NOT_APPLIED, missed),
        (Cause.APPLIED_TWICE, doubled),
        (Cause.LOST_RACE, taken),
        (Cause.SEVERAL, missed + doubled + taken),
    ):
        if len(pieces) <= MOST_PIECES and gap in _sums(pieces):
            return cause
    return None


def _sums(pieces: Iterable[Decimal]) -> set[Decimal]:
    """Return the sums of all choices of at least one piece."""
    sums: set[Decimal] = set()
    for piece in pieces:
        sums |= {piece} | {known + piece for known in sums}
    return sums


def agreed_through(
    ops: Sequence[Op], agreed_seq: int, *, now: datetime, patience: timedelta
) -> int:
    """Return up to which operation all is explained, now that both sides agree.

    A risky one stays in doubt until no request of it can still be under way.
    """
    for op in sorted(ops, key=lambda one: one.seq):
        if op.is_risky and op.quiet_since is not None and op.quiet_since + patience > now:
            break
        agreed_seq = max(agreed_seq, op.seq)
    return agreed_seq


def trips(changes: Iterable[Change], *, units: Decimal, products: int, brake: Brake) -> str | None:
    """Return what a run would do that is to be asked about first; None if it may go on.

    `units` and `products` are what the store sells now.
    """
    cuts = [change for change in changes if change.target < change.expected]
    if len(cuts) < brake.products:
        return None
    gone = sum(change.expected - max(change.target, ZERO) for change in cuts if change.expected > 0)
    emptied = sum(1 for change in cuts if change.target <= 0 < change.expected)
    if gone > units * Decimal(brake.share):
        return f"take {gone:f} of the {units:f} units that the store sells"
    if emptied > products * brake.share:
        return f"sell out {emptied} of the {products} products that the store sells"
    return None
