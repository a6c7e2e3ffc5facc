"""Two stores share a product: what one changes reaches the other, and the echo ends there."""

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from flows.pulling import OpenShop, Puller
from flows.pushing import Pusher
from woosync.postgres import stores
from woosync.woo.client import StoreClient
from woosync.woo.options import StoreOptions

NOTE = {"entity": "product", "source": "metadata.note", "target": "purchase_note"}


@contextlib.asynccontextmanager
async def joined(pusher: Pusher, open_shop: OpenShop) -> AsyncIterator[tuple[Pusher, int, int]]:
    """Yield a second store, and the ids that a product has in the first and in the second."""
    second = await open_shop(products=120, variable=10, customers=4, orders=0, seed=7)
    first = pusher.puller
    async with first.database.transaction() as tx:
        store = await stores.save_new(tx, "second", {"url": second.url})
    options = StoreOptions(
        url=second.url, key=second.key, secret=second.secret, allow_private=True, backoff=0.01
    )
    async with StoreClient(options) as client:
        other = dataclasses.replace(first, running=second, client=client, store=store)
        assert isinstance(other, Puller)
        await other()
        pushing = Pusher(other)
        for one in (pusher, pushing):
            await one.ready()
            await one()
        (here, there), *_ = await first.rows(
            "SELECT a.woo_id, b.woo_id FROM links a JOIN links b ON a.local_id = b.local_id"
            " AND a.entity = b.entity AND a.store_id < b.store_id JOIN products p"
            " ON p.id = a.local_id WHERE a.entity = 'product' AND p.kind = 'simple' ORDER BY 1"
        )
        assert isinstance(here, int)
        assert isinstance(there, int)
        yield pushing, here, there


async def rest(pusher: Pusher, pushing: Pusher) -> None:
    """Sync both stores: nothing is left to be sent."""
    sent = (len(pusher.sent), len(pushing.sent))
    for _ in range(2):
        await pusher.puller()
        await pushing.puller()
        await pusher()
        await pushing()
    assert (len(pusher.sent), len(pushing.sent)) == sent


async def test_a_change_in_one_store_goes_to_the_other_and_no_further(
    pusher: Pusher, open_shop: OpenShop
) -> None:
    async with joined(pusher, open_shop) as (pushing, here, there):
        record = pusher.there("product", here) | {"name": f"Shared {datetime.now(UTC):%f}"}
        pusher.puller.running.shop.save("product", record)
        await pusher.puller()
        await pushing()
        assert pushing.there("product", there)["name"] == record["name"]
        await rest(pusher, pushing)


async def test_a_custom_field_of_one_store_goes_to_the_other_and_no_further(
    pusher: Pusher, open_shop: OpenShop
) -> None:
    async with joined(pusher, open_shop) as (pushing, here, there):
        first = pusher.puller
        async with first.database.transaction() as tx:
            for store in (first.store, pushing.puller.store):
                await stores.save(tx, store.id, {"settings": {"mapping": [NOTE]}})
        record = pusher.there("product", here) | {"purchase_note": "Wash cold"}
        first.running.shop.save("product", record)
        await first()
        await pushing()
        assert pushing.there("product", there)["purchase_note"] == "Wash cold"
        await rest(pusher, pushing)
