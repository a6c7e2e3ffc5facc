"""What was changed here reaches the store, as little as possible, and its echo costs nothing."""

from flows.pushing import Pusher
from woosync.domain import conflict_policy


async def test_an_edit_here_goes_up_as_the_one_field_that_changed(pusher: Pusher) -> None:
    local_id, woo_id = await pusher.linked("product", "kind = 'simple' AND sale_price IS NULL")
    await pusher.puller.run(
        f"UPDATE products SET regular_price = 155.5, name = 'Tea & cups' WHERE id = {local_id}"
    )
    report = await pusher()
    after = pusher.there("product", woo_id)
    assert report.counts["product"]["pushed"] == 1
    assert report.state == "completed"
    assert (after["regular_price"], after["name"]) == ("155.50", "Tea &amp; cups")
    patch = {"id": woo_id, "name": "Tea & cups", "regular_price": "155.50"}
    assert pusher.sent == [("POST", "products/batch", {"update": [patch]})]
    assert await pusher.waiting() == 0


async def test_the_echo_of_a_push_writes_nothing(pusher: Pusher) -> None:
    local_id, _ = await pusher.linked("product")
    customer_id, _ = await pusher.linked("customer", "role = 'customer'")
    await pusher.puller.run(f"UPDATE products SET name = 'New' WHERE id = {local_id}")
    await pusher.puller.run(f"UPDATE customers SET first_name = 'Eva' WHERE id = {customer_id}")
    await pusher()
    rows = "SELECT id, version FROM products UNION ALL SELECT id, version FROM customers"
    logged = "SELECT count(*) FROM woocommerce_sync_log WHERE entity <> 'run'"
    linked = "SELECT store_id, entity, woo_id, synced_at FROM links ORDER BY 1, 2, 3"
    state = [await pusher.puller.rows(query) for query in (rows, logged, linked)]
    report = await pusher.puller(scan_customers=True)
    assert [one["updated"] for one in report.counts.values()] == [0] * len(report.counts)
    assert [await pusher.puller.rows(query) for query in (rows, logged, linked)] == state
    sent = len(pusher.sent)
    assert (await pusher()).run_id == 0
    assert len(pusher.sent) == sent


async def test_what_the_store_changed_meanwhile_is_merged_and_not_overwritten(
    pusher: Pusher,
) -> None:
    local_id, woo_id = await pusher.linked("product", "kind = 'simple'")
    await pusher.puller.run(f"UPDATE products SET name = 'Ours' WHERE id = {local_id}")
    pusher.puller.running.shop.save(
        "product", pusher.there("product", woo_id) | {"short_description": "<p>Theirs</p>\n"}
    )
    await pusher()
    assert pusher.there("product", woo_id)["name"] == "Ours"
    assert pusher.there("product", woo_id)["short_description"] == "<p>Theirs</p>\n"
    found = f"SELECT name, short_description FROM products WHERE id = {local_id}"
    assert await pusher.puller.rows(found) == [("Ours", "<p>Theirs</p>\n")]


async def test_a_field_that_both_changed_waits_for_a_person_and_the_rest_goes(
    pusher: Pusher,
) -> None:
    await pusher.set_policy(conflict_policy.Policy.MANUAL)
    local_id, woo_id = await pusher.linked("product", "kind = 'simple'")
    await pusher.puller.run(
        f"UPDATE products SET name = 'Ours', description = '<p>Mine</p>' WHERE id = {local_id}"
    )
    pusher.puller.running.shop.save("product", pusher.there("product", woo_id) | {"name": "Theirs"})
    await pusher()
    there = pusher.there("product", woo_id)
    assert (there["name"], there["description"]) == ("Theirs", "<p>Mine</p>")
    open_ = "SELECT field, ours, theirs FROM conflicts WHERE state = 'open'"
    assert await pusher.puller.rows(open_) == [("name", "Ours", "Theirs")]
    await pusher(force=True, everything=True, entities=("products",))
    assert pusher.there("product", woo_id)["name"] == "Ours"
    assert await pusher.puller.rows(open_) == []
