"""One shop is one store: known twice, its goods and orders would count twice."""

import woosim
from acceptance.commands import Workplace
from woosync.postgres import engine


async def added_as_one(work: Workplace, shop: woosim.Running) -> tuple[str, ...]:
    """Add the shop as the store "one", and return the options that give its keys."""
    work.environment["WOOSYNC_ALLOW_PRIVATE_STORES"] = "true"
    work.secrets += [shop.key, shop.secret]
    keys = ("--key", shop.key, "--secret", shop.secret)
    (await work.run("stores", "add", "one", "--url", shop.url, *keys)).good()
    return keys


async def pulled_as_one(work: Workplace, shop: woosim.Running) -> tuple[str, ...]:
    """Add the shop as the store "one" and pull from it; return as `added_as_one`."""
    keys = await added_as_one(work, shop)
    (await work.run("pull", "customers", "--store", "one")).good()
    return keys


async def test_a_shop_is_not_added_twice_under_its_address(
    work: Workplace, shop: woosim.Running
) -> None:
    keys = await added_as_one(work, shop)
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
    keys = await pulled_as_one(work, shop)
    async with database.transaction() as tx:
        await tx.execute("UPDATE stores SET url = 'https://www.shop.example'")
    (await work.run("stores", "add", "two", "--url", shop.url, *keys)).good()
    for command in (("pull", "customers", "--dry-run"), ("pull", "customers"), ("push",)):
        await work.failing(*command, "--store", "two", code=78, says="the one that the store one")
    (await work.run("stores", "remove", "one", "--yes")).good()
    await work.failing("pull", "--store", "two", code=78, says="the removed store one")
    (await work.run("stores", "remove", "two", "--yes")).good()
    back = ("add", "one", "--url", "https://www.shop.example")
    (await work.run("stores", *back, *keys)).good()
    (await work.run("stores", "update", "one", "--url", shop.url)).good()
    pulled = (await work.run("pull", "customers", "--store", "one", "--json")).good().document
    assert pulled["counts"]["customers"]["created"] == 0


async def test_what_a_remedy_says_leads_out_in_the_end(
    work: Workplace, shop: woosim.Running, database: engine.Database
) -> None:
    """Removed, added, and removed again: the records are those of the first."""
    keys = await pulled_as_one(work, shop)
    async with database.transaction() as tx:
        await tx.execute("UPDATE stores SET url = 'https://old.example'")
    (await work.run("stores", "remove", "one", "--yes")).good()
    (await work.run("stores", "add", "one", "--url", shop.url, *keys)).good()
    for _ in range(2):
        await work.failing("pull", "--store", "one", code=78, says="the removed store one")
        (await work.run("stores", "remove", "one", "--yes")).good()
        (await work.run("stores", "add", "one", "--url", shop.url, *keys)).good()
    (await work.run("stores", "remove", "one", "--yes")).good()
    (await work.run("stores", "add", "one", "--url", "https://old.example", *keys)).good()
    (await work.run("stores", "update", "one", "--url", shop.url)).good()
    (await work.run("pull", "customers", "--store", "one")).good()
    (await work.run("stores", "remove", "one", "--yes")).good()
    (await work.run("stores", "add", "one", "--url", shop.url, *keys)).good()
    pulled = (await work.run("pull", "customers", "--store", "one", "--json")).good().document
    assert pulled["counts"]["customers"]["created"] == 0


async def test_two_stores_of_one_shop_that_were_made_before_are_told_and_can_be_parted(
    work: Workplace, shop: woosim.Running, database: engine.Database
) -> None:
    keys = await pulled_as_one(work, shop)
    (await work.run("stores", "add", "two", "--url", "https://two.example", *keys)).good()
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE stores SET url = %s, fingerprint = one.fingerprint FROM"
            " (SELECT fingerprint FROM stores WHERE key = 'one') AS one WHERE key = 'two'",
            (shop.url,),
        )
        await tx.execute("UPDATE stores SET capabilities = '{}'")
    await work.failing("pull", "--store", "one", code=78, says="the one that the store two")
    assert (await work.run("doctor", "--store", "one")).code != 0
    (await work.run("stores", "remove", "two", "--yes")).good()
    (await work.run("pull", "customers", "--store", "one")).good()
