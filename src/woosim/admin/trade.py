"""A shop that trades for a while: many actions of a plausible mix, the same for the same seed."""

import random
from collections.abc import Callable
from typing import Any

from woosim import errors, shop
from woosim.admin import actions

Record = dict[str, Any]
_TRIES = 40
_OPEN = ("processing", "on-hold", "pending")


class Trader:
    """Draws actions over a shop's records; keeps in mind what it made itself."""

    def __init__(self, chosen: shop.Shop, seed: int) -> None:
        self.shop = chosen
        self.chance = random.Random(seed)

    def step(self) -> Record:
        """Do one action and return what it was: {"action", "kind", "id", ...}.

        Raises:
            LookupError: the shop is so empty that nothing can be drawn.
        """
        names, weights = list(MIX), list(MIX.values())
        for _ in range(_TRIES):
            name = self.chance.choices(names, weights)[0]
            action: Callable[[], Record | None] = getattr(self, f"_{name}")
            try:
                result = action()
            except (LookupError, errors.RestError):
                result = None  # the record it drew does not allow it; another one is drawn
            if result is not None:
                return {"action": name, **result}
        raise LookupError("nothing can be done in this shop")

    def _pick(self, kind: str, good: Callable[[Record], bool]) -> Record | None:
        """Draw a record that is good, old or new."""
        catalog = self.shop.catalogs[kind]
        base = catalog.base
        new = [i for i in catalog.touched if base.index_of(i) is None]
        for _ in range(_TRIES if base.size + len(new) else 0):
            place = self.chance.randrange(base.size + len(new))
            record_id = base.id_of(place) if place < base.size else new[place - base.size]
            record = catalog.read(record_id)
            if record is not None and good(record):
                return record
        return None

    def _goods(self) -> Record | None:
        """Draw something that can be bought: a simple product or a variation."""
        if self.chance.random() < _SHARE_OF_VARIATIONS:
            variation = self._pick("variation", _to_be_had)
            if variation is not None:
                return {"product_id": variation["parent_id"], "variation_id": variation["id"]}
        product = self._pick("product", lambda r: r["type"] == "simple" and _to_be_had(r))
        return None if product is None else {"product_id": product["id"]}

    def _sell(self) -> Record | None:
        items = []
        for _ in range(self.chance.choice((1, 1, 1, 2, 2, 3))):
            goods = self._goods()
            if goods is not None:
                items.append(goods | {"quantity": self.chance.choice((1, 1, 1, 2, _MOST))})
        customer = None
        if self.chance.random() < _SHARE_OF_CUSTOMERS:
            customer = self._pick("customer", lambda r: r["role"] == "customer")
        status = self.chance.choice(("processing", "processing", "processing", *_OPEN))
        if not items:
            return None
        order = actions.sell(
            self.shop, items, customer_id=customer["id"] if customer else 0, status=status
        )
        return {"kind": "order", "id": order["id"], "items": items, "status": status}

    def _order_in(self, *states: str) -> Record | None:
        return self._pick("order", lambda r: r["status"] in states)

    def _complete(self) -> Record | None:
        return self._move("completed", "processing", "on-hold")

    def _cancel(self) -> Record | None:
        return self._move("cancelled", *_OPEN)

    def _move(self, status: str, *states: str) -> Record | None:
        order = self._order_in(*states)
        if order is None:
            return None
        actions.set_status(self.shop, order["id"], status)
        return {"kind": "order", "id": order["id"], "status": status}

    def _refund(self) -> Record | None:
        order = self._order_in("completed", "processing")
        if order is None or not order["line_items"] or order["refunds"]:
            return None
        line = self.chance.choice(order["line_items"])
        made = actions.refund(self.shop, order["id"], items=[{"id": line["id"], "quantity": 1}])
        return {"kind": "order", "id": order["id"], "refund": made["id"]}

    def _reprice(self) -> Record | None:
        kind = self.chance.choice(("product", "product", "variation"))
        record = self._pick(kind, lambda r: r.get("type") != "variable" and _for_sale(r))
        if record is None:
            return None
        price = f"{self.chance.randrange(100, 50_000) / 100:.2f}"
        actions.edit(self.shop, kind, record["id"], {"regular_price": price})
        return {"kind": kind, "id": record["id"], "regular_price": price}

    def _rename(self) -> Record | None:
        record = self._pick("product", lambda r: r["status"] != "trash")
        if record is None:
            return None
        name = f"Renamed & new {self.chance.randrange(10_000)}"
        actions.edit(self.shop, "product", record["id"], {"name": name})
        return {"kind": "product", "id": record["id"], "name": name}

    def _count(self) -> Record | None:
        kind = self.chance.choice(("product", "product", "variation"))
        record = self._pick(kind, lambda r: r["manage_stock"] is True and _for_sale(r))
        if record is None:
            return None
        level = self.chance.randrange(0, 200)
        actions.set_stock(self.shop, kind, record["id"], level)
        return {"kind": kind, "id": record["id"], "stock_quantity": level}

    def _move_house(self) -> Record | None:
        record = self._pick("customer", lambda r: r["role"] == "customer")
        if record is None:
            return None
        number = self.chance.randrange(10_000)
        billing = {"address_1": f"{number} New Street", "city": "Köln", "country": "DE"}
        actions.edit(self.shop, "customer", record["id"], {"billing": billing})
        return {"kind": "customer", "id": record["id"], "address_1": billing["address_1"]}

    def _register(self) -> Record | None:
        email = f"new{self.chance.randrange(10**9)}@example.test"
        values = {"email": email, "first_name": "New", "last_name": "Customer"}
        made = actions.create(self.shop, "customer", values)
        return {"kind": "customer", "id": made["id"], "email": email}

    def _list(self) -> Record | None:
        number = self.chance.randrange(10**9)
        values: Record = {"name": f"Novelty {number}", "sku": f"NEW-{number}"}
        values |= {"regular_price": f"{number % 9_000 / 100 + 1:.2f}", "manage_stock": True}
        made = actions.create(self.shop, "product", values | {"stock_quantity": number % 50})
        return {"kind": "product", "id": made["id"], "sku": values["sku"]}

    def _trash(self) -> Record | None:
        kind = self.chance.choice(("product", "order"))
        record = self._pick(kind, lambda r: r["status"] != "trash")
        if record is None:
            return None
        actions.delete(self.shop, kind, record["id"])
        return {"kind": kind, "id": record["id"]}

    def _delete(self) -> Record | None:
        kind = self.chance.choice(("product", "variation", "order", "customer"))
        record = self._pick(kind, lambda r: r.get("role", "customer") == "customer")
        if record is None:
            return None
        actions.delete(self.shop, kind, record["id"], force=True)
        return {"kind": kind, "id": record["id"]}

    def _restore(self) -> Record | None:
        for kind in ("product", "order"):
            touched = self.shop.catalogs[kind].touched
            trashed = [i for i, record in touched.items() if record["status"] == "trash"]
            if trashed:
                record_id = self.chance.choice(trashed)
                actions.restore(self.shop, kind, record_id)
                return {"kind": kind, "id": record_id}
        return None


_SHARE_OF_VARIATIONS, _SHARE_OF_CUSTOMERS = 0.25, 0.7
_MOST, _NONE = 3, "outofstock"
MIX = {
    "sell": 46,
    "complete": 13,
    "cancel": 5,
    "refund": 5,
    "reprice": 7,
    "rename": 4,
    "count": 8,
    "move_house": 4,
    "register": 4,
    "list": 2,
    "trash": 1,
    "delete": 0.6,
    "restore": 0.4,
}
"""How often each action is drawn, in percent."""


def _for_sale(record: Record) -> bool:
    return bool(record["status"] == "publish" and record["price"] != "")


def _to_be_had(record: Record) -> bool:
    """Tell whether the checkout lets somebody buy three of it."""
    enough = record["manage_stock"] is not True or record["backorders"] != "no"
    level = record["stock_quantity"] or 0
    return _for_sale(record) and (enough or level >= _MOST) and record["stock_status"] != _NONE


def trade(chosen: shop.Shop, count: int, *, seed: int = 1) -> list[Record]:
    """Let the shop trade: `count` actions drawn by `seed`; the same shop and seed do the same."""
    trader = Trader(chosen, seed)
    return [trader.step() for _ in range(count)]
