"""Orders: creating and changing them, from the REST API, the checkout or wp-admin."""

import random
import string
from collections.abc import Callable, Mapping
from typing import Any

from woosim import errors, shop
from woosim.commerce import blank, customers, lines, meta, statuses, texts, totals

Record = dict[str, Any]
Values = Mapping[str, Any]
_PLAIN = ("payment_method", "payment_method_title", "transaction_id", "customer_note", "currency")
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_DRAFTS = frozenset({"auto-draft", "checkout-draft"})
_LINES = ("line_items", "shipping_lines", "fee_lines", "coupon_lines")


def create(chosen: shop.Shop, values: Values, *, created_via: str = "rest-api") -> Record:
    """Save a new order, take its stock if its status asks for it, and tell it.

    Raises:
        RestError: 400 for a customer or coupon the shop does not have, or a line without product.
    """
    order = blank.make(chosen, "order")
    order |= {"currency": chosen.options.currency, "created_via": created_via}
    order["version"] = chosen.options.full_version
    if created_via == "checkout":
        order["customer_ip_address"] = "127.0.0.1"
    if values.get("created_via"):
        order["created_via"] = texts.plain(values["created_via"])
    _fill(chosen, order, values)
    try:
        _edit_lines(chosen, order, values)
    except errors.RestError as error:
        if error.code == totals.INVALID_COUPON:
            left = chosen.create("order", order | {"status": "checkout-draft"})
            error.data["new_draft_order_id"] = left["id"]
        raise
    totals.recalculate(chosen, order)
    order = chosen.create("order", order)
    number = str(order["id"])
    letters = random.Random(f"{chosen.options.seed}:{number}")
    key = "".join(letters.choices(string.ascii_letters + string.digits, k=13))
    order |= {"number": number, "order_key": f"wc_order_{key}"}
    query = f"?pay_for_order=true&key=wc_order_{key}"
    order["payment_url"] = f"{chosen.home}/checkout/order-pay/{number}/{query}"
    paying = _set_status(chosen, order, values)
    chosen.save("order", order)
    _announce(chosen, order)
    _finish(chosen, order, paying)
    return order


def _announce(chosen: shop.Shop, order: Record) -> None:
    """Tell of a new order, once it is no draft."""
    order["_draft"] = order["status"] in _DRAFTS
    if not order["_draft"]:
        chosen.emit("created", "order", order["id"])


def update(chosen: shop.Shop, order_id: int, values: Values) -> Record:
    """Save what was sent on an order, with all that follows from it, and tell it.

    Raises:
        LookupError: there is no such order.
        RestError: 400 for a customer, coupon or line that is not the shop's or the order's.
    """
    order = chosen.edit("order", order_id)
    if order is None:
        raise LookupError(f"no order {order_id}")
    from_trash = order["status"] == "trash"
    _fill(chosen, order, values)
    changed = _edit_lines(chosen, order, values)
    if changed or "billing" in values or "shipping" in values:
        totals.recalculate(chosen, order)
    paying = _set_status(chosen, order, values)
    chosen.save("order", order)
    if from_trash:
        return order  # WooCommerce fires nothing for an order brought back by its status
    if order.get("_draft"):
        _announce(chosen, order)
    _finish(chosen, order, paying)
    return order


def _finish(chosen: shop.Shop, order: Record, paying: list[int]) -> None:
    """Tell of the order first, then of the products whose stock it moved."""
    if not order.get("_draft"):
        chosen.emit("updated", "order", order["id"])
    statuses.move_stock(chosen, order)
    edited = order.pop("_edited_lines", [])
    for line in order["line_items"]:
        if line["id"] in edited:
            statuses.adjust(chosen, order, line)
    chosen.save("order", order, bump=False)
    statuses.mark_paying(chosen, paying)


def _fill(chosen: shop.Shop, order: Record, values: Values) -> None:
    if values.get("customer_id") is not None:
        user_id = texts.integer(values["customer_id"])
        if user_id and chosen.read("customer", user_id) is None:
            code = "woocommerce_rest_invalid_customer_id"
            raise errors.RestError(400, code, "Customer ID is invalid.")
        order["customer_id"] = user_id
    for name in _PLAIN:
        if values.get(name) is not None:
            order[name] = texts.to_text(values[name])
    order["currency_symbol"] = _SYMBOLS.get(order["currency"], order["currency"])
    for name in ("billing", "shipping"):
        order[name] = customers.merge_address(order[name], values.get(name))
    if values.get("meta_data"):
        order["meta_data"] = meta.apply(chosen, order["meta_data"], values["meta_data"])


def _set_status(chosen: shop.Shop, order: Record, values: Values) -> list[int]:
    """Set the status that was sent, then the payment if the order is to be paid."""
    paying: list[int] = []
    status = values.get("status")
    if status is not None:
        known = status in statuses.ALL
        paying += statuses.change(chosen, order, str(status) if known else "pending")
    statuses.settle(chosen, order)
    unpaid = order["status"] in {"pending", "failed", "on-hold"} and not order["date_paid"]
    if values.get("set_paid") is True and unpaid:
        target = "processing" if order["needs_processing"] else "completed"
        paying += statuses.change(chosen, order, target)
    return paying


def _edit_lines(chosen: shop.Shop, order: Record, values: Values) -> bool:
    """Add, change and remove the lines that were sent; return whether there were any."""
    sent = {name: values[name] for name in _LINES if isinstance(values.get(name), list)}
    for name, items in sent.items():
        if name == "coupon_lines":
            continue
        order[name] = [dict(line) for line in order[name]]
        for item in items:
            _edit_line(chosen, order, name, item if isinstance(item, Mapping) else {})
    if "coupon_lines" in sent:
        totals.apply_coupons(chosen, order, sent["coupon_lines"])
    return bool(sent)


def _edit_line(chosen: shop.Shop, order: Record, name: str, sent: Values) -> None:
    if not sent.get("id"):
        order[name].append(_MAKERS[name](chosen, sent))
        order.setdefault("_edited_lines", []).append(order[name][-1]["id"])
        return
    line = next((one for one in order[name] if one["id"] == sent["id"]), None)
    if line is None:
        code = "woocommerce_rest_invalid_item_id"
        message = "Order item ID provided is not associated with order."
        raise errors.RestError(400, code, message)
    if _removes(name, sent):
        if name == "line_items":
            statuses.give_back(chosen, line, statuses.reduced_by(line))
        order[name].remove(line)
    elif name == "line_items":
        before = line["quantity"]
        lines.edit_product_line(line, sent)
        if line["quantity"] != before:
            order.setdefault("_edited_lines", []).append(line["id"])
    else:
        lines.edit_extra_line(chosen, line, sent)


def _removes(name: str, sent: Values) -> bool:
    """Tell whether a line that was sent asks to be removed: a null name, or no quantity."""
    if name == "line_items":
        return sent.get("quantity", 1) == 0 or ("product_id" in sent and sent["product_id"] is None)
    key = "method_id" if name == "shipping_lines" else "name"
    return key in sent and sent[key] is None


_MAKERS: dict[str, Callable[[shop.Shop, Values], Record]] = {
    "line_items": lines.product_line,
    "shipping_lines": lambda chosen, sent: lines.extra_line(chosen, "shipping_lines", sent),
    "fee_lines": lambda chosen, sent: lines.extra_line(chosen, "fee_lines", sent),
}
