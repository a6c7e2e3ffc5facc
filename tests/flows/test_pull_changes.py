from dataclasses import replace

import woosim
from flows.pulling import OpenPuller, OpenShop, Puller
from woosync.domain import conflict_policy
from woosync.flows import audit
from woosync.postgres import engine, stores


def ids_of(puller: Puller, kind: str) -> list[int]:
    shop = puller.running.shop
    highest = shop.next_id(kind)
    return [i for i in range(1, highest) if shop.read(kind, i) is not None]


def edit(puller: Puller, kind: str, record_id: int, **changes: object) -> None:
    record = puller.running.shop.edit(kind, record_id)
    assert record is not None
    puller.running.shop.save(kind, record | changes)


async def test_an_edit_in_the_shop_arrives_with_the_next_pull(puller: Puller) -> None:
    await puller()
    product = ids_of(puller, "product")[3]
    edit(puller, "product", product, name="Ladder", regular_price="12.34")
    report = await puller(sweep=False)
    assert report.mode == "incremental"
    assert report.counts["product"]["updated"] == 1
    row = await puller.rows(
        "SELECT p.name, p.regular_price::text FROM products p JOIN links l ON l.local_id = p.id"
        f" WHERE l.entity = 'product' AND l.woo_id = {product}"
    )
    assert row == [("Ladder", "12.34")]


async def test_the_log_keeps_before_and_after(puller: Puller) -> None:
    await puller()
    product = ids_of(puller, "product")[3]
    old = puller.running.shop.read("product", product)
    assert old is not None
    edit(puller, "product", product, slug="a-new-slug")
    await puller(sweep=False)
    [(before, after)] = await puller.rows(
        "SELECT before, after FROM woocommerce_sync_log"
        f" WHERE event = 'updated' AND entity = 'product' AND woo_id = {product}"
    )
    assert before == {"slug": old["slug"]}
    assert after == {"slug": "a-new-slug"}


async def test_a_sale_in_the_shop_becomes_a_movement(puller: Puller) -> None:
    await puller()
    shop = puller.running.shop
    product = next(
        i for i in ids_of(puller, "product") if (shop.read("product", i) or {})["manage_stock"]
    )
    level = (shop.read("product", product) or {})["stock_quantity"]
    edit(puller, "product", product, stock_quantity=level - 2)
    await puller(sweep=False)
    [(on_hand, moved, kind)] = await puller.rows(
        "SELECT i.on_hand, m.qty, m.kind FROM links l JOIN inventory i ON i.product_id = l.local_id"
        " JOIN inventory_movements m ON m.product_id = l.local_id AND m.kind <> 'opening_balance'"
        f" WHERE l.entity = 'product' AND l.woo_id = {product}"
    )
    assert (on_hand, moved, kind) == (level - 2, -2, "store_change")


async def test_stock_received_here_survives_a_change_in_the_shop(puller: Puller) -> None:
    await puller()
    shop = puller.running.shop
    product = next(
        i for i in ids_of(puller, "product") if (shop.read("product", i) or {})["manage_stock"]
    )
    level = (shop.read("product", product) or {})["stock_quantity"]
    await puller.run(
        "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref)"
        " SELECT l.local_id, s.warehouse_id, 7, 'receipt', 'delivery note 1'"
        f" FROM links l, stores s WHERE l.entity = 'product' AND l.woo_id = {product}"
    )
    edit(puller, "product", product, stock_quantity=level - 1)
    await puller(sweep=False)
    on_hand = await puller.value(
        "SELECT i.on_hand FROM links l JOIN inventory i ON i.product_id = l.local_id"
        f" WHERE l.entity = 'product' AND l.woo_id = {product}"
    )
    assert on_hand == level - 1 + 7


async def rename_here(puller: Puller, product: int, name: str) -> None:
    await puller.run(
        f"UPDATE products p SET name = '{name}' FROM links l WHERE l.local_id = p.id"
        f" AND l.entity = 'product' AND l.woo_id = {product}"
    )


async def name_here(puller: Puller, product: int) -> object:
    return await puller.value(
        "SELECT p.name FROM products p JOIN links l ON l.local_id = p.id"
        f" WHERE l.entity = 'product' AND l.woo_id = {product}"
    )


async def test_edits_of_different_fields_on_both_sides_are_both_kept(puller: Puller) -> None:
    await puller()
    product = ids_of(puller, "product")[5]
    await rename_here(puller, product, "Named here")
    edit(puller, "product", product, regular_price="77.00")
    report = await puller(sweep=False)
    assert report.counts["product"]["conflicts"] == 0
    assert await name_here(puller, product) == "Named here"
    price = f"SELECT p.regular_price::text FROM products p JOIN links l ON l.local_id = p.id WHERE l.entity = 'product' AND l.woo_id = {product}"  # noqa: E501 - one statement
    assert await puller.value(price) == "77"


async def test_each_policy_decides_a_conflict_and_nothing_is_lost(puller: Puller) -> None:
    await puller()
    policies = {
        conflict_policy.Policy.WOOCOMMERCE: "Named there",
        conflict_policy.Policy.LOCAL: "Named here",
        conflict_policy.Policy.NEWEST: "Named there",
        conflict_policy.Policy.MANUAL: "Named here",
    }
    products = ids_of(puller, "product")
    for (policy, expected), product in zip(policies.items(), products[4:], strict=False):
        await puller.set_policy(policy)
        await rename_here(puller, product, "Named here")
        edit(puller, "product", product, name="Named there")
        report = await puller(sweep=False)
        assert report.counts["product"]["conflicts"] == 1, policy
        assert await name_here(puller, product) == expected, policy
        [(ours, theirs, state, reason)] = await puller.rows(
            f"SELECT ours, theirs, state, reason FROM conflicts WHERE woo_id = {product}"
        )
        assert (ours, theirs) == ("Named here", "Named there")
        assert state == ("open" if policy is conflict_policy.Policy.MANUAL else "decided")
        assert reason


async def test_a_forced_pull_takes_the_stores_side(puller: Puller) -> None:
    await puller()
    product = ids_of(puller, "product")[6]
    await rename_here(puller, product, "Named here")
    there = (puller.running.shop.read("product", product) or {})["name"]
    await puller(force=True)
    assert await name_here(puller, product) != "Named here"
    assert there


async def test_a_dry_run_shows_the_difference_and_changes_nothing(puller: Puller) -> None:
    await puller()
    product = ids_of(puller, "product")[6]
    before = await puller.rows("SELECT name, version FROM products ORDER BY id")
    runs = await puller.value("SELECT count(*) FROM sync_runs")
    edit(puller, "product", product, name="Named there")
    puller.plans.clear()
    await puller(dry_run=True, sweep=False)
    [step] = [one for one in puller.plans if one["entity"] == "product"]
    assert step["id"] == product
    assert step["fields"]["name"]["becomes"] == "Named there"  # type: ignore[index] # a mapping
    assert await puller.rows("SELECT name, version FROM products ORDER BY id") == before
    assert await puller.value("SELECT count(*) FROM sync_runs") == runs
    report = await puller(sweep=False)
    assert report.counts["product"]["updated"] == 1


async def test_a_dry_run_works_where_nothing_can_be_written(puller: Puller) -> None:
    await puller()
    shop = puller.running.shop
    products = ids_of(puller, "product")
    counted = next(i for i in products if (shop.read("product", i) or {})["manage_stock"])
    level = (shop.read("product", counted) or {})["stock_quantity"]
    edit(puller, "product", counted, stock_quantity=level - 2)
    shop.remove("product", products[-1])
    shop.remove("order", ids_of(puller, "order")[0])
    edit(puller, "customer", ids_of(puller, "customer")[2], first_name="Renamed")
    edit(puller, "order", ids_of(puller, "order")[2], customer_note="Ring twice")
    edit(puller, "product", products[2], name="nul \x00 inside")
    read_only = "&options=-c%20default_transaction_read_only%3Don"
    looking = replace(puller, database=engine.Database(puller.database.url + read_only))
    for options in ({"full": True}, {"sweep": True, "scan_customers": True}, {"force": True}):
        looking.plans.clear()
        await looking(dry_run=True, **options)
        actions = {(one["entity"], one["action"]) for one in looking.plans}
        wanted = {("customer", "updated"), ("order", "updated"), ("product", "deleted")}
        assert wanted <= actions, options
        stock = {"stock": {"here": str(level), "becomes": str(level - 2)}}
        found = {
            (one["entity"], one["id"]): one["fields"] for one in looking.plans if "fields" in one
        }
        assert found["product", counted] == stock
    await looking.database.close()


async def test_a_deleted_product_becomes_a_tombstone_and_a_restored_one_lives_again(
    puller: Puller,
) -> None:
    await puller()
    product = ids_of(puller, "product")[7]
    kept = puller.running.shop.edit("product", product)
    assert kept is not None
    puller.running.shop.remove("product", product)
    report = await puller(sweep=True)
    assert report.counts["product"]["deleted"] == 1
    state = (
        "SELECT l.tombstone_reason, p.deleted_at IS NOT NULL FROM links l"
        " JOIN products p ON p.id = l.local_id"
        f" WHERE l.entity = 'product' AND l.woo_id = {product}"
    )
    assert await puller.rows(state) == [("deleted", True)]
    puller.running.shop.load("product", kept)
    puller.running.shop.save("product", kept)
    report = await puller(sweep=False)
    assert report.counts["product"]["restored"] == 1
    assert await puller.rows(state) == [("", False)]


async def test_a_mass_deletion_is_held_until_it_is_allowed(puller: Puller) -> None:
    await puller()
    for product in ids_of(puller, "product")[:60]:
        puller.running.shop.remove("product", product)
    report = await puller(sweep=True)
    assert report.state == "partial"
    assert "60 of 120" in report.warnings[0]
    assert report.counts["product"]["deleted"] == 0
    report = await puller(sweep=True, allow_deletes=True)
    assert report.counts["product"]["deleted"] == 60


async def test_a_changed_customer_is_found_by_the_rolling_look(puller: Puller) -> None:
    await puller()
    customer = ids_of(puller, "customer")[-1]
    edit(puller, "customer", customer, first_name="Renamed")
    for _ in range(4):
        await puller(sweep=False)
    found = "SELECT count(*) FROM customers WHERE first_name = 'Renamed'"
    assert await puller.value(found) == 1


async def test_a_new_customer_and_order_arrive_incrementally(puller: Puller) -> None:
    await puller()
    shop = puller.running.shop
    model = shop.edit("customer", ids_of(puller, "customer")[0])
    order = shop.edit("order", ids_of(puller, "order")[0])
    assert model is not None
    assert order is not None
    dates = {"date_created": "", "date_created_gmt": ""}
    new = shop.create("customer", model | dates | {"email": "new@example.test", "username": "new1"})
    order_dates = dates | {"customer_id": new["id"], "number": "77777", "refunds": []}
    shop.create("order", order | order_dates)
    report = await puller(sweep=False)
    assert report.counts["customer"]["created"] == 1
    assert report.counts["order"]["created"] == 1
    owner = (
        "SELECT c.email FROM purchase_orders o JOIN customers c ON c.id = o.customer_id"
        " WHERE o.number = '77777'"
    )
    assert await puller.value(owner) == "new@example.test"


async def test_variations_of_an_old_store_follow_their_changed_parent(
    open_shop: OpenShop, open_puller: OpenPuller
) -> None:
    running = await open_shop(products=30, variable=4, customers=3, orders=3, version="10.2")
    puller = await open_puller(running)
    await puller()
    variation = next(i for i in range(1, 10**6) if running.shop.read("variation", i) is not None)
    edit(puller, "variation", variation, regular_price="3.21")
    parent = (running.shop.read("variation", variation) or {})["parent_id"]
    edit(puller, "product", parent)
    report = await puller(sweep=False)
    assert report.counts["variation"]["updated"] == 1


async def test_variations_of_kinds_that_plugins_make_are_pulled_from_old_stores(
    open_shop: OpenShop, open_puller: OpenPuller
) -> None:
    running = await open_shop(products=30, variable=4, customers=3, orders=3, version="10.2")
    puller = await open_puller(running)
    shop = running.shop
    variation = next(i for i in range(1, 10**6) if shop.read("variation", i) is not None)
    parent = (shop.read("variation", variation) or {})["parent_id"]
    edit(puller, "product", parent, type="variable-subscription")
    await puller()
    kind = f"SELECT count(*) FROM links WHERE entity = 'variation' AND woo_parent_id = {parent}"
    assert await puller.value(kind) == len((shop.read("product", parent) or {})["variations"])
    agreed = await audit.audit(
        audit.Audit(
            database=puller.database,
            client=puller.client,
            capabilities=puller.found,
            store_id=puller.store.id,
            warehouse_id=puller.store.warehouse_id,
        ),
        ["products"],
    )
    assert [one.examples for one in agreed] == [[], []]


async def test_a_bad_record_is_quarantined_and_the_others_go_on(puller: Puller) -> None:
    shop = puller.running.shop
    bad, other = ids_of(puller, "product")[8:10]
    record = shop.edit("product", bad)
    assert record is not None
    shop.save("product", record | {"name": "nul \x00 inside"})
    report = await puller()
    assert report.counts["product"]["quarantined"] == 1
    assert report.counts["product"]["created"] == 119
    [(name, reason)] = await puller.rows("SELECT record, reason FROM quarantine")
    assert name == str(bad)
    assert reason
    edit(puller, "product", bad, name="mended")
    edit(puller, "product", other, name="other")
    await puller(sweep=False)
    assert await puller.rows("SELECT record FROM quarantine") == []


async def test_products_that_were_here_before_are_recognised_by_sku(
    shop: woosim.Running, open_puller: OpenPuller
) -> None:
    puller = await open_puller(shop)
    product = next(
        i for i in ids_of(puller, "product") if (shop.shop.read("product", i) or {})["sku"]
    )
    sku = (shop.shop.read("product", product) or {})["sku"]
    await puller.run(f"INSERT INTO products (name, sku) VALUES ('ours', '{str(sku).lower()}')")
    await puller()
    assert (
        await puller.value(f"SELECT count(*) FROM products WHERE lower(sku) = lower('{sku}')") == 1
    )


async def test_a_store_that_was_removed_and_added_again_is_known_again(puller: Puller) -> None:
    await puller()
    before = await puller.value("SELECT count(*) FROM purchase_orders")
    async with puller.database.transaction() as tx:
        await stores.save(tx, puller.store.id, {"state": "removed"})
        again = await stores.save_new(tx, "default", {"url": puller.store.url})
    assert again.id == puller.store.id
    report = await puller(full=True)
    assert report.counts["order"]["created"] == 0
    assert await puller.value("SELECT count(*) FROM purchase_orders") == before
