"""What is given of a store is looked at before it is saved, and the settings are not forgotten."""

import asyncio
from pathlib import Path

import psycopg
import pytest

import woosim
from acceptance.commands import Workplace
from unit.woo import certificates

KEY, SECRET = "ck_canary" + "0" * 34, "cs_canary" + "1" * 34
KEYS = ("--key", KEY, "--secret", SECRET)
URL = ("--url", "https://shop.example")


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--key", SECRET, "--secret", KEY), 64, "--key and --secret are swapped."),
        (("--key", "x", "--secret", "y"), 64, "--key does not begin with ck_."),
        (("--key", KEY, "--secret", KEY), 64, "--secret holds the consumer key."),
        (("--key", "", "--secret", ""), 64, "--key is empty."),
        (("--key", KEY, "--secret", " "), 64, "--secret is empty."),
        (("--key", KEY), 64, "--key and --secret belong together."),
        (("--webhook-secret", "a b"), 64, "--webhook-secret has blanks in it."),
        (("--ca-file", "/nope"), 78, "authority in /nope cannot be read"),
        (("--ca-file", "."), 78, "cannot be read"),
        (("--policy", "product.nope=newest"), 78, "'product.nope': there is no such field"),
        (("--policy", "order.lines.x=newest"), 78, "'order.lines.x': there is no such"),
        (("--policy", "product=local", "--policy", "product=newest"), 78, "is given twice"),
    ],
)
async def test_what_cannot_be_used_is_refused_and_not_saved(
    work: Workplace, options: tuple[str, ...], code: int, says: str
) -> None:
    work.secrets += [KEY, SECRET]
    await work.failing("stores", "add", "one", *URL, *options, code=code, says=says)
    assert (await work.run("stores", "list", "--json")).good().document == {"stores": []}
    (await work.run("stores", "add", "one", *URL, *KEYS)).good()
    before = (await work.run("stores", "show", "one", "--json")).good().document
    await work.failing("stores", "update", "one", *options, code=code, says=says)
    assert (await work.run("stores", "show", "one", "--json")).good().document == before


async def test_the_file_of_an_authority_can_be_taken_out_again(
    work: Workplace, tmp_path: Path
) -> None:
    file = str(certificates.authority(tmp_path).file)
    (await work.run("stores", "add", "one", *URL, "--ca-file", file)).good()
    for given, kept in (((), file), (("--ca-file", ""), "")):
        (await work.run("stores", "update", "one", "--policy", "default=newest", *given)).good()
        shown = (await work.run("stores", "show", "one", "--json")).good().document
        assert shown["ca_file"] == kept


async def test_an_update_of_nothing_is_a_usage_error(work: Workplace) -> None:
    (await work.run("stores", "add", "one", *URL)).good()
    await work.failing("stores", "update", "one", code=2, says="Nothing was given")


async def test_an_update_waits_for_another_and_keeps_what_that_one_wrote(work: Workplace) -> None:
    (await work.run("stores", "add", "one", *URL, *KEYS)).good()
    rules = '{"policies": {"default": "manual"}}'
    with psycopg.connect(work.environment["DATABASE_URL"]) as other:
        other.execute("UPDATE stores SET settings = %s", (rules,))
        updating = asyncio.create_task(
            work.run("stores", "update", "one", "--policy", "product.name=local")
        )
        for _ in range(100):
            await asyncio.sleep(0.1)
            waiting = other.execute("SELECT FROM pg_locks WHERE NOT granted").fetchone()
            if waiting is not None or updating.done():
                break
        assert not updating.done()
    (await updating).good()
    shown = (await work.run("stores", "show", "one", "--json")).good().document
    assert shown["settings"]["policies"] == {
        "default": "manual",
        "fields": {"product.name": "local"},
    }


async def test_an_update_that_the_settings_overrule_says_so(
    work: Workplace, shop: woosim.Running
) -> None:
    work.connect(shop)
    (await work.run("pull", "customers")).good()
    work.secrets += [KEY, SECRET]
    changed = (await work.run("stores", "update", "default", *URL, *KEYS)).good()
    said = " ".join(changed.out.split())
    assert "is changed." in said
    names = ("WOOCOMMERCE_SITE_URL", "WOOCOMMERCE_CONSUMER_KEY", "WOOCOMMERCE_CONSUMER_SECRET")
    assert f"say otherwise in {', '.join(names)}, and the next command follows them" in said
    told = (await work.run("stores", "update", "default", *URL, "--json")).good().document
    assert told["result"] == "changed"
    assert "WOOCOMMERCE_SITE_URL, and" in told["warnings"][0]
    same = ("--url", shop.url, "--policy", "default=newest", "--json")
    told = (await work.run("stores", "update", "default", *same)).good().document
    assert told["warnings"] == []


async def test_a_store_is_added_also_where_the_settings_name_an_address_that_cannot_be(
    work: Workplace,
) -> None:
    work.write("WOOCOMMERCE_SITE_URL=ftp://shop.example\n")
    told = (await work.run("stores", "add", "default", *URL, "--json")).good().document
    assert ["WOOCOMMERCE_SITE_URL" in one for one in told["warnings"]] == [True]


async def test_a_store_that_is_not_there_is_not_asked_about(work: Workplace) -> None:
    await work.failing("stores", "remove", "nope", code=64, says="no store with the key 'nope'")


async def test_names_that_are_too_long_are_told_and_cut(work: Workplace) -> None:
    await work.failing("stores", "add", "n" * 41, *URL, code=64, says="at most 40")
    ended = await work.failing("pull", "--store", "n" * 5000, code=64, says=f"'{'n' * 60}...'")
    assert "n" * 61 not in ended.err


async def test_the_keys_of_another_store_are_not_asked_for_in_the_settings(
    work: Workplace, tmp_path: Path
) -> None:
    (await work.run("stores", "add", "five", *URL)).good()
    ended = await work.failing("pull", "--store", "five", code=78, says="five has no consumer key")
    assert "woosync stores update five --key ck_... --secret cs_..." in ended.err
    assert "WOOCOMMERCE_" not in ended.err
    assert not (tmp_path / ".env.local").exists()
