"""Goods that a run booked because a store's level said so: booked back, never a level set.

What was booked is in the ledger, which is never rewritten: a counter-movement takes it back, and
its difference reaches the stores by the usual push.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

import msgspec

from woosync.flows.undo.report import Left, Report, Restored
from woosync.postgres import deciding, outbox, reversals, stock
from woosync.postgres.engine import Transaction

BOOKED = frozenset({"stock_adopted", "stock_opened"})
#: What these did is no change of goods.
TOLD = frozenset({"stock_sent", "stock_repaired", "stock_reverted"})
_FOLLOWS = (
    "a store's level follows the goods here: book a movement or count them, and the next push "
    "tells the store"
)
_SINCE = {"count": "the goods were counted since"}
_SET_AGAIN = "the store's level was changed again since"


class Booked(msgspec.Struct):
    """The causes (`source_ref`) of what a run booked of one product for one store."""

    event: deciding.Event
    refs: list[str] = msgspec.field(default_factory=list)


def gathered(events: Iterable[deciding.Event], report: Report) -> list[Booked]:
    """Gather what was booked, product by product; what was only told to a store is left."""
    found: dict[tuple[int, int], Booked] = {}
    told: dict[tuple[int, int], Left] = {}
    for event in events:
        if event.entity != outbox.STOCK or event.local_id is None:
            continue
        key = (event.store_id, event.local_id)
        after = event.after if isinstance(event.after, Mapping) else {}
        if event.event in BOOKED and "movement" in after:
            found.setdefault(key, Booked(event)).refs.append(str(after["movement"]))
        elif event.event in BOOKED | TOLD:
            told[key] = Left(outbox.STOCK, event.local_id, event.woo_id, "level", _FOLLOWS)
    report.left += [left for key, left in told.items() if key not in found]
    return list(found.values())


class Undo(msgspec.Struct, frozen=True):
    """The goods of one product to be booked back."""

    booked: Booked
    run_id: int
    actor: str
    now: datetime
    dry_run: bool

    async def __call__(self, tx: Transaction, report: Report) -> Restored | None:
        """Book back what can be, the newest first; the same movement never twice."""
        event = self.booked.event
        product_id = event.local_id or 0
        levels = await reversals.lock_levels(tx, product_id)
        before, counter = dict(levels), []
        stays: set[int] = set()
        for made in await reversals.load(tx, self.booked.refs):
            # An edit that stays says how many there are, whatever was before it.
            reason = _reason(made, levels) or (_SET_AGAIN if made.warehouse_id in stays else "")
            if reason:
                stays |= set() if made.undone else {made.warehouse_id}
                report.left.append(Left(outbox.STOCK, product_id, event.woo_id, made.kind, reason))
                continue
            levels[made.warehouse_id] -= made.qty
            counter.append(self._counter(made))
        if not counter:
            return None
        touched = {one.warehouse_id for one in counter}
        units = (_units(before, touched), _units(levels, touched))
        restored = Restored(
            event.store_id, outbox.STOCK, product_id, event.woo_id, {"on_hand": units}
        )
        report.restored.append(restored)
        if not self.dry_run:
            await stock.save_movements(tx, counter, actor=self.actor, now=self.now)
        return restored

    def _counter(self, made: reversals.Made) -> stock.Movement:
        return stock.Movement(
            product_id=made.product_id,
            warehouse_id=made.warehouse_id,
            qty=-made.qty,
            kind=reversals.KIND,
            source_ref=reversals.ref_of(made.source_ref),
            note=f"run {self.run_id} taken back: {made.kind}",
        )


def _reason(made: reversals.Made, levels: Mapping[int, Decimal]) -> str:
    """Say why a movement is not taken back; "" where it can be."""
    on_hand = levels[made.warehouse_id]
    if made.undone:
        return "it was put back before"
    if made.gone:
        return "the product is not here any more"
    if made.since:
        return _SINCE.get(made.since, _SET_AGAIN)
    if made.qty > max(on_hand, Decimal(0)):
        return f"{made.qty:f} would be taken away, and {on_hand:f} are on hand"
    return ""


def _units(levels: Mapping[int, Decimal], places: Iterable[int]) -> float:
    return float(sum((levels[place] for place in places), Decimal(0)))
