"""What a pull does to the ledger: fractions, and products that go and come back."""

from decimal import Decimal

from flows.pulling import Puller
from flows.test_pull_changes import edit, ids_of
from woosync.flows import audit
from woosync.postgres import exports, sql


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


async def ledger(puller: Puller, woo_id: int) -> list[tuple[object, ...]]:
    """Return what is known of a product: local id, whether it is deleted, and what is on hand."""
    return await puller.rows(
        "SELECT p.id, p.deleted_at IS NOT NULL, i.on_hand::int FROM links l"
        " JOIN products p ON p.id = l.local_id JOIN inventory i ON i.product_id = p.id"
        f" WHERE l.entity = 'product' AND l.woo_id = {woo_id}"
    )


async def exported(puller: Puller) -> set[object]:
    store = {"store": puller.store.id, "linked": False}
    async with puller.database.transaction() as tx:
        return {row[0] for row in await sql.rows(tx, exports.EXPORTS["inventory"].sql, store)}


async def test_a_deleted_product_keeps_its_ledger_and_cannot_be_sold(puller: Puller) -> None:
    await puller()
    product = counted(puller)
    [(local_id, _, units)] = await ledger(puller, product)
    kept = puller.running.shop.edit("product", product)
    assert kept is not None
    puller.running.shop.remove("product", product)
    await puller(sweep=True)
    assert await ledger(puller, product) == [(local_id, True, units)]
    assert local_id not in await exported(puller)
    puller.running.shop.load("product", kept)
    puller.running.shop.save("product", kept | {"stock_quantity": int(str(units)) + 3})
    await puller(sweep=False)
    assert await ledger(puller, product) == [(local_id, False, int(str(units)) + 3)]
    assert local_id in await exported(puller)
    openings = f"SELECT count(*) FROM inventory_movements WHERE product_id = {local_id} AND kind = 'opening_balance'"  # noqa: E501 - one statement
    assert await puller.value(openings) == 1


async def test_a_product_made_again_with_its_sku_goes_on_with_its_ledger(puller: Puller) -> None:
    await puller()
    product = counted(puller)
    [(local_id, _, units)] = await ledger(puller, product)
    model = puller.running.shop.edit("product", product)
    assert model is not None
    puller.running.shop.remove("product", product)
    await puller(sweep=True)
    dates = {"date_created": "", "date_created_gmt": ""}
    again = puller.running.shop.create("product", model | dates | {"name": "Made again"})
    planned = await puller(sweep=False, dry_run=True)
    assert planned.counts["product"]["restored"] == 1
    report = await puller(sweep=False)
    assert (report.counts["product"]["restored"], report.counts["product"]["created"]) == (1, 0)
    assert await ledger(puller, again["id"]) == [(local_id, False, units)]
    assert await ledger(puller, product) == []
    name = f"SELECT name FROM products WHERE id = {local_id}"
    assert await puller.value(name) == "Made again"
    assert await puller.value("SELECT count(*) FROM conflicts") == 0
    assert await disagreements(puller) == []
