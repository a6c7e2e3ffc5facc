"""Every product, variation, customer, order and refund that was ever recorded goes through."""

import html
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from woosync.domain.customer import Customer
from woosync.domain.order import Order, Refund
from woosync.domain.product import Product
from woosync.mapping import customer, order, product, refund, snapshot, variation
from woosync.woo.wire import customer as customer_wire
from woosync.woo.wire import order as order_wire
from woosync.woo.wire import product as product_wire
from woosync.woo.wire import refund as refund_wire
from woosync.woo.wire import variation as variation_wire

FOLDER = Path(
    os.environ.get("WOO_RECORDINGS") or Path(__file__).parents[2] / "contract" / "recordings"
)
NOUNS: list[tuple[str, str]] = [
    (r"/wc/v3/products(/\d+|/batch)?/?", "product"),
    (r"/wc/v3/(products/\d+/)?variations(/\d+|/batch)?/?", "variation"),
    (r"/wc/v3/customers(/\d+|/batch)?/?", "customer"),
    (r"/wc/v3/orders(/\d+|/batch)?/?", "order"),
    (r"/wc/v3/(orders/\d+/)?refunds(/\d+)?/?", "refund"),
]


def noun_of(path: str) -> str | None:
    for pattern, noun in NOUNS:
        if re.fullmatch(r".*?/wp-json" + pattern, path):
            return noun
    return None


def records_in(body: Any) -> Iterator[dict[str, Any]]:
    """Find the records of a single answer, a list or a batch; errors have no usable id."""
    if isinstance(body, dict) and not isinstance(body.get("id"), int):
        for part in ("create", "update", "delete"):
            yield from records_in(body.get(part, []))
    elif isinstance(body, dict) and "error" not in body and body["id"] > 0:
        yield body
    elif isinstance(body, list):
        for one in body:
            yield from records_in(one)


def recorded() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path in sorted(FOLDER.glob("*/*.json")):
        recording = json.loads(path.read_text(encoding="utf-8"))
        noun, body = content_of(recording) if isinstance(recording, dict) else (None, None)
        for record in records_in(body) if noun else ():
            kind = "variation" if record.get("type") == "variation" else noun
            yield f"{path.parent.name}/{path.stem}", str(kind), record


def content_of(recording: dict[str, Any]) -> tuple[str | None, Any]:
    """Return the noun and JSON of an answer or of a webhook delivery; None for any other noun."""
    if "response" in recording:
        return noun_of(recording["request"]["path"]), recording["response"].get("body")
    headers = dict(recording.get("header_list", []))
    resource = headers.get("X-WC-Webhook-Resource")
    known = resource in {"product", "customer", "order"}
    return (resource, json.loads(recording["raw_body"])) if known else (None, None)


def check(noun: str, record: dict[str, Any]) -> None:
    raw = msgspec.json.encode(record)
    found: Product | Customer | Order | Refund
    match noun:
        case "product":
            found = product.to_domain(product_wire.decode(raw))
            assert found.name == html.unescape(record.get("name", ""))
            assert (found.sku or "") == record.get("sku", "")
            level = product.stock_of(product_wire.decode(raw))
            assert level.quantity == record.get("stock_quantity") or not record.get("manage_stock")
        case "variation":
            found = variation.to_domain(variation_wire.decode(raw))
            assert found.parent == record.get("parent_id")
            assert found.name == "" or record.get("name", found.name).endswith(found.name)
        case "customer":
            found = customer.to_domain(customer_wire.decode(raw))
            assert found.email == record.get("email", "")
        case "order":
            found = order.to_domain(order_wire.decode(raw))
            assert f"{found.total:.2f}" == record.get("total", "0.00")
            assert [line.id for line in found.lines] == [
                item["id"] for item in record.get("line_items", [])
            ]
        case _:
            found = refund.to_domain(refund_wire.decode(raw), order=record.get("parent_id") or 1)
            assert f"{found.amount:.2f}" == record["amount"]
    assert snapshot.decode(snapshot.encode(found), type(found)) == found


@pytest.mark.skipif(not FOLDER.is_dir(), reason="no recordings beside the tests")
def test_every_recorded_record_is_read() -> None:
    seen: dict[str, int] = {}
    for place, noun, record in recorded():
        seen[noun] = seen.get(noun, 0) + 1
        try:
            check(noun, record)
        except Exception as error:
            raise AssertionError(f"{place}: {noun} {record['id']}: {error}") from error
    assert sum(seen.values()) > 0
    if "WOO_RECORDINGS" not in os.environ:
        assert seen.keys() == {"product", "variation", "customer", "order", "refund"}
