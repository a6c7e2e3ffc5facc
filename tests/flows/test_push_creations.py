"""Records made here reach the store once, whatever happens to the answer."""

import json
from datetime import timedelta
from typing import Any

import pytest

from flows.pushing import Pusher

NEW = "INSERT INTO products (kind, name, sku, regular_price) VALUES ('simple', {}, {}, 9.5)"
ASKED = {"entities": ("products",)}


async def new_product(pusher: Pusher, sku: str | None, name: str = "Fresh") -> int:
    quoted = f"'{sku}'" if sku else "NULL"
    await pusher.puller.run(NEW.format(f"'{name}'", quoted))
    found = await pusher.puller.value("SELECT max(id) FROM products")
    assert isinstance(found, int)
    return found


async def named(pusher: Pusher, name: str) -> list[dict[str, Any]]:
    """Return the store's live products of a name."""
    answer = await pusher.puller.client.fetch("products", {"search": name, "per_page": 100})
    return [one for one in json.loads(answer.body) if one["name"] == name]


async def test_a_product_made_here_is_made_there_when_the_store_wants_it(pusher: Pusher) -> None:
    await new_product(pusher, "EARLY")
    assert (await pusher()).run_id == 0
    await pusher.setting(create=["products"])
    local_id = await new_product(pusher, "FRESH-1")
    report = await pusher()
    assert report.counts["product"]["created"] == 1
    (there,) = await named(pusher, "Fresh")
    assert (there["sku"], there["regular_price"]) == ("FRESH-1", "9.50")
    link = f"SELECT woo_id FROM links WHERE local_id = {local_id} AND entity = 'product'"
    assert await pusher.puller.value(link) == there["id"]
    assert await pusher.puller.value("SELECT count(*) FROM creations") == 0
    pulled = await pusher.puller()
    assert pulled.counts["product"]["created"] == pulled.counts["product"]["updated"] == 0
    assert (await pusher()).run_id == 0


@pytest.mark.parametrize("sku", ["LOST-1", None])
@pytest.mark.parametrize("kind", ["hang", "cut_json", "html"])
async def test_a_lost_answer_makes_no_second_product(
    pusher: Pusher, sku: str | None, kind: str
) -> None:
    local_id = await new_product(pusher, sku)
    faults = pusher.puller.running.front.faults
    options = {"seconds": 0.01} if kind == "hang" else {}
    faults.inject(kind, method="POST", path="*/products/batch", after_write=True, options=options)
    report = await pusher(local_ids=(local_id,), **ASKED)
    assert report.counts["product"]["created"] == 1
    await pusher.ready()
    await pusher()
    assert len(await named(pusher, "Fresh")) == 1
    assert await pusher.waiting() == 0


async def test_a_creation_that_arrives_late_is_found_and_not_repeated(pusher: Pusher) -> None:
    local_id = await new_product(pusher, None)
    faults = pusher.puller.running.front.faults
    faults.inject("late_write", method="POST", path="*/products/batch", options={"seconds": 0.3})
    hold = timedelta(minutes=2)
    report = await pusher(local_ids=(local_id,), hold=hold, **ASKED)
    assert report.counts["product"]["waiting"] == 1
    assert await named(pusher, "Fresh") == []
    await pusher.ready()
    again = await pusher(hold=hold, local_ids=(local_id,), **ASKED)
    assert again.counts["product"]["waiting"] == 1
    await faults.finish_late_writes()
    await pusher.ready()
    await pusher(local_ids=(local_id,), **ASKED)
    assert len(await named(pusher, "Fresh")) == 1
    assert await pusher.waiting() == 0


async def test_a_sku_that_the_trash_holds_becomes_a_conflict_with_a_remedy(pusher: Pusher) -> None:
    running = pusher.puller.running
    answer = await pusher.puller.client.send(
        "POST", "products", body={"name": "Old", "sku": "HELD", "regular_price": "1.00"}
    )
    old = int(answer.body.split(b'"id":')[1].split(b",")[0])
    await pusher.puller.client.send("DELETE", f"products/{old}")
    local_id = await new_product(pusher, "HELD")
    report = await pusher(local_ids=(local_id,), **ASKED)
    assert report.counts["product"]["refused"] == 1
    found = "SELECT field, ours, reason FROM conflicts WHERE state = 'open'"
    ((field, ours, reason),) = await pusher.puller.rows(found)
    assert (field, ours) == ("sku", "HELD")
    assert "trash" in str(reason)
    assert await pusher.waiting() == 0
    assert running.shop.read("product", old)


async def test_a_product_that_the_store_has_under_the_sku_is_linked_not_made(
    pusher: Pusher,
) -> None:
    await pusher.puller.client.send(
        "POST", "products", body={"name": "Fresh", "sku": "both", "regular_price": "9.50"}
    )
    local_id = await new_product(pusher, "BOTH")
    await pusher(local_ids=(local_id,), **ASKED)
    assert len(await named(pusher, "Fresh")) == 1
    link = f"SELECT count(*) FROM links WHERE local_id = {local_id} AND entity = 'product'"
    assert await pusher.puller.value(link) == 1


async def test_two_customers_of_one_address_make_one_account(pusher: Pusher) -> None:
    await pusher.setting(create=["customers"])
    for name in ("Ann", "Anna"):
        await pusher.puller.run(
            f"INSERT INTO customers (email, first_name, role, billing, shipping)"
            f" VALUES ('Ann@example.com', '{name}', 'customer', '{{}}', '{{}}')"
        )
    await pusher()
    await pusher.ready()
    await pusher()
    answer = await pusher.puller.client.fetch("customers", {"email": "ann@example.com"})
    assert answer.total == 1
    field = "SELECT field FROM conflicts WHERE state = 'open' AND entity = 'customer'"
    assert await pusher.puller.rows(field) == [("email",)]


async def test_an_account_that_may_still_arrive_is_not_asked_for_again(pusher: Pusher) -> None:
    await pusher.setting(create=["customers"])
    await pusher.puller.run(
        "INSERT INTO customers (email, first_name, role, billing, shipping)"
        " VALUES ('late@example.com', 'Late', 'customer', '{}', '{}')"
    )
    faults = pusher.puller.running.front.faults
    faults.inject("late_write", method="POST", path="*/customers/batch", options={"seconds": 0.3})
    hold = timedelta(minutes=2)
    await pusher(hold=hold)
    await pusher.ready()
    again = await pusher(hold=hold)
    assert again.counts["customer"]["waiting"] == 1
    assert [route for _, route, _ in pusher.sent] == ["customers/batch"]
    await faults.finish_late_writes()
    await pusher.ready()
    await pusher()
    answer = await pusher.puller.client.fetch("customers", {"email": "late@example.com"})
    assert answer.total == 1
    assert await pusher.waiting() == 0


async def test_a_variation_made_here_goes_under_its_product(pusher: Pusher) -> None:
    await pusher.setting(create=["products"])
    parent_id, woo_parent = await pusher.linked("product", "kind = 'variable'")
    await pusher.puller.run(
        "INSERT INTO products (kind, parent_id, sku, regular_price)"
        f" VALUES ('variation', {parent_id}, 'VAR-NEW', 3)"
    )
    report = await pusher()
    assert report.counts["variation"]["created"] == 1
    answer = await pusher.puller.client.fetch(
        f"products/{woo_parent}/variations", {"sku": "VAR-NEW"}
    )
    assert answer.total == 1


async def test_bad_values_are_not_sent_but_shown(pusher: Pusher) -> None:
    local_id, woo_id = await pusher.linked("product", "kind = 'simple' AND sale_price IS NULL")
    before = pusher.there("product", woo_id)["regular_price"]
    await pusher.puller.run(
        "UPDATE products SET regular_price = -1, status = 'nosuch', name = 'Good'"
        f" WHERE id = {local_id}"
    )
    await pusher()
    there = pusher.there("product", woo_id)
    assert (there["name"], there["regular_price"]) == ("Good", before)
    fields = "SELECT field FROM conflicts WHERE state = 'open' ORDER BY 1"
    assert await pusher.puller.rows(fields) == [("regular_price",), ("status",)]
