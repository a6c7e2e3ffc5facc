"""The API as its callers see it: served over loopback, on a database and a store of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import woosim
from acceptance.api import calling
from conftest import OpenShop
from woosync.entrypoints.api import dependencies, limits, signing


@pytest.fixture
def serving() -> dependencies.Serving:
    """Serve with limits that tests do not reach; a test of limits overrides this."""
    plenty = limits.Rate(1e6, 1e6)
    roomy = limits.Limits(limits.Buckets(plenty), limits.Buckets(plenty))
    return dependencies.Serving(signing.Signer(calling.SECRET), roomy)


@pytest.fixture
async def api(
    database_url: str, shop: woosim.Running, tmp_path: Path, serving: dependencies.Serving
) -> AsyncIterator[calling.Api]:
    async with calling.serve(database_url, shop, tmp_path, serving) as served:
        yield served


@pytest.fixture
async def shop(open_shop: OpenShop) -> woosim.Running:
    return await open_shop(products=40, variable=4, customers=15, orders=20, seed=7)
