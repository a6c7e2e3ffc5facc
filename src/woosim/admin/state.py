"""What is true in a store, for checkers: counts, records, levels, requests seen, deliveries."""

from collections.abc import Mapping
from typing import Any

from woosim import front, listing
from woosim.commerce import stock

Record = dict[str, Any]
Query = Mapping[str, str]
_PLURALS = {"products": "product", "variations": "variation", "customers": "customer"}
_PLURALS |= {"orders": "order", "refunds": "refund", "webhooks": "webhook"}
_EVERYTHING = listing.Query("id", descending=False)


def overview(chosen: front.Front, rest: str, query: Query) -> Record:
    """Return the shop's time, and how many records of each kind it has, trashed ones too."""
    del rest, query
    catalogs = chosen.shop.catalogs
    counts = {
        plural: catalogs[kind].page(_EVERYTHING, 0, 0)[1] for plural, kind in _PLURALS.items()
    }
    return {"now": chosen.clock.now(), "home": chosen.shop.home, "counts": counts}


def truth(chosen: front.Front, rest: str, query: Query) -> Record:
    """Return records of a kind as they are, ascending by id, trashed ones too.

    `after` is the last id seen, `limit` (1000) the page's length, `fields` a comma list; `next` in
    the answer is the id to go on after, null at the end.
    """
    if rest not in _PLURALS:
        raise LookupError(f"truth is one of {', '.join(_PLURALS)}")
    catalog = chosen.shop.catalogs[_PLURALS[rest]]
    after, limit = int(query.get("after", 0)), int(query.get("limit", 1000))
    fields = [name for name in query.get("fields", "").split(",") if name]
    offset = _place_after(catalog, after)
    ids, total = catalog.page(_EVERYTHING, offset, limit)
    records = [_shown(catalog.read(record_id) or {}, fields) for record_id in ids]
    more = offset + len(ids) < total
    return {"total": total, "records": records, "next": ids[-1] if more and ids else None}


def _place_after(catalog: Any, after: int) -> int:
    """Return how many records have an id up to `after`."""
    low, high = 0, catalog.page(_EVERYTHING, 0, 0)[1]
    while low < high:
        middle = (low + high) // 2
        if catalog.page(_EVERYTHING, middle, 1)[0][0] <= after:
            low = middle + 1
        else:
            high = middle
    return low


def _shown(record: Record, fields: list[str]) -> Record:
    names = fields or [name for name in record if not name.startswith("_")]
    return {name: record.get(name) for name in names}


def stock_of(chosen: front.Front, rest: str, query: Query) -> Record:
    """Return the level a product or variation (`/_sim/stock/<id>`) sells from, and its owner."""
    del query
    number = int(rest)
    variation = chosen.shop.read("variation", number)
    ids = (variation["parent_id"], number) if variation else (number, 0)
    owner = stock.owner_of(chosen.shop, *ids)
    kind, owner_id = owner or (None, None)
    return {"level": stock.level_of(chosen.shop, *ids), "kind": kind, "owner": owner_id}


def requests(chosen: front.Front, rest: str, query: Query) -> Record:
    """Return how often each method and path was asked for, and the latest requests."""
    del rest
    last = int(query.get("last", 100))
    return {
        "total": sum(chosen.requests.values()),
        "by_path": {f"{method} {path}": n for (method, path), n in chosen.requests.items()},
        "recent": list(chosen.recent)[-last:] if last else [],
    }


def hooks(chosen: front.Front, rest: str, query: Query) -> Record:
    """Return the webhooks' health, what waits and what was sent."""
    del rest, query
    queue = chosen.hooks
    webhooks = [
        {name: record[name] for name in ("id", "topic", "status", "delivery_url")}
        | {"failure_count": record.get("_failure_count", 0)}
        | {"pending_delivery": record.get("_pending", False)}
        for record in chosen.shop.catalogs["webhook"].touched.values()
    ]
    return {
        "latency": queue.latency,
        "paused": queue.paused,
        "chaos": queue.chaos,
        "webhooks": webhooks,
        "pending": queue.pending,
        "sent": list(queue.sent),
    }
