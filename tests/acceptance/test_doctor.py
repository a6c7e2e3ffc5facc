"""The doctor is not green where a pull refuses; what it tries never replaces what works."""

import contextlib
from collections.abc import AsyncIterator

import psycopg
import pytest
import sqlalchemy
from aiohttp import web

import woosim
from acceptance.commands import Workplace
from conftest import OpenShop, Server

KEY, SECRET = "ck_canary" + "0" * 34, "cs_canary" + "1" * 34


async def findings(work: Workplace, *arguments: str) -> dict[str, dict[str, str]]:
    """Run the doctor; what it finds failed has a remedy and shows in the exit code."""
    looked = await work.run("doctor", "--json", *arguments)
    found = {finding["name"]: finding for finding in looked.document["findings"]}
    failed = [finding for finding in found.values() if finding["state"] == "failed"]
    assert bool(failed) == bool(looked.code), looked
    assert all(finding["remedy"] for finding in failed)
    return found


async def test_another_shop_behind_the_same_store_is_found(
    work: Workplace, open_shop: OpenShop
) -> None:
    first, second = [await open_shop(products=3, variable=0, customers=3, orders=0) for _ in "12"]
    work.connect(first)
    (await work.run("pull", "customers")).good()
    assert "shop" not in await findings(work)
    work.connect(second)
    shop = (await findings(work))["shop"]
    assert shop["state"] == "failed"
    assert "woosync stores moved default" in shop["remedy"]
    shown = (await work.run("stores", "show", "default", "--json")).good().document
    assert shown["url"] == first.url


@pytest.mark.parametrize("lacks", ["rows", "partitions", "changes"])
async def test_a_database_user_who_may_not_write_is_found(
    work: Workplace, shop: woosim.Running, postgres: Server, database_url: str, lacks: str
) -> None:
    work.connect(shop)
    (await work.run("pull", "customers")).good()
    url = sqlalchemy.make_url(database_url)
    grants = {
        "rows": "GRANT SELECT ON ALL TABLES IN SCHEMA public TO limited",
        "partitions": "GRANT ALL ON ALL TABLES IN SCHEMA public TO limited; "
        "GRANT ALL ON SCHEMA public TO limited",
        "changes": "ALTER ROLE limited SUPERUSER; "
        "ALTER ROLE limited SET default_transaction_read_only = on",
    }
    admin = postgres.address(url.database or "")
    try:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE limited LOGIN; {grants[lacks]}")
        limited = url.set(username="limited").render_as_string(hide_password=False)
        work.environment["DATABASE_URL"] = limited
        database = (await findings(work))["database"]
        assert database["state"] == "failed", database
        ended = await work.run("pull", "all", "--full")
        assert ended.code == 69, ended
        assert len(ended.err.splitlines()) == 2
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute("DROP OWNED BY limited; DROP ROLE limited")


@pytest.mark.parametrize(
    ("broken", "lacks", "command"),
    [
        ("products RENAME TO mine", "the table products.", ("status",)),
        ("products RENAME COLUMN sku TO mine", "the column products.sku.", ("export", "products")),
        ("procrastinate_jobs RENAME TO mine", "the table procrastinate_jobs.", ()),
    ],
)
async def test_a_table_that_somebody_took_out_is_found(
    work: Workplace, shop: woosim.Running, broken: str, lacks: str, command: tuple[str, ...]
) -> None:
    work.connect(shop)
    says = f"The database is incomplete: it lacks {lacks}"
    (await work.run("db", "upgrade")).good()
    with psycopg.connect(work.environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"ALTER TABLE {broken}")  # type: ignore[call-overload] # our own
    assert (await findings(work))["database"]["says"] == says
    ended = await work.failing("db", "upgrade", code=69, says=says)
    assert "from a backup" in ended.err
    if command:
        ended = await work.failing(*command, code=69, says="has not the tables of this version")
        assert "woosync doctor" in ended.err


@contextlib.asynccontextmanager
async def any_json(text: str) -> AsyncIterator[str]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("text", ["{}", "[]", "null", '{"status": "ok"}', '"x"', '[{"id": 1}]'])
async def test_a_server_that_answers_any_json_is_no_store(
    work: Workplace, shop: woosim.Running, text: str
) -> None:
    async with any_json(text) as url:
        work.connect(shop, WOOCOMMERCE_SITE_URL=url)
        found = await findings(work)
    assert "failed" in {finding["state"] for finding in found.values()}


async def test_keys_that_do_not_work_do_not_replace_those_that_do(
    work: Workplace, shop: woosim.Running
) -> None:
    work.connect(shop)
    (await work.run("pull", "customers")).good()
    wrong = {"WOOCOMMERCE_CONSUMER_KEY": KEY, "WOOCOMMERCE_CONSUMER_SECRET": SECRET}
    work.connect(shop, **wrong)
    assert (await findings(work))["key"]["state"] == "failed"
    await work.failing("pull", "customers", code=77, says="The store")
    work.connect(shop, WOOCOMMERCE_SITE_URL="http://127.0.0.1:1")
    await work.failing("pull", "customers", code=75, says="cannot be reached")
    without = f"WOOCOMMERCE_SITE_URL={shop.url}\nWOOSYNC_ALLOW_PRIVATE_STORES=true\n"
    work.write(without)
    (await work.run("pull", "customers")).good()
    assert (await findings(work))["key"]["state"] == "good"


async def test_kept_keys_are_not_sent_to_another_address(
    work: Workplace, open_shop: OpenShop
) -> None:
    first, second = [await open_shop(products=3, variable=0, customers=3, orders=0) for _ in "12"]
    work.connect(first)
    (await work.run("pull", "customers")).good()
    work.write(f"WOOCOMMERCE_SITE_URL={second.url}\nWOOSYNC_ALLOW_PRIVATE_STORES=true\n")
    await work.failing("pull", "customers", code=78, says="has no consumer key and secret")


async def test_new_keys_that_work_are_taken_over(work: Workplace, shop: woosim.Running) -> None:
    work.connect(shop)
    (await work.run("pull", "customers")).good()
    read = shop.read_key
    work.connect(shop, WOOCOMMERCE_CONSUMER_KEY=read.key, WOOCOMMERCE_CONSUMER_SECRET=read.secret)
    (await work.run("pull", "customers")).good()
    work.write(f"WOOCOMMERCE_SITE_URL={shop.url}\nWOOSYNC_ALLOW_PRIVATE_STORES=true\n")
    writing = (await findings(work))["write products"]
    assert writing["state"] == "warning"


async def test_keys_without_an_address_are_not_passed_over(
    work: Workplace, shop: woosim.Running
) -> None:
    work.connect(shop)
    (await work.run("pull", "customers")).good()
    work.write(f"WOOCOMMERCE_CONSUMER_KEY={KEY}\nWOOCOMMERCE_CONSUMER_SECRET={SECRET}\n")
    work.secrets += [KEY, SECRET]
    await work.failing(
        "pull", code=78, says="WOOCOMMERCE_CONSUMER_KEY is set (.env.local, line 1), but"
    )
