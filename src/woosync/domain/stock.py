"""Pure pieces of the stock ledger: levels that a store shows, and what order lines hold of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from woosync.domain.ids import LineId, WooId
from woosync.domain.order import ZERO, Order
from woosync.domain.product import ManageStock


@dataclass(frozen=True, slots=True)
class StockLevel:
    """What the store says now; the quantity is the parent's with "parent" and None with "no"."""

    quantity: Decimal | None = None
    manages: ManageStock = "no"
    status: str = "instock"

    @property
    def own(self) -> Decimal | None:
        """Return the quantity that this product itself accounts for; None where it counts none."""
        return self.quantity if self.manages == "yes" else None


@dataclass(frozen=True, slots=True)
class LineEffect:
    """What one order line holds of the stock of a product or variation.

    For a variation whose parent counts the stock, the parent's level is the one that moved.
    """

    product: WooId | None
    held: Decimal


def gap(level: StockLevel, expected: Decimal) -> Decimal | None:
    """Return how far the store's own level is from the expected one; None where none is counted."""
    return None if level.own is None else level.own - expected


def effects_of(order: Order) -> dict[LineId, LineEffect]:
    """Return what each line of the order now holds of the stock, which may be nothing."""
    return {
        line.id: LineEffect(line.variation or line.product, line.reduced_stock)
        for line in order.lines
    }


def effect_changes(
    before: Mapping[LineId, LineEffect], now: Mapping[LineId, LineEffect]
) -> dict[LineId, LineEffect]:
    """Return how much more each line holds than before (negative: given back), where it changed.

    A line that is gone holds nothing, so it gives back all it held. The movement to book is minus
    the change. A line whose product was exchanged keeps what it holds, as the store does; changes
    go to the new product.
    """
    changes = {}
    for line in before.keys() | now.keys():
        old, new = before.get(line), now.get(line)
        change = (new.held if new else ZERO) - (old.held if old else ZERO)
        product = (new and new.product) or (old and old.product) or None
        if change:
            changes[line] = LineEffect(product, change)
    return changes
