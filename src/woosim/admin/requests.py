"""The bodies the admin API takes; an unknown field is refused."""

from typing import Any

import msgspec

from woosim.hooks import queue


class Item(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Something to buy; of a variation its own id is enough."""

    product_id: int = 0
    variation_id: int = 0
    quantity: int = 1


class Sell(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A purchase. `order` is more of the order: billing, coupon_lines, shipping_lines ..."""

    items: list[Item]
    customer_id: int = 0
    status: str = "processing"
    order: dict[str, Any] = msgspec.field(default_factory=dict)


class Refund(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A refund of lines ({"id", "quantity"}), of an amount, or with neither of all that is left."""

    order_id: int
    items: list[dict[str, int]] | None = None
    amount: str | None = None
    restock: bool = True


class OrderStatus(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An order and, for `status`, what it becomes."""

    order_id: int
    status: str = "processing"


class Create(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A new record of a kind: product, variation (with parent_id), customer, order."""

    kind: str
    values: dict[str, Any]


class Edit(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Changes to a record; `silent` writes behind WooCommerce's back."""

    kind: str
    id: int
    changes: dict[str, Any]
    silent: bool = False


class Level(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A stock take."""

    id: int
    level: int
    kind: str = "product"


class Named(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A record to delete or restore; without `force` it goes to the trash."""

    kind: str
    id: int
    force: bool = False


class Trade(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """So many random actions, the same for the same seed, with `pause` seconds after each."""

    actions: int = 100
    seed: int = 1
    pause: float = 0.0


class Clock(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Seconds to move the shop's time on, and whether it stands still."""

    advance: float = 0.0
    frozen: bool | None = None


class Gap(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Seconds between the read and the write of every product update."""

    seconds: float


class Hooks(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How deliveries go: their latency, what goes wrong, and whether they rest."""

    latency: float | None = None
    paused: bool | None = None
    chaos: queue.Chaos | None = None
