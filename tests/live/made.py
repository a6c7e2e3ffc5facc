"""Records that the suite makes in a store, and how they go away again.

They bear fixed marks, so that a later run finds what a killed one has left; nothing without a
mark is ever touched. Products are private, orders stay pending and their address is reserved for
documentation, so that neither shoppers nor mailboxes see anything.
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from woosync.woo import errors
from woosync.woo.client import StoreClient

MARK = "woosync live test"
SKUS = ("WOOSYNC-LIVE-TEST-1", "WOOSYNC-LIVE-TEST-2", "WOOSYNC-LIVE-TEST-3")
EMAIL = "woosync-live-test@example.com"
Record = dict[str, Any]


@dataclass
class Maker:
    """Makes records and remembers their addresses, the last made first."""

    client: StoreClient
    routes: list[str] = field(default_factory=list)

    async def create(self, route: str, body: Record) -> Record:
        answer = await self.client.send("POST", route, body=body)
        made: Record = msgspec.json.decode(answer.body)
        self.routes.insert(0, f"{route}/{made['id']}")
        return made

    async def edit(self, route: str, body: Record) -> None:
        await self.client.send("PUT", route, body=body)

    async def remove(self) -> None:
        """Delete for good what was made here."""
        for route in self.routes:
            await remove(self.client, route)
        self.routes.clear()


async def remove(client: StoreClient, route: str) -> None:
    """Delete for good; what is gone already is fine."""
    with contextlib.suppress(errors.StoreRejected, errors.NotAStore):
        await client.send("DELETE", route, query={"force": "true"})


async def listed(client: StoreClient, route: str, **query: str | int) -> list[Record]:
    answer = await client.fetch(route, {"per_page": 100, **query})
    found: list[Record] = msgspec.json.decode(answer.body)
    return found


async def leftovers(client: StoreClient) -> list[str]:
    """Return the addresses of everything that bears the marks, in the order to delete it."""
    routes = []
    for person in await listed(client, "customers", email=EMAIL, role="all"):
        for status in ("any", "trash"):
            orders = await listed(client, "orders", customer=person["id"], status=status)
            routes += [f"orders/{o['id']}" for o in orders if o["billing"]["email"] == EMAIL]
        routes.append(f"customers/{person['id']}")
    products = await listed(client, "products", sku=",".join(SKUS))
    for status in ("any", "trash"):
        products += await listed(client, "products", search=MARK, status=status)
    for item in products:
        if item["sku"] not in SKUS and not item["name"].startswith(MARK):
            continue
        parent = item["parent_id"] if item["type"] == "variation" else 0
        folder = f"products/{parent}/variations" if parent else "products"
        routes.append(f"{folder}/{item['id']}")
    return list(dict.fromkeys(routes))


async def clean(client: StoreClient) -> int:
    """Delete what earlier runs have left; return how much that was."""
    found = await leftovers(client)
    for route in found:
        await remove(client, route)
    return len(found)


@contextlib.asynccontextmanager
async def maker(client: StoreClient) -> AsyncIterator[Maker]:
    """Give a maker whose records are gone at the end, also after a failure."""
    made = Maker(client)
    try:
        yield made
    finally:
        await made.remove()
        await clean(client)
