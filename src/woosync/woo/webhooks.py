"""The webhooks of a store over its REST API: list, make, change, take away."""

from collections.abc import Mapping

import msgspec

from woosync.woo.client import StoreClient

_ROUTE = "webhooks"
_PAGE = 100
#: No shop has more pages of webhooks than this; a store that lists for ever is not followed.
_PAGES = 50


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as the store shows it; its secret is never shown.

    `status` is active, paused (by a person) or disabled (by WooCommerce, after 7 failures).
    """

    id: int
    name: str = ""
    status: str = ""
    topic: str = ""
    delivery_url: str = ""


_LIST = msgspec.json.Decoder(list[Webhook])
_ONE = msgspec.json.Decoder(Webhook)


async def fetch_webhooks(client: StoreClient) -> list[Webhook]:
    """Fetch all webhooks in id order. Raises what StoreClient.fetch raises."""
    found: list[Webhook] = []
    for number in range(1, _PAGES + 1):
        query: dict[str, str | int] = {
            "per_page": _PAGE,
            "page": number,
            "orderby": "id",
            "order": "asc",
        }
        _, page = await client.fetch_as(_LIST, _ROUTE, query)
        found += page
        if len(page) < _PAGE:
            break
    return found


async def send_new(client: StoreClient, values: Mapping[str, str]) -> Webhook:
    """Make a webhook; the store pings its address meanwhile. Raises what StoreClient.send raises.

    Always give a secret: without one the store makes one up and tells nobody.
    """
    return await client.send_as(_ONE, "POST", _ROUTE, body=dict(values))


async def send_changes(client: StoreClient, webhook_id: int, values: Mapping[str, str]) -> Webhook:
    """Change a webhook. Activating one that was disabled does not forget its failures."""
    return await client.send_as(_ONE, "PUT", f"{_ROUTE}/{webhook_id}", body=dict(values))


async def send_removal(client: StoreClient, webhook_id: int) -> None:
    """Take a webhook away for good; there is no trash."""
    await client.send("DELETE", f"{_ROUTE}/{webhook_id}", query={"force": "true"})
