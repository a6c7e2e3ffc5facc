"""meta_data: matched by id or key, null deletes, duplicates of a key go with its update."""

from collections.abc import Iterable
from typing import Any

from woosim import shop

Entry = dict[str, Any]
_FIRST_NEW_ID = 100_000_000


def apply(chosen: shop.Shop, entries: list[Entry], sent: Any) -> list[Entry]:
    """Return the entries after what was sent; the given list stays as it is.

    Args:
        chosen: the shop that gives out ids.
        entries: the record's meta_data.
        sent: meta_data as a client sends it; anything but a list of objects is ignored.
    """
    found = [dict(entry) for entry in entries]
    for item in sent if isinstance(sent, list) else []:
        if isinstance(item, dict) and (item.get("id") or item.get("key")):
            found = _apply_one(chosen, found, item)
    return found


def _apply_one(chosen: shop.Shop, entries: list[Entry], item: Entry) -> list[Entry]:
    if item.get("id"):
        matches = [entry for entry in entries if entry["id"] == item["id"]]
    else:
        matches = [entry for entry in entries if entry["key"] == item["key"]]
    gone = {entry["id"] for entry in (matches if item.get("value") is None else matches[1:])}
    if matches and item.get("value") is not None:
        matches[0] |= {key: item[key] for key in ("key", "value") if key in item}
    elif not matches and item.get("value") is not None and item.get("key"):
        entries.append({"id": new_id(chosen), "key": item["key"], "value": item["value"]})
    return [entry for entry in entries if entry["id"] not in gone]


def new_id(chosen: shop.Shop) -> int:
    """Give out a meta id."""
    return _FIRST_NEW_ID + chosen.next_id("meta")


def value_of(entries: Iterable[Entry], key: str) -> Any:
    """Return the value under a key, or None."""
    return next((entry["value"] for entry in entries if entry["key"] == key), None)


def set_item_value(chosen: shop.Shop, line: Entry, key: str, value: str | None) -> None:
    """Set or, with None, delete one meta value of an order's line, in the line's wider shape."""
    entries = [entry for entry in line["meta_data"] if entry["key"] != key]
    known = next((entry for entry in line["meta_data"] if entry["key"] == key), None)
    if value is not None:
        entry_id = known["id"] if known else new_id(chosen)
        shown = {"display_key": key, "display_value": value}
        entries.append({"id": entry_id, "key": key, "value": value, **shown})
    line["meta_data"] = entries
