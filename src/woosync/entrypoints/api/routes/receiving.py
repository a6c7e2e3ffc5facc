"""Where stores deliver to; `api.deliveries` answers their requests before they come here."""

import contextlib
from collections.abc import AsyncIterator
from typing import Annotated

import fastapi

from woosync import bootstrap
from woosync.entrypoints.api import problems, routing, schemas

router = routing.unguarded("/webhook", "webhooks")


class Accepted(schemas.Answer):
    """The delivery is on disk."""

    accepted: bool


@contextlib.asynccontextmanager
async def lifespan(app: fastapi.FastAPI) -> AsyncIterator[None]:
    """Let deliveries in while the app serves."""
    opened: bootstrap.Application = app.state.opened
    async with opened.receiving() as receiver:
        app.state.receiver = receiver
        yield


@router.post("/{event}")
async def deliver(
    event: Annotated[str, fastapi.Path(description="The topic, such as product.updated.")],
) -> Accepted:
    """Take a delivery of the store, signed with `X-WC-Webhook-Signature`; answers at once.

    The body is kept as it came and applied in the background. The ping of a new webhook (the form
    `webhook_id=7`, unsigned) is understood.
    """
    raise problems.not_found("webhook topic", event)
