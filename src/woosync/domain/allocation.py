"""Goods that several stores sell: who may sell how many, so that no unit is offered twice. Pure.

Each store has an allocation, and only what it is allocated is shown there. A sale takes from the
store's own allocation. Units move only when goods come or go, or when a person asks (`wanted`):
first one store is cut, and when that is certain another one is raised. What there is to be
allocated is said by limits (`allocation_limits`): whoever plans gets the same answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import msgspec


class Limit(msgspec.Struct, frozen=True):
    """How many units there are for these stores together; fewer than none count as none."""

    stores: frozenset[int]
    units: int

    def left(self, given: Mapping[int, int]) -> int:
        """Return how many units are left beside those given to its stores; negative: too many."""
        return max(self.units, 0) - sum(given[one] for one in self.stores)


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """A store's part of the goods. `expected` is the level it shows, which may be more.

    `wanted` is a ceiling below which the allocation falls as soon as the store shows no more.
    """

    store_id: int
    allocation: int
    expected: int
    share: int = 1
    wanted: int | None = None


def split(amount: int, shares: Mapping[int, int]) -> dict[int, int]:
    """Split whole units by weight; what is left over goes to the greatest remainders."""
    whole = Limit(frozenset(shares), amount)
    return _split(whole, shares, [whole], dict.fromkeys(shares, 0))


def _split(
    tight: Limit, shares: Mapping[int, int], limits: Sequence[Limit], given: Mapping[int, int]
) -> dict[int, int]:
    """Split what a limit has left; what is left over goes where no other limit is in its way."""
    amount, weight = tight.left(given), sum(shares.values())
    if amount <= 0 or weight <= 0:
        return dict.fromkeys(shares, 0)
    parts = {one: amount * share // weight for one, share in shares.items()}
    over = amount - sum(parts.values())
    for one in sorted(shares, key=lambda one: (-(amount * shares[one] % weight), one)):
        if over and _room(limits, {**given, **parts}, one) > 0:
            parts[one] += 1
            over -= 1
    return parts


def parts_of(limits: Sequence[Limit], holders: Sequence[Holder]) -> dict[int, int]:
    """Return what each store's share of the goods is; what a ceiling keeps back goes to others.

    The limit with the fewest units for its weight decides about its stores first; the others
    share what is left. Limits come in one order whoever asks: units left over depend on it.
    """
    free = {one.store_id: max(one.share, 0) for one in holders}
    ceilings = {one.store_id: max(one.wanted, 0) for one in holders if one.wanted is not None}
    parts = dict.fromkeys(free, 0)
    while (tight := _tightest(limits, free, parts)) is not None:
        shares = {one: share for one, share in free.items() if one in tight.stores}
        offered = _split(tight, shares, limits, parts)
        over = {
            one: ceilings[one]
            for one, units in offered.items()
            if one in ceilings and units > ceilings[one]
        }
        parts |= over or offered
        free = {one: share for one, share in free.items() if one not in (over or offered)}
    return _filled(limits, holders, parts)


def _tightest(
    limits: Iterable[Limit], free: Mapping[int, int], given: Mapping[int, int]
) -> Limit | None:
    """Return the limit that leaves its stores least for their weight; None: nobody has weight."""
    weights = [(sum(free.get(one, 0) for one in limit.stores), limit) for limit in limits]
    weighty = [(weight, limit) for weight, limit in weights if weight > 0]
    if not weighty:
        return None
    return min(weighty, key=lambda one: Fraction(one[1].left(given), one[0]))[1]


def _filled(
    limits: Sequence[Limit], holders: Sequence[Holder], parts: dict[int, int]
) -> dict[int, int]:
    """Give out the units that whole numbers left over between the limits."""
    takers = [one for one in holders if one.share > 0]
    for one in sorted(
        takers, key=lambda one: (Fraction(parts[one.store_id], one.share), one.store_id)
    ):
        room = _room(limits, parts, one.store_id)
        if one.wanted is not None:
            room = min(room, max(one.wanted, 0) - parts[one.store_id])
        parts[one.store_id] += max(room, 0)
    return parts


def _room(limits: Iterable[Limit], given: Mapping[int, int], store_id: int) -> int:
    """Return how many more units a store can have; negative: a limit of it is exceeded."""
    return min((limit.left(given) for limit in limits if store_id in limit.stores), default=0)


def fitted(limits: Sequence[Limit], holders: Iterable[Holder]) -> dict[int, int]:
    """Return what the stores hold, without what exceeds a limit: those named first keep theirs."""
    given = dict.fromkeys((one for limit in limits for one in limit.stores), 0)
    for one in holders:
        given[one.store_id] = max(min(one.allocation, _room(limits, given, one.store_id)), 0)
    return given


def reallocate(limits: Sequence[Limit], holders: Sequence[Holder]) -> dict[int, int]:
    """Return each store's allocation now that there are these limits, the inner ones first.

    Missing units are taken where a store has most beyond its share. Units to spare go where most
    are missing, but never while another store may still be showing them.
    """
    desired = parts_of(limits, holders)
    held = {
        one.store_id: min(one.allocation, max(one.wanted, one.expected))
        if one.wanted is not None
        else one.allocation
        for one in holders
    }
    for limit in limits:
        _take(limit, held, desired)
    return _grant(limits, holders, held, desired)


def _take(limit: Limit, held: dict[int, int], desired: Mapping[int, int]) -> None:
    """Take what exceeds a limit from those of its stores that have most beyond their share."""
    excess = -limit.left(held)
    while excess > 0 and (holding := [one for one in limit.stores if held[one] > 0]):
        richest = min(holding, key=lambda one: (desired[one] - held[one], one))
        others = [held[one] - desired[one] for one in holding if one != richest]
        lead = held[richest] - desired[richest] - max(others, default=-(2**31))
        step = max(1, min(excess, held[richest], lead))
        held[richest] -= step
        excess -= step


def _grant(
    limits: Sequence[Limit],
    holders: Sequence[Holder],
    held: dict[int, int],
    desired: Mapping[int, int],
) -> dict[int, int]:
    shown = {one.store_id: max(held[one.store_id], one.expected) for one in holders}
    for one in sorted(held, key=lambda one: (held[one] - desired[one], one)):
        room = min(desired[one] - held[one], _room(limits, shown | {one: held[one]}, one))
        if room > 0:
            held[one] += room
            shown[one] = max(shown[one], held[one])
    return held
