"""One shop is one store: known twice, its goods and orders would count twice."""

import woosim
from acceptance.commands import Workplace
from woosync.postgres import engine


async def test_a_shop_is_not_added_twice_under_its_address(
    work: Workplace, shop: woosim.Running
) -> None:
    work.environment["WOOSYNC_ALLOW_PRIVATE_STORES"] = "true"
    work.secrets += [shop.key, shop.secret]
    keys = ("--key", shop.key, "--secret", shop.secret)
    (await work.run("stores", "add", "one", "--url", shop.url, *keys)).good()
    await work.failing(
        *("stores", "add", "two", "--url", shop.url, *keys), code=78, says="is the store 'one'"
    )
    work.connect(shop)  # as the store "default" of the settings
    await work.failing("pull", "customers", code=78, says="is the store 'one'")
    (await work.run("stores", "remove", "one", "--yes")).good()
    (await work.run("stores", "add", "two", "--url", shop.url, *keys)).good()


async def test_a_shop_that_is_known_under_another_address_is_not_pulled_again(
    work: Workplace, shop: woosim.Running, database: engine.Database
) -> None:
    work.environment["WOOSYNC_ALLOW_PRIVATE_STORES"] = "true"
    work.secrets += [shop.key, shop.secret]
    keys = ("--key", shop.key, "--secret", shop.secret)
    (await work.run("stores", "add", "one", "--url", shop.url, *keys)).good()
    (await work.run("pull", "customers", "--store", "one")).good()
    async with database.transaction() as tx:
        await tx.execute("UPDATE stores SET url = 'https://www.shop.example'")
    (await work.run("stores", "add", "two", "--url", shop.url, *keys)).good()
    for command in (("pull", "customers", "--dry-run"), ("pull", "customers"), ("push",)):
        await work.failing(*command, "--store", "two", code=78, says="the one that the store one")
    (await work.run("stores", "remove", "one", "--yes")).good()
    await work.failing("pull", "--store", "two", code=78, says="the one that the store one")
    (await work.run("stores", "remove", "two", "--yes")).good()
    back = ("add", "one", "--url", "https://www.shop.example")
    (await work.run("stores", *back, *keys)).good()
    (await work.run("stores", "update", "one", "--url", shop.url)).good()
    pulled = (await work.run("pull", "customers", "--store", "one", "--json")).good().document
    assert pulled["counts"]["customers"]["created"] == 0
