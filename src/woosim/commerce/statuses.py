"""An order's status: what each change does to stock, dates and the customer, each once."""

from typing import Any

from woosim import shop
from woosim.commerce import customers, meta, stock, texts

Record = dict[str, Any]
ALL = (
    *("auto-draft", "pending", "processing", "on-hold", "completed", "cancelled", "refunded"),
    *("failed", "checkout-draft"),
)
_TAKES = frozenset({"processing", "completed", "on-hold"})
_RESTORES = frozenset({"cancelled", "pending"})
_PAID = frozenset({"processing", "completed"})


def change(chosen: shop.Shop, order: Record, status: str) -> list[int]:
    """Set a status on an order that is about to be saved, with its effects on stock and dates.

    Returns the ids of customers to be marked as paying once the order is saved.
    """
    was, order["status"] = order["status"], status
    paying: list[int] = []
    if status in _PAID and not order["date_paid"]:
        chosen.stamp(order, "date_paid")
        paying = [order["customer_id"]] if order["customer_id"] else []
    if status == "completed" and was != "completed":
        chosen.stamp(order, "date_completed")
    settle(chosen, order)
    return paying


def move_stock(chosen: shop.Shop, order: Record) -> None:
    """Take or give back the stock of an order as its status asks for, once.

    The order must be saved afterwards; the products are saved and told here.
    """
    taken = order.get("_stock_taken")
    if taken is None:
        taken = any(reduced_by(line) for line in order["line_items"])
    if order["status"] in _TAKES and not taken:
        for line in order["line_items"]:
            take(chosen, line)
        order["_stock_taken"] = True
        _count_sales(chosen, order)
    elif order["status"] in _RESTORES and taken:
        for line in order["line_items"]:
            give_back(chosen, line, reduced_by(line))
        order["_stock_taken"] = False


def reduced_by(line: Record) -> int:
    """Return how many units a line holds of the stock now."""
    return texts.integer(meta.value_of(line["meta_data"], "_reduced_stock") or 0)


def take(chosen: shop.Shop, line: Record) -> None:
    """Take a line's quantity out of the stock unless it was taken already."""
    owner = stock.owner_of(chosen, line["product_id"], line["variation_id"])
    if owner is None or reduced_by(line):
        return
    stock.change(chosen, owner, -line["quantity"])
    meta.set_item_value(chosen, line, "_reduced_stock", str(line["quantity"]))


def give_back(chosen: shop.Shop, line: Record, units: int) -> None:
    """Put units a line holds back into the stock."""
    owner = stock.owner_of(chosen, line["product_id"], line["variation_id"])
    left = reduced_by(line) - units
    if owner is None or not units:
        return
    stock.change(chosen, owner, units)
    meta.set_item_value(chosen, line, "_reduced_stock", str(left) if left > 0 else None)


def adjust(chosen: shop.Shop, order: Record, line: Record) -> None:
    """Bring the stock in line with an edited quantity of an order that holds stock."""
    if order["status"] not in _TAKES:
        return
    held = reduced_by(line)
    owner = stock.owner_of(chosen, line["product_id"], line["variation_id"])
    if owner is not None and line["quantity"] != held:
        stock.change(chosen, owner, held - line["quantity"])
        meta.set_item_value(chosen, line, "_reduced_stock", str(line["quantity"]))
        order["_stock_taken"] = True


def settle(chosen: shop.Shop, order: Record) -> None:
    """Derive what an order says about itself from its status, total and goods."""
    status = order["status"]
    order["is_editable"] = status in {"pending", "on-hold", "auto-draft"}
    order["needs_payment"] = status in {"pending", "failed"} and float(order["total"]) > 0
    order["needs_processing"] = any(
        not _is_download(chosen, line) for line in order["line_items"] if line["product_id"]
    )


def _is_download(chosen: shop.Shop, line: Record) -> bool:
    kind = "variation" if line["variation_id"] else "product"
    goods = chosen.read(kind, line["variation_id"] or line["product_id"])
    return goods is None or bool(goods["virtual"] and goods["downloadable"])


def _count_sales(chosen: shop.Shop, order: Record) -> None:
    """Raise total_sales by plain SQL: no modified time moves, nothing is told."""
    for line in order["line_items"]:
        product = chosen.edit("product", line["product_id"])
        if product is not None:
            product["total_sales"] = texts.integer(product["total_sales"]) + line["quantity"]
            chosen.save("product", product, bump=False)


def mark_paying(chosen: shop.Shop, paying: list[int]) -> None:
    """Tell that customers have paid."""
    for user_id in paying:
        customers.mark_paying(chosen, user_id)
