"""Look at the levels that a store shows now, a hundred products a request."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus

from woosync.mapping import level
from woosync.postgres import stock_links
from woosync.woo import errors, lookup
from woosync.woo.client import StoreClient
from woosync.woo.wire import level as wire

MOST = 100


async def fetch(
    client: StoreClient, addresses: Iterable[stock_links.Address], *, variations_route: bool
) -> dict[int, level.Look]:
    """Fetch what the store shows of products, by local id; those it does not list are left out.

    Raises what StoreClient.fetch raises.
    """
    pages = await asyncio.gather(
        *(
            _fetch_page(client, route, part)
            for route, part in _requests(addresses, variations_route=variations_route)
        )
    )
    return {product_id: look for page in pages for product_id, look in page.items()}


def _requests(
    addresses: Iterable[stock_links.Address], *, variations_route: bool
) -> Iterator[tuple[str, Sequence[stock_links.Address]]]:
    """Return the lists to ask, each with at most a hundred products."""
    by_route: dict[str, list[stock_links.Address]] = {}
    for one in addresses:
        if one.parent_id is None:
            route = "products"
        elif variations_route:
            route = "variations"
        else:
            route = f"products/{one.parent_id}/variations"
        by_route.setdefault(route, []).append(one)
    for route, found in by_route.items():
        for start in range(0, len(found), MOST):
            yield route, found[start : start + MOST]


async def _fetch_page(
    client: StoreClient, route: str, part: Sequence[stock_links.Address]
) -> dict[int, level.Look]:
    by_woo = {one.woo_id: one.product_id for one in part}
    included = ",".join(map(str, by_woo))
    query = {"_fields": wire.FIELDS, "include": included, "orderby": "id", "status": "any"}
    try:
        page = await lookup.fetch_page(client, route, query, size=len(part))
    except errors.StoreRejected as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return {}  # a product whose variations were asked for is gone
    looks = {}
    for record in page.records:
        decoded = wire.decode(record.raw)
        look = level.look_of(decoded) if decoded else None
        if look is not None and record.id in by_woo:
            looks[by_woo[record.id]] = look
    return looks
