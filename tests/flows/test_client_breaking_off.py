"""Exchanges that the client breaks off: answers without end, and callers who give up."""

import asyncio
import contextlib

import pytest
from aiohttp import web

from unit.woo import small_store
from unit.woo.small_store import SmallStore
from woosync.woo import errors


async def test_a_body_without_length_and_end_is_stopped_at_the_limit() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(b" " * 50_000)
        return response

    store = SmallStore([])
    store.answer = answer
    async with (
        small_store.serve(store),
        small_store.connect(store.url, body_limit=1_000_000, retries=0) as client,
    ):
        with pytest.raises(errors.StoreAnsweredTooMuch):
            await client.fetch("products")


async def test_who_gives_up_waiting_leaves_a_client_that_goes_on() -> None:
    begun = asyncio.Event()

    def delay() -> float:
        if len(store.queries) == 2:
            begun.set()
        return 30.0 if len(store.queries) <= 2 else 0.0

    store = SmallStore([], delay=delay)
    async with small_store.serve(store), small_store.connect(store.url, retries=0) as client:
        waiting = [asyncio.create_task(client.fetch("products")) for _ in range(2)]
        await begun.wait()
        for one in waiting:
            one.cancel()
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(one) for one in ended] == [asyncio.CancelledError] * 2
        assert (await client.fetch("products")).body == b"[]"
