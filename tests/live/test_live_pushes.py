"""What is changed here reaches the store and nothing else does; nothing of it stays there."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from live import made
from live import target as targets
from woosync.domain import conflict_policy
from woosync.flows import push, resolve, stock
from woosync.flows.push import prepare
from woosync.postgres import outbox
from woosync.woo import capabilities, errors

SIMPLE, OTHER, NEW = made.SKUS
MANUAL = conflict_policy.Rules(default=conflict_policy.Policy.MANUAL)


async def send(live: targets.Live, **options: object) -> push.Report:
    """Push records."""

    async def learn() -> capabilities.Capabilities:
        return live.found

    chosen: dict[str, Any] = {"hold": timedelta(0)} | options
    return await prepare.push(
        prepare.Job(
            database=live.database,
            store=live.store,
            client=live.client,
            learn=learn,
            options=push.Options(**chosen),
            policies=MANUAL,
            actor="live test",
            clock=lambda: datetime.now(UTC),
            on_plan=lambda _: None,
        )
    )


async def send_stock(live: targets.Live, product_id: int) -> stock.Report:
    """Push one level."""
    wanted = stock.Wanted(
        database=live.database,
        store=live.store,
        client=live.client,
        capabilities=live.found,
        policies=MANUAL,
        options=stock.Options(products=(product_id,), yes=True),
        actor="live test",
        clock=lambda: datetime.now(UTC),
    )
    return await stock.push(await stock.prepare(wanted))


async def here(live: targets.Live, entity: str, woo_id: int) -> int:
    rows = await live.rows(
        f"SELECT local_id FROM links WHERE entity = '{entity}' AND woo_id = {woo_id}"
    )
    found = rows[0][0]
    assert isinstance(found, int)
    return found


async def run(live: targets.Live, statement: str) -> None:
    async with live.database.transaction() as tx:
        await tx.execute(statement)  # type: ignore[call-overload] # the test's own


async def fetched(live: targets.Live, route: str) -> made.Record:
    answer = await live.client.fetch(route, {"_skip_cache": 1})
    found: made.Record = msgspec.json.decode(answer.body)
    return found


async def test_edits_go_up_as_they_are_and_come_back_in_silence(  # size-ok: one story
    live: targets.Live, maker: made.Maker
) -> None:
    goods = await maker.create(
        "products",
        {"status": "private", "name": made.MARK, "sku": SIMPLE, "regular_price": "10.50"},
    )
    person = await maker.create("customers", {"email": made.EMAIL, "first_name": "Live"})
    order = await maker.create(
        "orders",
        {
            "status": "pending",
            "customer_id": person["id"],
            "billing": {"email": made.EMAIL},
            "line_items": [{"product_id": goods["id"], "quantity": 1}],
        },
    )
    await live.pull(sweep=False)
    product_id = await here(live, "product", goods["id"])
    person_id = await here(live, "customer", person["id"])
    order_id = await here(live, "order", order["id"])
    name = f"{made.MARK}, a < b & c"
    await run(
        live, f"UPDATE products SET name = '{name}', regular_price = 11 WHERE id = {product_id}"
    )
    await run(
        live,
        f"""UPDATE customers SET billing = billing || '{{"city": "Köln"}}'
        WHERE id = {person_id}""",
    )
    await run(
        live,
        f"""UPDATE purchase_orders SET status = 'on-hold',
        metadata = metadata || '{{"notes": [{{"text": "{made.MARK}"}}]}}' WHERE id = {order_id}""",
    )
    report = await send(live)
    assert sum(one["pushed"] for one in report.counts.values()) == 3, report
    assert (await fetched(live, f"products/{goods['id']}"))["regular_price"] in {"11", "11.00"}
    assert (await fetched(live, f"customers/{person['id']}"))["billing"]["city"] == "Köln"
    told = await fetched(live, f"orders/{order['id']}")
    assert told["status"] == "on-hold"
    notes = await made.listed(live.client, f"orders/{order['id']}/notes")
    assert [one["note"] for one in notes].count(made.MARK) == 1
    rows = f"SELECT name FROM products WHERE id = {product_id}"
    assert await live.rows(rows) == [(name,)]
    logged = "SELECT count(*) FROM woocommerce_sync_log WHERE entity <> 'run' AND woo_id IN "
    ours = f"{logged} ({goods['id']}, {person['id']}, {order['id']})"
    before = await live.rows(ours)
    await live.pull(sweep=False)
    assert await live.rows(ours) == before
    assert (await send(live)).run_id == 0


async def test_stock_goes_up_by_difference_around_a_sale(
    live: targets.Live, maker: made.Maker
) -> None:
    goods = await maker.create(
        "products",
        {
            "status": "private",
            "name": made.MARK,
            "sku": SIMPLE,
            "regular_price": "1.00",
            "manage_stock": True,
            "stock_quantity": 10,
        },
    )
    await live.pull(sweep=False)
    product_id = await here(live, "product", goods["id"])
    person = await maker.create("customers", {"email": made.EMAIL})
    await maker.create(
        "orders",
        {
            "status": "processing",
            "customer_id": person["id"],
            "billing": {"email": made.EMAIL},
            "line_items": [{"product_id": goods["id"], "quantity": 2}],
        },
    )
    await run(
        live,
        "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref, at)"
        f" SELECT {product_id}, id, 5, 'receipt', 'live test', now() FROM warehouses"
        " WHERE is_default",
    )
    await send_stock(live, product_id)
    await live.pull(sweep=False)
    await send_stock(live, product_id)
    told = await fetched(live, f"products/{goods['id']}")
    assert told["stock_quantity"] == 13
    held = f"SELECT on_hand::int FROM inventory WHERE product_id = {product_id}"
    assert await live.rows(held) == [(13,)]


async def test_a_product_made_here_is_there_once_though_its_answer_was_lost(
    live: targets.Live, maker: made.Maker
) -> None:
    await run(
        live,
        "INSERT INTO products (kind, name, sku, status, regular_price) VALUES"
        f" ('simple', '{made.MARK}', '{NEW}', 'private', 4)",
    )
    [(local_id,)] = await live.rows(f"SELECT id FROM products WHERE sku = '{NEW}'")
    assert isinstance(local_id, int)
    send_ = live.client.send

    async def lost(method: str, route: str, **named: Any) -> Any:
        await send_(method, route, **named)
        raise errors.OutcomeUnknown("The answer was lost.")

    live.client.send = lost  # type: ignore[method-assign] # the line breaks once
    try:
        await send(live, local_ids=(local_id,), entities=("products",))
    finally:
        live.client.send = send_  # type: ignore[method-assign] # and is whole again
    async with live.database.transaction() as tx:
        await outbox.mark(tx, live.store.id, "product", [local_id])
    await send(live)
    (there,) = await made.listed(live.client, "products", sku=NEW)
    maker.routes.append(f"products/{there['id']}")
    assert await here(live, "product", there["id"]) == local_id


async def test_a_conflict_waits_for_a_person_and_the_decision_travels(
    live: targets.Live, maker: made.Maker
) -> None:
    goods = await maker.create(
        "products", {"status": "private", "name": made.MARK, "sku": OTHER, "regular_price": "2.00"}
    )
    await live.pull(sweep=False)
    product_id = await here(live, "product", goods["id"])
    await run(live, f"UPDATE products SET name = '{made.MARK} ours' WHERE id = {product_id}")
    await maker.edit(f"products/{goods['id']}", {"name": f"{made.MARK} theirs"})
    await send(live)
    [(conflict_id,)] = await live.rows(
        f"SELECT id FROM conflicts WHERE state = 'open' AND woo_id = {goods['id']}"
    )
    assert isinstance(conflict_id, int)
    decision = resolve.Decision(
        choice=resolve.Choice.VALUE, actor="live test", value=f"{made.MARK} both"
    )
    await resolve.resolve(live.database, conflict_id, decision, now=datetime.now(UTC))
    await send(live)
    assert (await fetched(live, f"products/{goods['id']}"))["name"] == f"{made.MARK} both"
