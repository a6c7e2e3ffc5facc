"""Pulling in tests: a real store over HTTP and a real database."""

import contextlib
from collections.abc import AsyncIterator

import pytest

import woosim
from flows.pulling import OpenPuller, Puller
from flows.pushing import Pusher
from flows.stocking import Stocker
from woosync.postgres import engine, stores
from woosync.woo import capabilities
from woosync.woo.client import StoreClient
from woosync.woo.options import StoreOptions

#: No pause between two looks at a level: nothing in a simulated sale takes time.
QUICK = {"stock": {"pause": 0}}


@pytest.fixture
async def open_puller(database: engine.Database) -> AsyncIterator[OpenPuller]:
    async with contextlib.AsyncExitStack() as stack:

        async def start(running: woosim.Running) -> Puller:
            async with database.transaction() as tx:
                store = await stores.save_new(
                    tx, "default", {"url": running.url, "settings": QUICK}
                )
            client = await stack.enter_async_context(
                StoreClient(
                    StoreOptions(
                        url=running.url,
                        key=running.key,
                        secret=running.secret,
                        ca_file=running.ca_file,
                        allow_private=True,
                        backoff=0.01,
                    )
                )
            )
            found = await capabilities.fetch_capabilities(client)
            return Puller(database, running, client, store, found)

        yield start


@pytest.fixture
async def puller(shop: woosim.Running, open_puller: OpenPuller) -> Puller:
    return await open_puller(shop)


@pytest.fixture
async def pusher(puller: Puller) -> Pusher:
    await puller()
    return Pusher(puller)


@pytest.fixture
async def stocker(puller: Puller) -> Stocker:
    """Give a store that was pulled, to write stock to."""
    await puller()
    return Stocker(puller)
