"""Refunds: money back, and with it the stock of the lines they name."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from woosim import errors, shop
from woosim.commerce import blank, lines, meta, statuses, texts

Record = dict[str, Any]
_REFUNDING_GATEWAYS = frozenset({"stripe"})
_GATEWAYS = _REFUNDING_GATEWAYS | {"bacs", "cod", "cheque"}


def _failed(message: str, data: int) -> errors.RestError:
    """Return the error WooCommerce builds with a number as data, which answers 500."""
    code = "woocommerce_rest_cannot_create_order_refund"
    return errors.RestError(500, code, message, raw_data=data)


def create(chosen: shop.Shop, order_id: int, values: Mapping[str, Any]) -> Record:
    """Save a refund, restock its lines, and tell it: products first, then the order.

    Raises:
        RestError: 500 for an unknown order, an amount that cannot be, or a gateway that refuses.
    """
    order = chosen.edit("order", order_id)
    if order is None:
        raise errors.RestError(
            500, "woocommerce_rest_invalid_order_id", "Invalid order ID.", raw_data=404
        )
    sent = [item for item in values.get("line_items") or () if isinstance(item, Mapping)]
    amount = _amount(values, sent)
    if amount < 0 or (amount == 0 and not sent):
        raise _failed("Refund amount must be greater than zero.", 400)
    if amount > remaining(order):
        raise _failed("Invalid refund amount.", 500)
    by_gateway = values.get("api_refund", True) is True
    if by_gateway:
        _ask_gateway(order["payment_method"])
    full = amount == remaining(order)
    refund = blank.make(chosen, "refund")
    refund |= {"parent_id": order_id, "amount": lines.money(amount), "refunded_payment": by_gateway}
    refund["reason"] = texts.post_text(values.get("reason"))
    kind = "full" if full else "partial"
    refund["meta_data"] = [{"id": meta.new_id(chosen), "key": "_refund_type", "value": kind}]
    pairs = _pairs(order, sent)
    refund["line_items"] = [_refunded_line(chosen, line, item) for line, item in pairs]
    refund = chosen.create("refund", refund)
    if values.get("api_restock", True):
        for line, item in pairs:
            restock(chosen, line, texts.integer(item.get("quantity", 0)))
    _note(chosen, order, refund, full=full)
    return refund


def _ask_gateway(method: str) -> None:
    """Refuse where the payment's gateway cannot pay back; asking it is the API's default."""
    if method not in _GATEWAYS:
        raise _failed("The payment gateway for this order does not exist.", 500)
    if method not in _REFUNDING_GATEWAYS:
        message = "The payment gateway for this order does not support automatic refunds."
        raise _failed(message, 500)


def _note(chosen: shop.Shop, order: Record, refund: Record, *, full: bool) -> None:
    entry = {"id": refund["id"], "reason": refund["reason"], "total": f"-{refund['amount']}"}
    order["refunds"] = [*order["refunds"], entry | {"total_tax": "0.00"}]
    if full:
        statuses.change(chosen, order, "refunded")
    chosen.save("order", order)
    chosen.emit("updated", "order", order["id"])


def remaining(order: Record) -> Decimal:
    """Return what of an order's total was not refunded yet."""
    given = sum((Decimal(entry["total"]) for entry in order["refunds"]), Decimal(0))
    return Decimal(order["total"]) + given


def _amount(values: Mapping[str, Any], sent: list[Mapping[str, Any]]) -> Decimal:
    if values.get("amount") is not None:
        return lines.decimal(values["amount"])
    taxes = [tax for item in sent for tax in item.get("refund_tax") or ()]
    parts = [lines.decimal(part.get("refund_total")) for part in (*sent, *taxes)]
    return sum(parts, Decimal(0))


def _pairs(order: Record, sent: list[Mapping[str, Any]]) -> list[tuple[Record, Mapping[str, Any]]]:
    """Return (order line, what was sent) for the lines of goods that a refund names."""
    by_id = {line["id"]: line for line in order["line_items"]}
    return [(by_id[item["id"]], item) for item in sent if item.get("id") in by_id]


def _refunded_line(chosen: shop.Shop, line: Record, sent: Mapping[str, Any]) -> Record:
    quantity = -texts.integer(sent.get("quantity", 0))
    amount = lines.decimal(sent.get("refund_total"))
    unit = amount / -quantity if quantity else Decimal(0)
    shown = {"display_key": "_refunded_item_id", "display_value": str(line["id"])}
    entry = {"id": meta.new_id(chosen), "key": "_refunded_item_id", "value": str(line["id"])}
    return {
        **line,
        "id": lines.new_item_id(chosen),
        "quantity": quantity,
        "subtotal": lines.money(-amount),
        "total": lines.money(-amount),
        **dict.fromkeys(("subtotal_tax", "total_tax"), "0.00"),
        "taxes": [],
        "meta_data": [entry | shown],
        "price": int(unit) if unit == int(unit) else float(unit),
    }


def restock(chosen: shop.Shop, line: Record, quantity: int) -> None:
    """Put refunded units back, as far as the line still holds stock."""
    statuses.give_back(chosen, line, min(max(quantity, 0), statuses.reduced_by(line)))


def delete(chosen: shop.Shop, order_id: int, refund_id: int) -> None:
    """Remove a refund for good; the order forgets it, its stock and status stay."""
    chosen.remove("refund", refund_id)
    order = chosen.edit("order", order_id)
    if order is not None:
        order["refunds"] = [entry for entry in order["refunds"] if entry["id"] != refund_id]
        chosen.save("order", order)
