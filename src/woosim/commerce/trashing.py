"""Trash, restore and final deletion, with the hooks that WordPress fires and those it does not."""

from typing import Any

from woosim import shop
from woosim.commerce import parents

Record = dict[str, Any]


def trash(chosen: shop.Shop, kind: str, record_id: int) -> None:
    """Move a product, variation or order to the trash."""
    record = chosen.edit(kind, record_id)
    if record is None:
        raise LookupError(f"no {kind} {record_id}")
    record["_status_before_trash"] = record["status"]
    record["status"] = "trash"
    chosen.save(kind, record)
    if kind == "order":
        chosen.emit("deleted", "order", record_id)
        if not chosen.options.hpos:
            chosen.emit("deleted", "post", record_id)
        return
    chosen.emit("deleted", "post", record_id)
    if kind == "variation":
        parents.sync(chosen, record["parent_id"])
        return
    for child in chosen.variation_ids(record_id):
        variation = chosen.edit("variation", child)
        if variation is not None and variation["status"] != "trash":
            variation |= {"_status_before_trash": variation["status"], "status": "trash"}
            chosen.save("variation", variation)
            chosen.emit("deleted", "post", child)


def restore(chosen: shop.Shop, kind: str, record_id: int) -> None:
    """Take a record out of the trash as wp-admin does."""
    record = chosen.edit(kind, record_id)
    if record is None or record["status"] != "trash":
        raise LookupError(f"no trashed {kind} {record_id}")
    record["status"] = record.pop("_status_before_trash", "draft")
    chosen.save(kind, record)
    if kind == "order":
        chosen.emit("restored", "order", record_id)
        return
    if record["status"] == "publish":
        chosen.emit("published", "product", record_id)
    chosen.emit("updated", "product", record_id)
    chosen.emit("restored", "product", record_id)
    for child in chosen.variation_ids(record_id) if kind == "product" else ():
        variation = chosen.read("variation", child)
        if variation is not None and variation["status"] == "trash":
            restore(chosen, "variation", child)


def delete(chosen: shop.Shop, kind: str, record_id: int) -> None:
    """Remove a product, variation, order or refund for good: no hook tells of it."""
    record = chosen.read(kind, record_id)
    if record is None:
        raise LookupError(f"no {kind} {record_id}")
    for child in chosen.variation_ids(record_id) if kind == "product" else ():
        chosen.remove("variation", child)
    for refund in chosen.refund_ids(record_id) if kind == "order" else ():
        chosen.remove("refund", refund)
    chosen.remove(kind, record_id)
    if kind == "variation":
        parents.sync(chosen, record["parent_id"])


def trash_foreign_post(chosen: shop.Shop) -> int:
    """Trash something that is no product, such as a page or a coupon; return its id."""
    post_id = chosen.next_id("product")
    chosen.emit("deleted", "post", post_id)
    return post_id
