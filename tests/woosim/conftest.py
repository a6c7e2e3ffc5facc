"""A small running store and a client with its keys, for the tests of the simulator."""

import base64
from collections.abc import AsyncIterator

import aiohttp
import pytest

import woosim

SIZE = woosim.Options(products=40, variable=6, customers=12, orders=20)


@pytest.fixture
async def store() -> AsyncIterator[woosim.Running]:
    async with woosim.serve(woosim.Shop(SIZE), tls=True) as running:
        running.service.front.hooks.latency = 0.0
        yield running


@pytest.fixture
async def client(store: woosim.Running) -> AsyncIterator[aiohttp.ClientSession]:
    keys = base64.b64encode(f"{store.key}:{store.secret}".encode()).decode()
    async with aiohttp.ClientSession(
        store.url,
        connector=aiohttp.TCPConnector(ssl=False),
        headers={"Authorization": f"Basic {keys}"},
        timeout=aiohttp.ClientTimeout(total=10),
    ) as session:
        yield session
