"""Two stores share a product: what one changes reaches the other, and the echo ends there."""

import dataclasses
from datetime import UTC, datetime

from flows.pulling import OpenShop, Puller
from flows.pushing import Pusher
from woosync.postgres import stores
from woosync.woo.client import StoreClient
from woosync.woo.options import StoreOptions


async def test_a_change_in_one_store_goes_to_the_other_and_no_further(
    pusher: Pusher, open_shop: OpenShop
) -> None:
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
        shared = await first.rows(
            "SELECT a.woo_id, b.woo_id FROM links a JOIN links b ON a.local_id = b.local_id"
            " AND a.entity = b.entity AND a.store_id < b.store_id JOIN products p"
            " ON p.id = a.local_id WHERE a.entity = 'product' AND p.kind = 'simple' ORDER BY 1"
        )
        (here, there), *_ = shared
        assert isinstance(here, int)
        assert isinstance(there, int)
        record = pusher.there("product", here) | {"name": f"Shared {datetime.now(UTC):%f}"}
        first.running.shop.save("product", record)
        await first()
        await pushing()
        assert pushing.there("product", there)["name"] == record["name"]
        sent = (len(pusher.sent), len(pushing.sent))
        for _ in range(2):
            await first()
            await other()
            await pusher()
            await pushing()
        assert (len(pusher.sent), len(pushing.sent)) == sent
