"""Categories and tags go up by name, made where the store has none; images go up by address."""

import json
from typing import Any

from flows.pushing import Pusher


async def set_lists(pusher: Pusher, local_id: int, **lists: list[dict[str, Any]]) -> None:
    await pusher.puller.run(
        f"UPDATE products SET details = details || '{json.dumps(lists)}' WHERE id = {local_id}"
    )


def term(name: str, slug: str = "") -> dict[str, str]:
    return {"name": name, "slug": slug}


async def test_terms_that_the_store_lacks_are_made_there_once(pusher: Pusher) -> None:
    first, woo_id = await pusher.linked("product", "kind = 'simple'")
    second, other = await pusher.linked("product", f"kind = 'simple' AND r.id > {first}")
    lists = {
        "categories": [term("Office", "office"), term("Green tea", "green-tea")],
        "tags": [term("New & fresh", "new-fresh")],
    }
    for local_id in (first, second):
        await set_lists(pusher, local_id, **lists)
    await pusher()
    made = pusher.puller.running.shop.terms
    assert [one["name"] for one in made.all("tags")] == ["New &amp; fresh"]
    assert sum(one["slug"] == "green-tea" for one in made.all("categories")) == 1
    for number in (woo_id, other):
        there = pusher.there("product", number)
        assert [one["slug"] for one in there["categories"]] == ["office", "green-tea"]
        assert [one["slug"] for one in there["tags"]] == ["new-fresh"]
    report = await pusher.puller()
    assert report.counts["product"]["updated"] == report.counts["product"]["conflicts"] == 0
    assert (await pusher()).run_id == 0
    assert await pusher.puller.rows("SELECT field FROM conflicts") == []


async def test_a_new_product_with_terms_is_made_of_its_kind(pusher: Pusher) -> None:
    await pusher.setting(create=["products"])
    office = json.dumps({"categories": [term("Office", "office")]})
    await pusher.puller.run(
        "INSERT INTO products (kind, name, sku, details) VALUES ('variable', 'Shirt', 'SHIRT',"
        f" '{office}')"
    )
    await pusher()
    woo_id = await pusher.puller.value(
        "SELECT woo_id FROM links JOIN products AS p ON p.id = local_id WHERE p.sku = 'SHIRT'"
    )
    assert isinstance(woo_id, int)
    there = pusher.there("product", woo_id)
    assert there["type"] == "variable"
    assert [one["slug"] for one in there["categories"]] == ["office"]


async def test_a_term_whose_name_is_taken_is_the_one_that_has_it(pusher: Pusher) -> None:
    known = pusher.puller.running.shop.terms.create("tags", {"name": "Sale"})
    local_id, woo_id = await pusher.linked("product", "kind = 'simple'")
    await set_lists(pusher, local_id, tags=[term("sale")])
    await pusher()
    assert [one["id"] for one in pusher.there("product", woo_id)["tags"]] == [known["id"]]


async def test_a_dry_run_makes_no_terms(pusher: Pusher) -> None:
    local_id, _ = await pusher.linked("product", "kind = 'simple'")
    await set_lists(pusher, local_id, tags=[term("Planned", "planned")])
    await pusher(dry_run=True)
    assert pusher.puller.running.shop.terms.all("tags") == []
    assert pusher.sent == []


async def test_images_go_up_by_address_once(pusher: Pusher) -> None:
    local_id, woo_id = await pusher.linked("product", "kind = 'simple'")
    image = {"src": "https://cdn.example/a/cup.jpg", "name": "Cup", "alt": "A cup & saucer"}
    await set_lists(pusher, local_id, images=[image])
    await pusher()
    (there,) = pusher.there("product", woo_id)["images"]
    assert there["src"].endswith("/wp-content/uploads/cup.jpg")
    assert (await pusher.puller()).counts["product"]["conflicts"] == 0
    await pusher.puller.run(f"UPDATE products SET name = 'Other' WHERE id = {local_id}")
    await pusher()
    await pusher()
    assert pusher.there("product", woo_id)["images"] == [there]
    assert await pusher.puller.rows("SELECT field FROM conflicts") == []
