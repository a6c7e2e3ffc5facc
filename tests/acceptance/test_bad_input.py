"""Every bad input gives one clear sentence with a remedy and an exit code, and loses nothing."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import woosim
from acceptance import commands
from acceptance.commands import Workplace
from conftest import OpenShop, Server

PULL = ("pull", "all", "--full")
KEY, SECRET = "ck_canary" + "0" * 34, "cs_canary" + "1" * 34


async def assert_nothing_lost(work: Workplace, shop: woosim.Running) -> None:
    """With the cause gone the same command brings everything."""
    work.connect(shop)
    pulled = (await work.run(*PULL, "--json")).good().document
    status = (await work.run("status", "--json")).good().document
    assert status["totals"]["products"] == 120
    assert pulled["state"] == "completed"


@pytest.mark.parametrize(
    ("url", "code", "says"),
    [
        ("http://127.0.0.1:1", 75, "http://127.0.0.1:1 cannot be reached"),
        ("http://no-such-store.invalid", 75, "The name of"),
        ("ftp://shop.example", 78, "cannot start with ftp://"),
        ("https://", 78, "no usable host name"),
    ],
)
async def test_a_wrong_address(work: Workplace, url: str, code: int, says: str) -> None:
    work.connect(FAR, WOOCOMMERCE_SITE_URL=url)
    await work.failing(*PULL, code=code, says=says)


class FAR:
    """The keys of a store that is nowhere."""

    url, key, secret = "http://127.0.0.1:1", KEY, SECRET


async def test_a_private_address_needs_permission(work: Workplace, shop: woosim.Running) -> None:
    work.connect(
        shop,
        WOOSYNC_ALLOW_PRIVATE_STORES="",
        WOOCOMMERCE_SITE_URL=shop.url.replace("http:", "https:"),
    )
    ended = await work.failing(*PULL, code=78, says="an address inside a private network")
    assert "WOOSYNC_ALLOW_PRIVATE_STORES=true" in ended.err
    await assert_nothing_lost(work, shop)


async def test_wrong_keys(work: Workplace, shop: woosim.Running) -> None:
    work.connect(shop, WOOCOMMERCE_CONSUMER_KEY=KEY)
    await work.failing(*PULL, code=77, says="The store refused the key")
    work.connect(shop, WOOCOMMERCE_CONSUMER_SECRET=SECRET)
    await work.failing(*PULL, code=77, says="the secret is wrong")
    failed = (await work.run("runs", "--json")).good().document["runs"]
    assert {run["state"] for run in failed} == {"failed"}
    await assert_nothing_lost(work, shop)


async def test_a_key_that_may_only_read_pulls_and_doctor_says_so(
    work: Workplace, shop: woosim.Running
) -> None:
    read = shop.read_key
    work.connect(shop, WOOCOMMERCE_CONSUMER_KEY=read.key, WOOCOMMERCE_CONSUMER_SECRET=read.secret)
    assert (await work.run(*PULL, "--json")).good().document["state"] == "completed"
    looked = await work.run("doctor", "--json")
    bad = [f for f in looked.document["findings"] if f["state"] != "good" and "writ" in f["name"]]
    assert bad
    assert bad[0]["remedy"]


async def test_a_key_that_may_only_write(work: Workplace, shop: woosim.Running) -> None:
    write = shop.write_key
    work.connect(shop, WOOCOMMERCE_CONSUMER_KEY=write.key, WOOCOMMERCE_CONSUMER_SECRET=write.secret)
    await work.failing(*PULL, code=77, says="The store")


async def test_web_pages_instead_of_data(work: Workplace, shop: woosim.Running) -> None:
    shop.service.front.faults.inject("html", count=None)
    work.connect(shop)
    await work.failing(*PULL, code=75, says="a web page instead of data")
    shop.service.front.faults.clear()
    await assert_nothing_lost(work, shop)


@pytest.mark.parametrize(
    ("kind", "options", "says"),
    [
        ("status", {"status": 503}, "503"),
        ("status", {"status": 500}, "failed with status 500"),
        ("empty", {}, "an empty body"),
        ("reset", {}, "broke the connection"),
    ],
)
async def test_a_store_that_is_down(
    work: Workplace, shop: woosim.Running, kind: str, options: dict[str, object], says: str
) -> None:
    work.connect(shop)
    (await work.run("pull", "products", "--full", "--json")).good()
    shop.service.front.faults.inject(kind, count=None, options=options)
    await work.failing(*PULL, code=75, says=says)
    shop.service.front.faults.clear()
    await assert_nothing_lost(work, shop)


async def test_http_and_https_at_the_port_of_the_other(
    work: Workplace, shop: woosim.Running, open_shop: OpenShop
) -> None:
    work.connect(shop, WOOCOMMERCE_SITE_URL=shop.url.replace("http:", "https:"))
    await work.failing(*PULL, code=75, says="speaks plain http at this port, not https")
    safe = await open_shop(tls=True, products=1, variable=0, customers=1, orders=0)
    work.connect(safe, WOOCOMMERCE_SITE_URL=safe.url.replace("https:", "http:"))
    ended = await work.failing(*PULL, code=75, says="broke the connection")
    assert "the port wants https://" in ended.err


async def test_no_store_at_all(work: Workplace) -> None:
    await work.failing(*PULL, code=78, says="No store is set up")
    await work.failing("pull", "--store", "other", code=64, says="no store with the key 'other'")
    looked = await work.run("doctor", "--json")
    assert looked.code == 78
    assert [f["state"] for f in looked.document["findings"]] == ["good", "good", "failed"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense\n", ".env.local, line 1, is not of the form NAME=value."),
        ("\nWOOSYNC_RETRIES=many\n", "WOOSYNC_RETRIES (.env.local, line 2) is not a whole number"),
        (f"WOOCOMMERCE_CONSUMER_KEY={KEY}\n", "but WOOCOMMERCE_CONSUMER_SECRET is not."),
        (
            f"WOOCOMMERCE_CONSUMER_KEY={SECRET}\nWOOCOMMERCE_CONSUMER_SECRET={KEY}\n",
            "are swapped.",
        ),
        (f'WOOCOMMERCE_CONSUMER_KEY="{KEY}\n', "quotation marks do not match."),
        (f"WOOCOMMERCE_CONSUMER_KEY={KEY} {SECRET}\n", "WOOCOMMERCE_CONSUMER_KEY"),
    ],
)
async def test_a_bad_settings_file(work: Workplace, text: str, says: str) -> None:
    work.write(text)
    work.secrets += [KEY, SECRET]
    for command in (PULL, ("status",)):
        await work.failing(*command, code=78, says=says)


async def test_settings_that_are_no_file(work: Workplace) -> None:
    (work.folder / ".env").mkdir()
    await work.failing("status", code=78, says=".env is a folder, not a file.")
    looked = await work.run("doctor", "--json")
    assert looked.code == 78
    assert looked.document["findings"][0]["name"] == "settings"


async def test_a_certificate_that_nobody_vouches_for(work: Workplace, open_shop: OpenShop) -> None:
    shop = await open_shop(tls=True, products=120, variable=5, customers=5, orders=5)
    work.connect(shop)
    await work.failing(*PULL, code=75, says="certificate")
    work.connect(shop, WOOCOMMERCE_CA_FILE="missing.pem")
    await work.failing(*PULL, code=78, says="cannot be read")
    work.connect(shop, WOOCOMMERCE_CA_FILE=str(shop.ca_file))
    assert (await work.run(*PULL, "--json")).good().document["state"] == "completed"


@pytest.mark.parametrize(
    ("url", "code", "says"),
    [
        ("postgresql://nobody:canary@127.0.0.1:1/name", 75, "The database cannot be reached"),
        ("mysql://nobody:canary@127.0.0.1/name", 78, "is no address of a PostgreSQL"),
    ],
)
async def test_a_database_that_is_down(work: Workplace, url: str, code: int, says: str) -> None:
    work.environment["DATABASE_URL"] = url
    work.secrets.append("canary")
    work.connect(FAR)
    await work.failing(*PULL, code=code, says=says)
    await work.failing("status", code=code, says=says)
    assert (await work.run("doctor", "--json")).code == code


async def test_a_database_that_is_not_there(work: Workplace, postgres: Server) -> None:
    work.environment["DATABASE_URL"] = postgres.address("missing").replace("+psycopg", "")
    await work.failing("status", code=69, says='"missing" does not exist')


async def test_a_data_folder_that_cannot_be(embedded_work: Workplace) -> None:
    (embedded_work.folder / "data").write_text("a file")
    await embedded_work.failing("status", code=69, says="The embedded database in")


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """Mount a disk of 96 MB; only root can, so elsewhere the test is skipped."""
    folder = Path(tempfile.mkdtemp(prefix="woosync-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=96m", "woosync", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, check=False, stderr=-3).returncode:  # noqa: S603 - our own folder
        folder.rmdir()
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)  # noqa: S603, S607 - our own folder
    folder.rmdir()


def fill(disk: Path, *, leave: int) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb") as file, contextlib.suppress(OSError):
        file.write(b"\0" * (shutil.disk_usage(disk).free - leave))
    return ballast


async def test_a_full_disk_stops_a_pull_and_a_free_one_finishes_it(
    small_disk: Path, open_shop: OpenShop
) -> None:
    shop = await open_shop(products=2000, variable=0, customers=5, orders=0)
    work = Workplace(small_disk, commands.clean_environment(WOOSYNC_DATA=str(small_disk / "data")))
    work.connect(shop)
    (await work.run("db", "upgrade")).good()
    ballast = fill(small_disk, leave=2_000_000)
    ended = await work.run("pull", "products", "--full")
    assert ended.code == 73, ended
    assert "woosync: The d" in ended.err
    assert len(ended.err.splitlines()) == 2
    ballast.unlink()
    assert (await work.run("pull", "products", "--json")).good().document["state"] == "completed"
    status = (await work.run("status", "--json")).good().document
    assert status["totals"]["products"] == 2000


async def test_a_disk_without_room_for_a_database(small_disk: Path) -> None:
    work = Workplace(small_disk, commands.clean_environment(WOOSYNC_DATA=str(small_disk / "data")))
    ballast = fill(small_disk, leave=1_000_000)
    await work.failing("status", code=69, says="The embedded database in")
    ballast.unlink()
    (await work.run("status")).good()


@pytest.mark.skipif(os.name != "posix", reason="/dev/full is a device of Unix")
async def test_an_export_that_finds_no_room(work: Workplace, small_disk: Path) -> None:
    fill(small_disk, leave=0)
    out = str(small_disk / "out.json")
    ended = await work.failing(
        "export", "customers", "--output", out, code=73, says="cannot be written"
    )
    assert "No space" in ended.err or "no space" in ended.err


async def test_unknown_commands_and_options_are_told(work: Workplace) -> None:
    for arguments in (("pul",), ("pull", "everything"), ("pull", "--fast"), ("export",)):
        ended = await work.run(*arguments)
        assert ended.code == 2
        assert "Usage" in ended.err
