"""What a store's owner wants done about stock: which goods it sells, and what edits mean."""

from datetime import timedelta
from enum import StrEnum

import msgspec

MINUTES = 2


class Edits(StrEnum):
    """What becomes of a level that somebody changed in the shop."""

    ADOPT = "adopt"
    REVERT = "revert"
    HOLD = "hold"


class FirstLink(StrEnum):
    """Whose level counts when a product is first linked and both sides have one."""

    STORE = "store"
    LOCAL = "local"


class OrderWarehouse(StrEnum):
    """Which of a store's warehouses an order takes from: the first named, or the fullest."""

    FIRST = "first"
    FULLEST = "fullest"


class Brake(msgspec.Struct, frozen=True, kw_only=True):
    """When a run stops and asks: it would take more than this share of what the store sells.

    Counted in units and in products sold out; runs that touch fewer than `products` always go on.
    """

    share: float = 0.3
    products: int = 10


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of one store; every one has a default.

    `warehouses` are ids, first choice first; none means the store's own warehouse. `buffer` is
    kept back of every product, unless a link has its own. `share` is the store's weight where
    stores share goods. `fractions` offers parts of a piece. `patience` is longer than the store
    works on a request, `cut_patience` how soon an unknown cut may be sent again, `pause` lies
    between two looks at a level.
    """

    warehouses: tuple[int, ...] = ()
    order_warehouse: OrderWarehouse = OrderWarehouse.FIRST
    buffer: int = 0
    share: int = 1
    fractions: bool = False
    edits: Edits = Edits.ADOPT
    first_link: FirstLink = FirstLink.STORE
    brake: Brake = msgspec.field(default_factory=Brake)
    patience: timedelta = timedelta(minutes=MINUTES)
    cut_patience: timedelta = timedelta(seconds=5)
    pause: timedelta = timedelta(seconds=1)


DEFAULT = Rules()
