"""`woosync audit` says where a store and the database do not agree, and in its exit code."""

import woosim
from acceptance.commands import Workplace
from database import rows
from woosync.postgres import engine


async def test_sides_that_agree_and_sides_that_do_not(
    work: Workplace, shop: woosim.Running, database: engine.Database
) -> None:
    work.connect(shop)
    (await work.run("pull", "all", "--full")).good()
    told = (await work.run("audit", "--json")).good().document
    assert (told["agreed"], told["store"]) == (True, "default")
    products = told["records"]["products"]
    assert (products["store"], products["here"], products["agreed"]) == (120, 120, True)
    assert "Both sides agree" in (await work.run("audit")).good().out
    async with database.transaction() as tx:
        await rows.run(
            tx,
            "UPDATE products SET name = 'mine' WHERE id ="
            " (SELECT min(id) FROM products WHERE kind <> 'variation')",
        )
    ended = await work.run("audit", "--json")
    assert ended.code == 3
    assert ended.document["agreed"] is False
    assert ended.document["records"]["products"]["different"] == 1
    assert "name" in ended.document["records"]["products"]["examples"][0]
    shown = await work.run("audit")
    assert (shown.code, shown.err) == (3, "")
    assert "The sides do not agree" in shown.out
    product = dict(shop.shop.read("product", 10) or {})
    shop.shop.save("product", product | {"regular_price": "abc"})
    ended = await work.run("audit", "--json")
    assert ended.code == 3
    assert "which is no amount" in " ".join(ended.document["records"]["products"]["examples"])


async def test_a_store_that_cannot_be_read_is_an_error_as_everywhere(
    work: Workplace, shop: woosim.Running
) -> None:
    work.connect(shop, WOOCOMMERCE_SITE_URL="http://127.0.0.1:1")
    await work.failing("audit", code=75, says="cannot be reached")
    await work.failing("audit", "--store", "other", code=64, says="no store with the key")


async def test_the_first_pull_is_a_full_one_in_the_list_of_runs(
    work: Workplace, shop: woosim.Running
) -> None:
    work.connect(shop)
    for _ in "12":
        (await work.run("pull", "customers")).good()
    found = (await work.run("runs", "--json")).good().document["runs"]
    assert [run["mode"] for run in found] == ["incremental", "full"]
    assert all(
        one["done"] <= one["total"]
        for run in found
        for one in run["progress"].values()
        if one["total"] is not None
    )
