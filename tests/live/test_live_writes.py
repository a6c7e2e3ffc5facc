"""What is made, edited and deleted in the store arrives; nothing of it stays there."""

import pytest

from live import made
from live import target as targets
from woosync.woo import errors, probe

SIMPLE, PARENT, CHILD = made.SKUS
GONE = "SELECT tombstone_reason FROM links WHERE entity = '{}' AND woo_id = {}"


async def product_here(live: targets.Live, entity: str, woo_id: int) -> list[tuple[object, ...]]:
    return await live.rows(
        "SELECT p.sku, p.name, p.regular_price::text, i.on_hand::text, p.deleted_at IS NULL"
        " FROM links l JOIN products p ON p.id = l.local_id"
        " LEFT JOIN inventory i ON i.product_id = p.id"
        f" WHERE l.entity = '{entity}' AND l.woo_id = {woo_id}"
    )


async def test_products_and_variations_follow_the_store(  # size-ok: one story, told in order
    live: targets.Live, maker: made.Maker
) -> None:
    common = {"status": "private", "catalog_visibility": "hidden"}
    counted = {"manage_stock": True, "stock_quantity": 5}
    simple = await maker.create(
        "products",
        {**common, **counted, "name": made.MARK, "sku": SIMPLE, "regular_price": "10.50"},
    )
    size = {"name": "Size", "options": ["S", "M"], "variation": True, "visible": True}
    parent = await maker.create(
        "products",
        {**common, "name": made.MARK, "sku": PARENT, "type": "variable", "attributes": [size]},
    )
    route = f"products/{parent['id']}/variations"
    option = {"attributes": [{"name": "Size", "option": "S"}]}
    child = await maker.create(route, {**counted, **option, "sku": CHILD, "regular_price": "12.50"})
    await live.pull(sweep=False)
    [(sku, name, price, on_hand, alive)] = await product_here(live, "product", simple["id"])
    assert (sku, name, price, on_hand, alive) == (SIMPLE, made.MARK, "10.5", "5", True)
    [(sku, _, price, on_hand, _)] = await product_here(live, "variation", child["id"])
    assert (sku, price, on_hand) == (CHILD, "12.5", "5")
    belongs = (
        "SELECT l.woo_id FROM products child JOIN links own ON own.local_id = child.id"
        f" AND own.entity = 'variation' AND own.woo_id = {child['id']}"
        " JOIN links l ON l.local_id = child.parent_id AND l.entity = 'product'"
    )
    assert await live.rows(belongs) == [(parent["id"],)]

    renamed = f"{made.MARK}, edited"
    await maker.edit(f"products/{simple['id']}", {"name": renamed, "stock_quantity": 3})
    await maker.edit(f"{route}/{child['id']}", {"regular_price": "13.75"})
    await live.pull(sweep=False)
    [(_, name, _, on_hand, _)] = await product_here(live, "product", simple["id"])
    assert (name, on_hand) == (renamed, "3")
    [(_, _, price, _, _)] = await product_here(live, "variation", child["id"])
    assert price == "13.75"

    await maker.remove()
    await live.pull(sweep=True)
    for woo_id in (simple["id"], parent["id"]):
        assert await live.rows(GONE.format("product", woo_id)) == [("deleted",)]
        assert (await product_here(live, "product", woo_id))[0][-1] is False
    assert await live.rows(GONE.format("variation", child["id"])) == [("deleted",)]


async def test_customers_orders_and_refunds_follow_the_store(  # size-ok: one story, told in order
    live: targets.Live, maker: made.Maker
) -> None:
    person = await maker.create(
        "customers", {"email": made.EMAIL, "first_name": "Live", "last_name": made.MARK}
    )
    goods = await maker.create(
        "products",
        {"status": "private", "name": made.MARK, "sku": SIMPLE, "regular_price": "20.00"},
    )
    order = await maker.create(
        "orders",
        {
            "status": "pending",
            "customer_id": person["id"],
            "billing": {"first_name": "Live", "last_name": made.MARK, "email": made.EMAIL},
            "line_items": [{"product_id": goods["id"], "quantity": 2}],
        },
    )
    await live.pull(sweep=False)
    sold = (
        "SELECT c.email, o.status, i.quantity::text, p.sku FROM links l"
        " JOIN purchase_orders o ON o.id = l.local_id JOIN customers c ON c.id = o.customer_id"
        " JOIN purchase_order_items i ON i.purchase_order_id = o.id"
        " JOIN products p ON p.id = i.product_id"
        f" WHERE l.entity = 'order' AND l.woo_id = {order['id']}"
    )
    assert await live.rows(sold) == [(made.EMAIL, "pending", "2", SIMPLE)]

    refund = await maker.create(
        f"orders/{order['id']}/refunds",
        {"amount": "1.00", "reason": made.MARK, "api_refund": False},
    )
    await maker.edit(f"customers/{person['id']}", {"first_name": "Renamed"})
    await maker.edit(f"orders/{order['id']}", {"customer_note": made.MARK})
    await live.pull(sweep=False)
    given_back = (
        "SELECT r.amount::text, r.reason FROM links l JOIN purchase_order_refunds r"
        f" ON r.id = l.local_id WHERE l.entity = 'refund' AND l.woo_id = {refund['id']}"
    )
    assert await live.rows(given_back) == [("1", made.MARK)]
    named = (
        "SELECT c.first_name FROM links l JOIN customers c ON c.id = l.local_id"
        f" WHERE l.entity = 'customer' AND l.woo_id = {person['id']}"
    )
    assert await live.rows(named) == [("Renamed",)]

    await maker.remove()
    await live.pull(sweep=True)
    for entity, record in (("order", order), ("customer", person), ("product", goods)):
        assert await live.rows(GONE.format(entity, record["id"])) == [("deleted",)], entity


async def test_a_key_without_the_right_to_write_is_told_so(
    target: targets.Target, pulled: targets.Pulled
) -> None:
    async with target.connect() as client:
        findings = (await probe.probe(client)).findings
        if all(f.state is probe.State.GOOD for f in findings if f.name.startswith("write")):
            pytest.skip("the key may write")
        async with made.maker(client) as making:
            with pytest.raises(errors.StoreAuthFailed) as caught:
                await making.create("products", {"name": made.MARK, "sku": SIMPLE})
        assert caught.value.remedy
