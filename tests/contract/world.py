"""A simulated store whose content is such that a recorded request makes sense on it."""

import copy
from datetime import UTC, datetime
from functools import cache
from typing import Any

import woosim
from contract import exchanges

Record = dict[str, Any]
Known = dict[tuple[str, int], Record]
BASE = woosim.Options(
    products=240, variable=20, customers=60, orders=240, first_id=1_000_000, seed=3
)
_NOW = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
_WHOLE = 12
"""A record with at least so many keys is a whole one."""
_UNKNOWN = {"woocommerce_rest_invalid_customer_id"}


def prepare(exchange: exchanges.Exchange) -> woosim.Shop:
    """Return a store in the state before the exchange."""
    shop = woosim.Shop(BASE, now=lambda: _NOW)
    for (kind, _), record in known_records().items():
        shop.load(kind, copy.deepcopy(record))
    for kind, record in exchange.records():
        if exchange.method in {"GET", "HEAD"}:
            _put(shop, kind, {**record, **_implied(exchange)})
    _prepare_target(shop, exchange)
    data = exchange.body.get("data") if isinstance(exchange.body, dict) else None
    _prepare_for_code(shop, exchange.code, exchange.sent, data)
    if exchange.status == 201:
        _make_room(shop, exchange)
    _prepare_batch(shop, exchange)
    if exchange.body == [] and "sku" in exchange.query:
        for kind, record_id in shop.find_sku(str(exchange.query["sku"])):
            _put(shop, kind, {"id": record_id, "status": "trash"})
    return shop


@cache
def known_records() -> Known:
    """Return every record the recordings show, as it was first seen whole."""
    whole: Known = {}
    parts: Known = {}
    for exchange in exchanges.load():
        for kind, record in exchange.records():
            key = (kind, record["id"])
            if len(record) >= _WHOLE:
                whole.setdefault(key, record)
            else:
                parts.setdefault(key, {}).update(record)
    found = {key: _shaped(key[0], record) for key, record in whole.items()}
    for key, record in parts.items():
        if key not in found:
            found[key] = _shaped(key[0], record)
    return found


@cache
def _blanks() -> dict[str, Record]:
    """Return one whole record of each kind to fill partial ones from."""
    shop = woosim.Shop(BASE)
    ids = shop.base.ids
    blanks = {
        "product": shop.read("product", ids.product_id(1)),
        "variation": shop.read("variation", ids.variation_id(1)),
        "customer": shop.read("customer", 5),
        "order": shop.read("order", ids.order_id(2)),
        "refund": shop.read("refund", ids.refund_id(1)),
        "webhook": next(r for e in exchanges.load() for k, r in e.records() if k == "webhook"),
    }
    return {kind: record for kind, record in blanks.items() if record}


def _shaped(kind: str, record: Record) -> Record:
    """Return a whole stored record: what is missing comes from a blank, links are dropped."""
    blank = _blanks()[kind]
    if kind in {"product", "variation"}:  # answers to batches have keys of the edit context
        record = {key: value for key, value in record.items() if key in blank}
    filled = _merged(blank, record)
    if kind in {"product", "variation"} and "sku" not in record:
        filled["sku"] = f"unknown-{record['id']}"
    if kind == "customer" and "email" not in record:
        filled["email"] = f"unknown-{record['id']}@example.test"
    order = [key for key in record if key in filled] + [key for key in filled if key not in record]
    keys = order if len(record) >= _WHOLE else list(filled)
    return {key: filled[key] for key in keys if key != "_links"}


def _merged(old: Record, new: Record) -> Record:
    merged = copy.deepcopy(old)
    for key, value in new.items():
        inner = merged.get(key)
        merged[key] = _merged(inner, value) if isinstance(inner, dict) and value else value
        if isinstance(merged[key], list):
            merged[key] = copy.deepcopy(merged[key])
    return merged


def _put(shop: woosim.Shop, kind: str, changes: Record) -> None:
    """Store changes to a record, or a new one made of them."""
    old = shop.edit(kind, changes["id"])
    changes = {key: value for key, value in changes.items() if key != "_links"}
    if old is None:
        shop.load(kind, _shaped(kind, changes))
        return
    if kind in {"product", "variation"}:
        changes = {key: value for key, value in changes.items() if key in old}
    shop.load(kind, _merged(old, changes))


def _implied(exchange: exchanges.Exchange) -> Record:
    """Return what a list's query says of its records beyond the fields shown."""
    if "product" in exchange.query:
        line = copy.deepcopy(_blanks()["order"]["line_items"][0])
        return {"line_items": [line | {"product_id": int(exchange.query["product"])}]}
    return {}


def _prepare_target(shop: woosim.Shop, exchange: exchanges.Exchange) -> None:
    """Make what the address names be there or not, as the answer shows it was."""
    kind, record_id, parent_id = exchange.target
    if kind is None:
        return
    parent_kind = "order" if kind == "refund" else "product"
    if parent_id is not None and exchange.status < 400 and exchange.body != []:
        _put(shop, parent_kind, {"id": parent_id})
    if record_id is None or shop.read(kind, record_id) is None:
        return
    if exchange.status == 404 and parent_id is None:
        shop.remove(kind, record_id)
    elif exchange.status < 400 and exchange.method != "GET":
        sent = exchange.sent if isinstance(exchange.sent, dict) else {}
        before = {key: value for key, value in exchange.body.items() if key not in sent}
        if kind == "product":
            before["status"] = "publish"
        _put(shop, kind, {**before, "id": record_id})
    elif exchange.code == "woocommerce_rest_already_trashed":
        _put(shop, kind, {"id": record_id, "status": "trash"})


def _prepare_batch(shop: woosim.Shop, exchange: exchanges.Exchange) -> None:
    """Make each item a batch creates be possible, or refused as it was."""
    if not exchange.path.endswith("/batch") or not isinstance(exchange.sent, dict):
        return
    answers = exchange.body.get("create", []) if isinstance(exchange.body, dict) else []
    for sent, answer in zip(exchange.sent.get("create", []), answers, strict=False):
        for kind, holder in shop.find_sku(str(sent.get("sku") or "")):
            shop.remove(kind, holder)
        error = answer.get("error", {})
        _prepare_for_code(shop, error.get("code"), sent, error.get("data"))


def _prepare_for_code(shop: woosim.Shop, code: str | None, sent: Any, data: Any) -> None:
    """Make the reason for a refusal be there."""
    sent = sent if isinstance(sent, dict) else {}
    holder = data.get("resource_id", 999_001) if isinstance(data, dict) else 999_001
    if code == "product_invalid_sku":
        kind = "variation" if shop.read("variation", holder) else "product"
        _put(shop, kind, {"id": holder, "sku": sent["sku"], "status": "publish"})
    if code == "product_invalid_global_unique_id":
        number = sent["global_unique_id"]
        _put(shop, "product", {"id": holder, "global_unique_id": number, "status": "publish"})
    if code == "woocommerce_rest_product_not_created":
        for kind, record_id in shop.find_sku(sent["sku"]):
            shop.remove(kind, record_id)
        _put(shop, "product", {"id": 999_001, "sku": sent["sku"], "status": "trash"})
    if code in {
        "registration-error-email-exists",
        "woocommerce_rest_customer_invalid_email",
    }:
        _put(shop, "customer", {"id": 999_001, "email": sent["email"].lower()})
    if code == "registration-error-username-exists":
        _put(shop, "customer", {"id": 999_001, "username": sent["username"]})


def _make_room(shop: woosim.Shop, exchange: exchanges.Exchange) -> None:
    """Take away what the request is going to make."""
    kind, _, _ = exchange.target
    sent = exchange.sent if isinstance(exchange.sent, dict) else {}
    created = exchange.body.get("id")
    if kind is None or created is None:
        return
    shop.remove(kind, created)
    shop.reserve_id(kind, created)
    for holder_kind, holder in shop.find_sku(str(sent.get("sku") or "")):
        shop.remove(holder_kind, holder)
    for holder in shop.find_email(str(sent.get("email") or "")):
        shop.remove("customer", holder)
