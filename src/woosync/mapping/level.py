"""Levels of the wire, and the changes of them that are sent: always differences, never levels."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from woosync.domain import stock
from woosync.mapping import product, scalars
from woosync.woo.wire.level import WooLevel


class Look(msgspec.Struct, frozen=True):
    """What a store shows of a product; the level is None where it counts none of its own."""

    level: Decimal | None
    modified: datetime | None
    marker: object = None


def look_of(wire: WooLevel) -> Look | None:
    """Read a level; None where it makes no sense, which says nothing about the product."""
    try:
        manages = product.manage_stock(wire.manage_stock)
        level = scalars.quantity(wire.stock_quantity, "stock_quantity")
        modified = scalars.moment(wire.date_modified_gmt, "date_modified_gmt")
    except scalars.BadValue:
        return None
    marker = scalars.meta_value(wire.meta_data, stock.MARKER_KEY)
    return Look(level if manages == "yes" else None, modified, marker)


def body_of(op: stock.Op) -> dict[str, Any]:
    """Return what is sent for an operation: the difference and its marker, nothing else.

    A level (`stock_quantity`) beside it would win over the difference.
    """
    return {
        "inventory_delta": scalars.number(op.delta),
        "meta_data": [{"key": stock.MARKER_KEY, "value": op.marker}],
    }
