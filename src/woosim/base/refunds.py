"""The base refunds, by their rank among all refunds of the store."""

from typing import Any

from woosim import dates
from woosim.base import orders, products, timeline
from woosim.base.order_facts import ITEM_ROOM, Facts, Line

SLOTS = ("id", "parent", "created", "created_gmt", "amount", "reason", "meta_data", "line_items")
_REFUND_DELAY = 12 * 3600


def schema(home: str) -> dict[str, Any]:
    """Return what a refund looks like, without `_links`."""
    del home
    return {
        "id": "«id»",
        "parent_id": "«parent»",
        "date_created": '"«created»"',
        "date_created_gmt": '"«created_gmt»"',
        "amount": '"«amount»"',
        "reason": '"«reason»"',
        "refunded_by": "1",
        "refunded_payment": "false",
        "meta_data": "«meta_data»",
        "line_items": "«line_items»",
        "shipping_lines": "[]",
        "tax_lines": "[]",
        "fee_lines": "[]",
    }


class Refunds:
    """Base refunds on demand, by rank."""

    kind = "refund"
    slots = SLOTS

    def __init__(self, sold: orders.Orders, zone: dates.Zone) -> None:
        self._orders = sold
        self._ids = sold.facts.ids
        self._zone = zone
        self.size = self._ids.refunds.total
        self.created = timeline.Rising(self.size, self._made)

    def _made(self, index: int) -> int:
        return self._orders.created.at(self._ids.refunds.locate(index)[0]) + _REFUND_DELAY

    def id_of(self, index: int) -> int:
        """Return the refund's id."""
        return self._ids.refund_id(index)

    def index_of(self, record_id: int) -> int | None:
        """Return the rank of an id, or None."""
        return self._ids.refund_rank(record_id)

    def draw(self, index: int) -> tuple[str, ...]:
        """Return the values of `SLOTS`."""
        order, child = self._ids.refunds.locate(index)
        known = self._orders.facts.of(order)
        amount, line = known.refund(child)
        made = self._made(index)
        kind = "full" if known.status == "refunded" else "partial"
        return (
            *(str(self.id_of(index)), str(self._ids.order_id(order))),
            *(dates.to_text(self._zone.local(made)), dates.to_text(made)),
            *(products.price_text(amount), orders.reason(known)),
            f'[{{"id":{index + 1},"key":"_refund_type","value":"{kind}"}}]',
            f"[{_line(known, line, amount, child)}]" if line else "[]",
        )


def _line(known: Facts, line: Line, amount: int, child: int) -> str:
    first_item = known.index * ITEM_ROOM + 1
    text = str(first_item)
    meta = orders.item_meta(
        first_item * 3 + 1, "_refunded_item_id", text, "_refunded_item_id", text
    )
    total = products.price_text(amount)
    return (
        f'{{"id":{first_item + 9 + child},"name":"{line.name}","product_id":{line.product_id},'
        f'"variation_id":{line.variation_id},"quantity":-1,"tax_class":"",'
        f'"subtotal":"-{total}","subtotal_tax":"0.00","total":"-{total}","total_tax":"0.00",'
        f'"taxes":[],"meta_data":[{meta}],{orders.goods_part(line, orders.number(amount, 1))}'
    )
