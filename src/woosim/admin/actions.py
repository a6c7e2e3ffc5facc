"""What shoppers and staff do in a store: buy, refund, cancel, edit, throw away.

In a test: `actions.sell(store.shop, [{"product_id": 12, "quantity": 2}])`. Every action changes the
shop at once and fires the webhooks that the same action in a real shop fires.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from woosim import shop
from woosim.commerce import customers, orders, prices, products, refunds, stock, trashing

Record = dict[str, Any]
Item = Mapping[str, Any]


def sell(
    chosen: shop.Shop,
    items: Sequence[Item],
    *,
    customer_id: int = 0,
    status: str = "processing",
    extra: Mapping[str, Any] | None = None,
) -> Record:
    """Place an order at the checkout; its status decides whether stock is taken.

    Args:
        chosen: the shop.
        items: {"product_id", "variation_id", "quantity"}; the variation's id alone is enough.
        customer_id: who buys; 0 is a guest.
        status: the order's status.
        extra: more of the order: billing, shipping_lines, coupon_lines, customer_note ...
    """
    values: Record = {"line_items": list(items), "status": status, "customer_id": customer_id}
    values |= {"payment_method": "stripe", "payment_method_title": "Credit card"}
    customer = chosen.read("customer", customer_id) if customer_id else None
    if customer is not None:
        person = {"email": customer["email"]} | {k: v for k, v in customer["billing"].items() if v}
        values |= {"billing": person, "shipping": customer["shipping"]}
    else:
        values["billing"] = {"first_name": "Guest", "email": "guest@guest.test", "country": "DE"}
    return orders.create(chosen, values | dict(extra or {}), created_via="checkout")


def set_status(chosen: shop.Shop, order_id: int, status: str) -> Record:
    """Change an order's status in wp-admin."""
    return orders.update(chosen, order_id, {"status": status})


def refund(
    chosen: shop.Shop,
    order_id: int,
    *,
    items: Sequence[Item] | None = None,
    amount: str | None = None,
    restock: bool = True,
) -> Record:
    """Refund an order: the given lines ({"id", "quantity"}), an amount, or all that is left.

    Lines are refunded at their price; without items and amount every line goes back.
    """
    order = chosen.read("order", order_id)
    if order is None:
        raise LookupError(f"no order {order_id}")
    whole = items is None and amount is None
    chosen_items = [_refund_item(order, item) for item in items or ()]
    if whole:
        amount = str(refunds.remaining(order))
        chosen_items = [_refund_item(order, line) for line in order["line_items"]]
    values: Record = {"line_items": chosen_items, "api_refund": False, "api_restock": restock}
    if amount is not None:
        values["amount"] = amount
    return refunds.create(chosen, order_id, values | {"reason": "Refunded in the shop"})


def _refund_item(order: Record, item: Item) -> Record:
    line = next((one for one in order["line_items"] if one["id"] == item["id"]), None)
    if line is None:
        raise LookupError(f"no line {item['id']} in order {order['id']}")
    quantity = int(item.get("quantity", line["quantity"]))
    total = float(line["total"]) / max(1, line["quantity"]) * quantity
    return {"id": line["id"], "quantity": quantity, "refund_total": f"{total:.2f}"}


def create(chosen: shop.Shop, kind: str, values: Mapping[str, Any]) -> Record:
    """Make a product, variation (with parent_id), customer (any role) or order in wp-admin."""
    if kind == "customer":
        customers.check_new(chosen, values)
        name = customers.pick_username(chosen, values)
        return customers.insert(chosen, values, name, role=str(values.get("role", "customer")))
    if kind == "order":
        return orders.create(chosen, values, created_via="admin")
    if kind in {"product", "variation"}:
        return products.create(chosen, kind, values, parent_id=int(values.get("parent_id", 0)))
    raise LookupError(f"no kind {kind}")


def edit(
    chosen: shop.Shop,
    kind: str,
    record_id: int,
    changes: Mapping[str, Any],
    *,
    silent: bool = False,
) -> Record:
    """Edit a product, variation, customer or order as wp-admin does.

    A name is kept as it was typed, a bare & too. With `silent` the fields are written behind
    WooCommerce's back: nothing is derived, no modified time moves, no webhook fires.
    """
    record = chosen.edit(kind, record_id)
    if record is None:
        raise LookupError(f"no {kind} {record_id}")
    if silent:
        return chosen.save(kind, record | dict(changes), bump=False)
    if kind == "customer":
        return customers.update(chosen, record_id, changes)
    if kind == "order":
        return orders.update(chosen, record_id, changes)
    planned = products.plan(chosen, record, changes)
    if isinstance(changes.get("name"), str) and "name" in planned:
        planned["name"] = changes["name"]
    return products.update(chosen, kind, record_id, planned)


def set_stock(chosen: shop.Shop, kind: str, record_id: int, level: int) -> int:
    """Set a level as a stock take in wp-admin does; return what it was.

    Raises:
        LookupError: there is no such record, or it keeps no stock of its own.
    """
    record = chosen.read(kind, record_id)
    if record is None or record["manage_stock"] is not True:
        raise LookupError(f"{kind} {record_id} keeps no stock")
    before = int(record["stock_quantity"] or 0)
    stock.change(chosen, (kind, record_id), level - before)
    return before


def delete(chosen: shop.Shop, kind: str, record_id: int, *, force: bool = False) -> None:
    """Move a record to the trash, or with `force` (and customers always) remove it for good."""
    if kind == "customer":
        customers.delete(chosen, record_id)
    elif force or kind == "refund":
        trashing.delete(chosen, kind, record_id)
    else:
        trashing.trash(chosen, kind, record_id)


def restore(chosen: shop.Shop, kind: str, record_id: int) -> Record:
    """Take a product, variation or order out of the trash, as wp-admin does."""
    trashing.restore(chosen, kind, record_id)
    record = chosen.read(kind, record_id)
    if record is None:
        raise LookupError(f"no {kind} {record_id}")
    return record


def trash_page(chosen: shop.Shop) -> int:
    """Throw away a WordPress page: product.deleted fires with its id, which is no product's."""
    return trashing.trash_foreign_post(chosen)


def start_due_sales(chosen: shop.Shop) -> list[int]:
    """Start and end scheduled sales whose time has come, of products that were ever written."""
    changed = []
    for kind in ("product", "variation"):
        for record_id, record in list(chosen.catalogs[kind].touched.items()):
            if record.get("type") == "variable" or not record["sale_price"]:
                continue
            probe = dict(record)
            prices.settle(probe, chosen.now())
            if probe["on_sale"] != record["on_sale"] and record["status"] != "trash":
                products.update(chosen, kind, record_id, {})
                changed.append(record_id)
    return changed
