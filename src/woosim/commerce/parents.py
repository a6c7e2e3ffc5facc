"""A variable product follows its variations: price range, stock status, list of children."""

from typing import Any

from woosim import shop
from woosim.commerce import prices

Record = dict[str, Any]
_SHOWN = ("publish", "private")


def sync(chosen: shop.Shop, parent_id: int) -> None:
    """Save the parent after a variation was saved: its modified time moves, no event is told."""
    parent = chosen.edit("product", parent_id)
    if parent is None:
        return
    children = _children(chosen, parent_id)
    parent["variations"] = [child["id"] for child in children]
    settle(parent, children)
    chosen.save("product", parent)


def refresh(chosen: shop.Shop, parent: Record) -> None:
    """Derive a variable product's own values from its variations before it is saved."""
    settle(parent, _children(chosen, parent["id"]))


def settle(parent: Record, children: list[Record]) -> None:
    """Derive the price range and, unless the parent keeps stock itself, the stock status."""
    amounts = sorted(
        (amount, child["price"])
        for child in children
        if (amount := prices.amount(child["price"])) is not None
    )
    low, high = (amounts[0][1], amounts[-1][1]) if amounts else ("", "")
    parent |= {"price": low, "regular_price": "", "sale_price": "", "purchasable": bool(low)}
    parent["on_sale"] = any(child["on_sale"] for child in children)
    markup = prices.marked_up(low) if low else ""
    parent["price_html"] = markup + (f" &ndash; {prices.marked_up(high)}" if high != low else "")
    if parent["manage_stock"] is not True and children:
        states = {child["stock_status"] for child in children if child["manage_stock"] != "parent"}
        known = [s for s in ("instock", "onbackorder", "outofstock") if s in states]
        parent["stock_status"] = known[0] if known else parent["stock_status"]


def _children(chosen: shop.Shop, parent_id: int) -> list[Record]:
    found = [chosen.read("variation", child) for child in chosen.variation_ids(parent_id)]
    return [child for child in found if child is not None and child["status"] in _SHOWN]
