"""Goods that several stores sell: who may sell how many, so that no unit is offered twice. Pure.

Each store has an allocation, and only what it is allocated is shown there. A sale takes from the
store's own allocation. Units move only when goods come or go, or when a person asks (`wanted`):
first one store is cut, and when that is certain another one is raised.
"""

from collections.abc import Mapping, Sequence

import msgspec


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
    weight = sum(shares.values())
    if amount <= 0 or weight <= 0:
        return dict.fromkeys(shares, 0)
    parts = {one: amount * share // weight for one, share in shares.items()}
    order = sorted(shares, key=lambda one: (-(amount * shares[one] % weight), one))
    for one in order[: amount - sum(parts.values())]:
        parts[one] += 1
    return parts


def parts_of(budget: int, holders: Sequence[Holder]) -> dict[int, int]:
    """Return what each store's share of the goods is; what a ceiling keeps back goes to others."""
    free = {one.store_id: max(one.share, 0) for one in holders}
    capped: dict[int, int] = {}
    while True:
        parts = split(budget - sum(capped.values()), free)
        over = {
            one.store_id: max(one.wanted, 0)
            for one in holders
            if one.wanted is not None and one.store_id in free and parts[one.store_id] > one.wanted
        }
        if not over:
            return parts | capped
        capped |= over
        free = {one: share for one, share in free.items() if one not in over}


def reallocate(budget: int, holders: Sequence[Holder]) -> dict[int, int]:
    """Return each store's allocation now that there are `budget` units for all of them.

    Missing units are taken where a store has most beyond its share. Units to spare go where most
    are missing, but never while another store may still be showing them.
    """
    desired = parts_of(budget, holders)
    held = {
        one.store_id: min(one.allocation, max(one.wanted, one.expected))
        if one.wanted is not None
        else one.allocation
        for one in holders
    }
    excess = sum(held.values()) - max(budget, 0)
    while excess > 0 and (holding := [one for one, amount in held.items() if amount > 0]):
        richest = min(holding, key=lambda one: (desired[one] - held[one], one))
        step = _step(held, desired, richest, excess)
        held[richest] -= step
        excess -= step
    return _grant(budget, holders, held, desired)


def _step(held: Mapping[int, int], desired: Mapping[int, int], richest: int, excess: int) -> int:
    """Return how much to take from the richest before another one may be richer."""
    others = [held[one] - desired[one] for one in held if one != richest and held[one] > 0]
    lead = held[richest] - desired[richest] - max(others, default=-(2**31))
    return max(1, min(excess, held[richest], lead))


def _grant(
    budget: int, holders: Sequence[Holder], held: dict[int, int], desired: Mapping[int, int]
) -> dict[int, int]:
    shown = {one.store_id: max(held[one.store_id], one.expected) for one in holders}
    for one in sorted(held, key=lambda one: (held[one] - desired[one], one)):
        elsewhere = sum(amount for other, amount in shown.items() if other != one)
        room = min(desired[one], budget - elsewhere) - held[one]
        if room > 0:
            held[one] += room
            shown[one] = max(shown[one], held[one])
    return held
