"""Several stores, their keys encrypted at rest, and the store of the settings."""

import base64
import secrets
import subprocess
import sys

import pytest

import woosim
from acceptance.commands import Workplace, clean_environment
from conftest import OpenShop
from woosync.postgres import engine, sql


async def columns(database: engine.Database) -> list[dict[str, object]]:
    async with database.transaction() as tx:
        return await sql.mappings(tx, "SELECT * FROM stores ORDER BY id")


async def test_stores_are_added_paused_changed_and_removed(
    work: Workplace, shop: woosim.Running, database: engine.Database
) -> None:
    work.environment["WOOSYNC_ALLOW_PRIVATE_STORES"] = "true"
    work.secrets += [shop.key, shop.secret]
    keys = ("--key", shop.key, "--secret", shop.secret)
    (await work.run("stores", "add", "shop-de", "--url", shop.url, *keys)).good()
    await work.failing(
        *("stores", "add", "shop-de", "--url", shop.url, *keys), code=64, says="exists already"
    )
    await work.failing(
        *("stores", "add", "Shop DE", "--url", shop.url, *keys), code=64, says="small letters"
    )
    pulled = (await work.run("pull", "customers", "--store", "shop-de", "--json")).good().document
    assert pulled["store"] == "shop-de"
    (await work.run("stores", "pause", "shop-de")).good()
    await work.failing("pull", "--store", "shop-de", code=64, says="shop-de is paused")
    (await work.run("stores", "resume", "shop-de", "--json")).good()
    policy = ("--policy", "default=manual", "--policy", "product.name=local")
    (await work.run("stores", "update", "shop-de", *policy)).good()
    await work.failing(
        "stores", "update", "shop-de", "--policy", "default=mine", code=78, says="policies are woo"
    )
    await work.failing(
        "stores", "update", "shop-de", "--policy", "thing=local", code=78, says="thing is no kind"
    )
    shown = (await work.run("stores", "show", "shop-de", "--json")).good().document
    assert shown["settings"] == {
        "policies": {"default": "manual", "fields": {"product.name": "local"}}
    }
    assert (shown["has_keys"], shown["state"]) == (True, "active")
    assert "shop-de" in (await work.run("stores", "list")).good().out
    (await work.run("stores", "remove", "shop-de", "--yes")).good()
    assert (await work.run("stores", "list", "--json")).good().document == {"stores": []}
    (row,) = await columns(database)
    assert [row["consumer_key"], row["consumer_secret"], row["webhook_secret"]] == [None] * 3


async def test_removing_the_store_of_the_settings_says_that_it_comes_back(
    work: Workplace, shop: woosim.Running
) -> None:
    work.connect(shop)
    (await work.run("pull", "customers")).good()
    assert "adds it again" in (await work.run("stores", "remove", "default", "--yes")).good().out


async def test_no_key_lies_in_the_database_as_it_is(
    work: Workplace, shop: woosim.Running, database: engine.Database
) -> None:
    work.connect(shop)
    (await work.run("pull", "customers")).good()
    (row,) = await columns(database)
    text = repr(row)
    assert row["consumer_key"]
    assert not any(secret in text for secret in work.secrets)


async def test_the_master_key_can_be_changed_while_the_old_one_still_reads(
    work: Workplace, shop: woosim.Running
) -> None:
    old, new = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
    work.environment |= {"WOOSYNC_ALLOW_PRIVATE_STORES": "true", "WOOSYNC_SECRET_KEY": old}
    work.secrets += [old, new]
    keys = ("--key", shop.key, "--secret", shop.secret)
    (await work.run("stores", "add", "other", "--url", shop.url, *keys)).good()
    work.environment["WOOSYNC_SECRET_KEY"] = f"{new},{old}"
    (await work.run("pull", "customers", "--store", "other")).good()
    work.environment["WOOSYNC_SECRET_KEY"] = new
    await work.failing("pull", "--store", "other", code=78, says="encrypted with a key that is not")
    (await work.run("stores", "update", "other", *keys)).good()
    (await work.run("pull", "customers", "--store", "other")).good()


async def test_the_default_store_follows_the_settings_but_not_to_another_shop(
    work: Workplace, open_shop: OpenShop
) -> None:
    first, second = [await open_shop(products=3, variable=0, customers=3, orders=0) for _ in "12"]
    work.connect(first)
    (await work.run("pull", "customers")).good()
    work.connect(second)
    await work.failing("pull", "customers", "--full", code=78, says="not the shop that the store")
    (await work.run("stores", "moved", "default")).good()
    (await work.run("pull", "customers")).good()


async def test_doctor_finds_a_good_store_good(work: Workplace, shop: woosim.Running) -> None:
    work.connect(shop)
    looked = (await work.run("doctor", "--json")).good().document
    assert {"settings", "database"} < {finding["name"] for finding in looked["findings"]}
    assert not [finding for finding in looked["findings"] if finding["state"] == "failed"]
    assert all(f["remedy"] for f in looked["findings"] if f["state"] != "good")
    assert "good" in (await work.run("doctor")).good().out


def test_help_and_version_are_quick_and_need_no_database() -> None:
    program = (
        "import sys; from woosync.entrypoints import cli\n"
        "try: cli.main()\n"
        "except SystemExit as ended: code = ended.code or 0\n"
        "heavy = {'sqlalchemy', 'aiohttp', 'psycopg', 'alembic'} & set(sys.modules)\n"
        "print(heavy, file=sys.stderr); sys.exit(code or bool(heavy))"
    )
    for argument in ("--help", "--version", "version"):
        ended = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", program, argument],
            env=clean_environment(DATABASE_URL="postgresql://nowhere.invalid/x"),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        assert "woosync" in ended.stdout or argument == "version"


@pytest.mark.parametrize(
    "command",
    [
        "init",
        "doctor",
        "pull",
        "status",
        "runs",
        "history",
        "conflicts",
        "quarantine",
        "export",
        "stores",
        "db",
        "demo",
    ],
)
async def test_every_command_explains_itself(work: Workplace, command: str) -> None:
    told = (await work.run(command, "--help")).good().out
    assert f"Usage: woosync {command}" in told


async def test_keys_are_encrypted_anew_so_that_the_old_key_can_go(
    work: Workplace, shop: woosim.Running, database: engine.Database
) -> None:
    old, new = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
    work.secrets += [old, new]
    work.connect(shop, WOOSYNC_SECRET_KEY=old)
    (await work.run("pull", "customers")).good()
    work.connect(shop, WOOSYNC_SECRET_KEY=f"{new},{old}")
    assert (await work.run("db", "rekey", "--json")).good().document == {"renewed": 3}
    assert (await work.run("db", "rekey", "--json")).good().document == {"renewed": 0}
    work.connect(shop, WOOSYNC_SECRET_KEY=new)
    before = await columns(database)
    (await work.run("pull", "customers")).good()
    assert [row["consumer_key"] for row in await columns(database)] == [before[0]["consumer_key"]]
    work.connect(shop, WOOSYNC_SECRET_KEY=old)
    await work.failing("db", "rekey", code=78, says="encrypted with a key that is not here")
