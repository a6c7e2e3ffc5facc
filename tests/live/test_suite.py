"""The live suite itself, run against simulated stores so that it cannot rot."""

import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

import woosim
from live import made
from woosim.admin import actions

ROOT = Path(__file__).parents[2]
OpenShop = Callable[..., Awaitable[woosim.Running]]


@pytest.fixture(autouse=True)
def _only_without_a_store() -> None:
    if os.environ.get("WOO_URL"):
        pytest.skip("the suite is running against a store already")


async def run(store: woosim.Running, *options: str, key: tuple[str, str] | None = None) -> str:
    """Run the suite in a process of its own; return what it printed, which must be a success."""
    chosen = key or (store.key, store.secret)
    environment = {
        **os.environ,
        "WOO_URL": store.url,
        "WOO_KEY": chosen[0],
        "WOO_SECRET": chosen[1],
        "WOO_CA": str(store.ca_file or ""),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "tests/live", "-n0", "-rs", "-p", "no:cacheprovider"),
        *options,
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed = (await process.communicate())[0].decode()
    assert process.returncode == 0, printed
    assert chosen[1] not in printed
    return printed


def everything(shop: woosim.Shop) -> dict[str, list[int]]:
    kinds = ("product", "variation", "customer", "order", "refund")
    return {k: [i for i in range(1, 2_000) if shop.read(k, i) is not None] for k in kinds}


async def test_the_suite_passes_and_leaves_the_store_as_it_was(open_shop: OpenShop) -> None:
    store = await open_shop(products=40, variable=5, customers=20, orders=30, tls=True)
    before = everything(store.shop)
    values = {"name": made.MARK, "sku": made.SKUS[0], "regular_price": "1.00"}
    actions.create(store.shop, "product", values)  # as a killed run leaves it
    printed = await run(store)
    assert everything(store.shop) == before
    passed = re.search(r"(\d+) passed", printed)
    assert passed
    assert int(passed[1]) > 100
    assert "deleted 1 records that an earlier run had left" in printed
    assert "poll without changes" in printed
    assert "SKIPPED" in printed


async def test_the_suite_says_what_an_old_store_and_a_reading_key_do_not_give(
    open_shop: OpenShop,
) -> None:
    store = await open_shop(
        products=20, variable=3, customers=5, orders=10, version="10.2", tls=True
    )
    before = everything(store.shop)
    key = (store.read_key.key, store.read_key.secret)
    printed = await run(store, "-k", "pull or writes or variation", key=key)
    assert everything(store.shop) == before
    assert "nothing was written" in printed
    assert "the store has no /wp-json/wc/v3/variations" in printed


async def test_a_store_that_is_too_large_is_left_alone(
    open_shop: OpenShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await open_shop(products=300, variable=3, customers=5, orders=10, tls=True)
    monkeypatch.setenv("WOO_MAX_SECONDS", "0.001")
    printed = await run(store, "-k", "test_live_pull")
    assert "more than WOO_MAX_SECONDS=0" in printed
    assert store.front.requests["GET", "/wc/v3/products"] < 10
