"""One page of a collection, for looking records up; scans and changes are `paging`'s."""

from collections.abc import Mapping

from woosync.woo import pages
from woosync.woo.client import StoreClient
from woosync.woo.pages import START, Page, ScanPosition


async def fetch_page(
    client: StoreClient, route: str, query: Mapping[str, str | int], *, size: int, offset: int = 0
) -> Page:
    """Fetch up to `size` entries from `offset`, in the order that the query asks for.

    Raises what StoreClient.fetch raises.
    """
    filters = {**pages.with_heads(query), "_skip_cache": 1}
    chunk = await pages.Collection(client, route, filters).fetch(offset, size)
    last = chunk.records[-1].id if chunk.records else 0
    return chunk.page(chunk.records, chunk.bad, ScanPosition(chunk.end, last))


async def fetch_slice(
    client: StoreClient,
    route: str,
    query: Mapping[str, str | int],
    *,
    size: int,
    start: ScanPosition = START,
) -> Page:
    """Fetch the next `size` entries in id order, for a look round that takes many calls.

    Deletions between two calls may hide some entries from this round; the next one shows them.
    """
    ordered = {**query, "orderby": "id", "order": "asc"}
    return await fetch_page(client, route, ordered, size=size, offset=start.offset)
