"""What a pull does to the ledger: fractions, and products that go and come back."""

from decimal import Decimal

from flows.pulling import Puller
from flows.test_pull_changes import edit, ids_of
from woosync.flows import audit


def counted(puller: Puller) -> int:
    """Return a product that counts its stock."""
    shop = puller.running.shop
    return next(
        i for i in ids_of(puller, "product") if (shop.read("product", i) or {})["manage_stock"]
    )


async def on_hand(puller: Puller, product: int) -> object:
    return await puller.value(
        "SELECT i.on_hand FROM links l JOIN inventory i ON i.product_id = l.local_id"
        f" WHERE l.entity = 'product' AND l.woo_id = {product}"
    )


async def disagreements(puller: Puller) -> list[str]:
    job = audit.Audit(
        database=puller.database,
        client=puller.client,
        capabilities=puller.found,
        store_id=puller.store.id,
        warehouse_id=puller.store.warehouse_id,
    )
    return [says for one in await audit.audit(job) for says in one.examples]


async def test_stock_in_fractions_is_counted_exactly(puller: Puller) -> None:
    product, other = counted(puller), ids_of(puller, "order")[0]
    edit(puller, "product", product, stock_quantity=1.5)
    order = puller.running.shop.edit("order", other)
    assert order is not None
    order["line_items"][0] |= {
        "quantity": 0.5,
        "meta_data": [{"id": 1, "key": "_reduced_stock", "value": "0.5"}],
    }
    puller.running.shop.save("order", order)
    await puller()
    assert await puller.value("SELECT count(*) FROM quarantine") == 0
    assert await on_hand(puller, product) == Decimal("1.5")
    held = f"SELECT max(reduced_qty % 1) FROM order_line_effects WHERE order_id = {other}"
    assert await puller.value(held) == Decimal("0.5")
    edit(puller, "product", product, stock_quantity=0.125)
    await puller(sweep=False)
    assert await on_hand(puller, product) == Decimal("0.125")
    assert await disagreements(puller) == []
