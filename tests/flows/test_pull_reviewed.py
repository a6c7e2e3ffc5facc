"""What careful readers found: each was a defect once."""

from flows.pulling import Puller
from flows.test_pull_changes import edit, ids_of, name_here, rename_here
from woosync import errors


async def test_a_product_deleted_here_stays_deleted(puller: Puller) -> None:
    await puller()
    product = ids_of(puller, "product")[2]
    where = (
        f"FROM links l WHERE l.local_id = p.id AND l.entity = 'product' AND l.woo_id = {product}"
    )
    await puller.run(f"UPDATE products p SET deleted_at = now() {where}")
    edit(puller, "product", product, regular_price="9.99")
    await puller(sweep=False)
    state = f"SELECT p.deleted_at IS NOT NULL, p.regular_price::text FROM products p, links l WHERE l.local_id = p.id AND l.entity = 'product' AND l.woo_id = {product}"  # noqa: E501 - one statement
    assert await puller.rows(state) == [(True, "9.99")]


async def test_an_account_takes_over_what_its_guest_orders_told(puller: Puller) -> None:
    shop = puller.running.shop
    account = next(
        record
        for i in ids_of(puller, "customer")
        if (record := shop.read("customer", i)) and record["role"] == "customer"
    )
    email = str(account["email"]).lower()
    await puller.run(
        "INSERT INTO customers (email, first_name, role) VALUES"
        f" ('{email}', 'Told by an order', 'guest')"
    )
    report = await puller()
    assert report.counts["customer"]["conflicts"] == 0
    found = f"SELECT role, first_name FROM customers WHERE lower(email) = '{email}'"
    assert await puller.rows(found) == [("customer", account["first_name"])]


async def test_a_forced_pull_records_what_it_overwrites(puller: Puller) -> None:
    await puller()
    product = ids_of(puller, "product")[2]
    there = await name_here(puller, product)
    await rename_here(puller, product, "Named here")
    await puller(force=True)
    assert await name_here(puller, product) == there
    lost = f"SELECT field, ours, theirs, decision FROM conflicts WHERE woo_id = {product}"
    assert await puller.rows(lost) == [("name", "Named here", there, "theirs")]


async def test_an_older_page_does_not_overwrite_a_newer_one(puller: Puller) -> None:
    await puller()
    product = ids_of(puller, "product")[2]
    old = puller.running.shop.edit("product", product)
    assert old is not None
    edit(puller, "product", product, name="Newer")
    await puller(sweep=False)
    puller.running.shop.save("product", old, bump=False)
    await puller(full=True)
    assert await name_here(puller, product) == "Newer"


async def test_a_row_made_unreadable_here_sets_aside_one_record_only(puller: Puller) -> None:
    await puller()
    one, other = ids_of(puller, "customer")[1:3]
    await puller.run(
        "UPDATE customers c SET billing = '{\"city\": null}' FROM links l WHERE l.local_id = c.id"
        f" AND l.entity = 'customer' AND l.woo_id = {one}"
    )
    edit(puller, "customer", one, first_name="Bad row")
    edit(puller, "customer", other, first_name="Good row")
    report = await puller(full=True)
    assert report.state == "completed"
    assert report.counts["customer"]["quarantined"] == 1
    assert await puller.value("SELECT count(*) FROM customers WHERE first_name = 'Good row'") == 1


async def test_a_store_whose_clock_was_set_back_is_read_again(puller: Puller) -> None:
    front = puller.running.front
    front.clock.advance(3600)
    await puller()
    edit(puller, "product", ids_of(puller, "product")[1], name="Before the mend")
    await puller(sweep=False)
    front.clock.advance(-3600)
    product = ids_of(puller, "product")[2]
    edit(puller, "product", product, name="After the mend")
    report = await puller(sweep=False)
    assert await name_here(puller, product) == "After the mend"
    assert any("clock" in warning for warning in report.warnings)


async def test_a_kill_amid_new_customers_forgets_none(puller: Puller) -> None:
    await puller()
    shop = puller.running.shop
    model = shop.edit("customer", ids_of(puller, "customer")[0])
    assert model is not None
    for number in range(30):
        unique = {"email": f"new{number}@example.test", "username": f"new{number}"}
        shop.create("customer", model | {"date_created": "", "date_created_gmt": ""} | unique)
    puller.running.front.faults.inject("status", path="/wc/v3/customers", skip=1, count=9)
    try:
        await puller(sweep=False)
    except errors.TemporaryError:
        puller.running.front.faults.clear()
    await puller(sweep=False)
    found = "SELECT count(*) FROM customers WHERE email LIKE 'new%@example.test'"
    assert await puller.value(found) == 30


async def test_variations_belong_to_their_parents_without_naming_them(puller: Puller) -> None:
    await puller()
    named = (
        "SELECT count(*) FROM products WHERE kind = 'variation'"
        " AND jsonb_typeof(details->'parent') <> 'null'"
    )
    assert await puller.value(named) == 0
    assert await puller.value("SELECT count(*) FROM products WHERE parent_id IS NOT NULL") != 0


async def test_refunds_go_when_their_order_names_them_no_more_or_is_gone(puller: Puller) -> None:
    await puller()
    shop = puller.running.shop
    refunded = [i for i in ids_of(puller, "order") if (shop.read("order", i) or {})["refunds"]]
    first, second = refunded[:2]
    gone = [head["id"] for head in (shop.read("order", first) or {})["refunds"]]
    gone += [head["id"] for head in (shop.read("order", second) or {})["refunds"]]
    for refund in gone:
        shop.remove("refund", refund)
    edit(puller, "order", first, refunds=[])
    shop.remove("order", second)
    await puller(sweep=True)
    live = "SELECT woo_id FROM links WHERE entity = 'refund' AND tombstoned_at IS NULL"
    assert not {row[0] for row in await puller.rows(live)} & set(gone)


async def test_what_changed_last_in_a_quiet_shop_is_not_read_again_for_ever(puller: Puller) -> None:
    front = puller.running.front
    await puller()
    for product in ids_of(puller, "product"):
        edit(puller, "product", product, short_description="all at once")
    assert (await puller(sweep=False)).counts["product"]["updated"]
    for _ in range(2):  # the first pull after a while sees them once more
        front.clock.advance(1800)
        report = await puller(sweep=False)
    assert report.counts["product"]["seen"] == 0
    late = ids_of(puller, "product")[0]
    edit(puller, "product", late, name="changed after the rest")
    assert (await puller(sweep=False)).counts["product"]["updated"] == 1
    assert await name_here(puller, late) == "changed after the rest"
