"""Stock levels: who keeps them, the atomic change a sale makes, and what follows from a level."""

from typing import Any

from woosim import shop
from woosim.commerce import parents

Record = dict[str, Any]


def settle(record: Record) -> None:
    """Derive what WooCommerce derives from a level on every save."""
    if record.get("manage_stock") is not True:
        if record.get("manage_stock") is False:
            record |= {"stock_quantity": None, "backorders": "no", "backordered": False}
            record |= {"backorders_allowed": False, "low_stock_amount": None}
        return
    quantity = record["stock_quantity"] or 0
    allowed = record["backorders"] != "no"
    record["backorders_allowed"] = allowed
    record["backordered"] = allowed and quantity < 0
    empty = "onbackorder" if allowed else "outofstock"
    record["stock_status"] = "instock" if quantity > 0 else empty


def owner_of(chosen: shop.Shop, product_id: int, variation_id: int = 0) -> tuple[str, int] | None:
    """Return (kind, id) of the record that keeps a line's stock, or None if nobody does."""
    if variation_id:
        variation = chosen.read("variation", variation_id)
        if variation is None:
            return None
        if variation["manage_stock"] is True:
            return ("variation", variation_id)
        product_id = variation["parent_id"]
    product = chosen.read("product", product_id)
    if product is None or product["manage_stock"] is not True:
        return None
    return ("product", product_id)


def level_of(chosen: shop.Shop, product_id: int, variation_id: int = 0) -> int | None:
    """Return the level a line would sell from, or None if it is not kept."""
    owner = owner_of(chosen, product_id, variation_id)
    record = chosen.read(*owner) if owner else None
    return None if record is None else record["stock_quantity"] or 0


def change(chosen: shop.Shop, owner: tuple[str, int], delta: int) -> int:
    """Add to a level as one SQL statement would, save the product, and return the new level."""
    kind, record_id = owner
    record = chosen.edit(kind, record_id)
    if record is None:
        raise LookupError(f"no {kind} {record_id}")
    record["stock_quantity"] = (record["stock_quantity"] or 0) + delta
    settle(record)
    chosen.save(kind, record)
    chosen.emit("updated", "product", record_id)
    if kind == "variation":
        parents.sync(chosen, record["parent_id"])
    return int(record["stock_quantity"])
