"""The records that woosim makes up have exactly the keys and types of recorded ones."""

from typing import Any

import pytest

import woosim
from contract import exchanges, sending, shapes

SEED = exchanges.load()
OPTIONS = woosim.Options(products=300, variable=40, customers=120, orders=300)
MODEL_FILES = {
    "products": ("02_products_read/products_page1.json", "02_products_read/product_variable.json"),
    "variations": ("02_products_read/variations_all.json",),
    "customers": ("03_customers_read/customers_page1.json", "03_customers_read/customer_one.json"),
    "orders": (
        "04_orders_read/orders_page1.json",
        "04_orders_read/order_one.json",
        "04_orders_read/order_refunded_partial.json",
    ),
    "refunds": ("04_orders_read/refunds_all.json",),
}


def listing(noun: str) -> exchanges.Exchange:
    request = {
        "method": "GET",
        "path": f"/wp-json/wc/v3/{noun}",
        "raw_query": "per_page=100&orderby=id",
        "headers": {"Authorization": ""},
    }
    data = {"request": request, "response": {"status": 200, "body": []}, "auth": "read_write"}
    return exchanges.Exchange("", data)


def recorded(noun: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for exchange in SEED:
        if exchange.file in MODEL_FILES[noun]:
            found += exchange.body if isinstance(exchange.body, list) else [exchange.body]
    return found


@pytest.mark.parametrize("noun", MODEL_FILES)
async def test_generated_records_look_like_recorded_ones(noun: str) -> None:
    models = recorded(noun)
    if not models:
        pytest.skip("these recordings have no whole list of the noun")
    async with woosim.serve(woosim.Shop(OPTIONS), tls=True) as store:
        status, ours = await sending.send(listing(noun), store)
    assert status == 200
    assert len(ours) > 30
    known = exchanges.known_types(noun.removesuffix("s"))
    assert shapes.differences(ours, models, known, trimmed=False) == []
    assert list(ours[0]) == list(models[0])
