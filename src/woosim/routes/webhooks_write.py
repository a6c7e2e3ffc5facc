"""Writing webhooks: each is pinged inside the request that makes it or moves its address."""

import random
import string
from datetime import UTC
from typing import Any

from woosim import errors, rest
from woosim.hooks import pinging, topics
from woosim.routes import write_schemas, writing

routes = rest.Routes()
Record = dict[str, Any]
_SECRET_LENGTH = 50


class Webhooks:
    """The writes of webhooks."""

    async def create(self, call: rest.Call, values: writing.Values) -> Record:
        """Make a webhook, active at once, and ping it; a failed ping does not matter here."""
        topic, url = str(values.get("topic", "")), str(values.get("delivery_url", ""))
        hooks = _check(call, topic, url)
        now = call.shop.now().astimezone(UTC)
        resource, _, event = topic.partition(".")
        chance = random.Random(f"{call.shop.options.seed}:{call.shop.catalogs['webhook'].revision}")
        letters = string.ascii_letters + string.digits + string.punctuation
        record: Record = {
            "id": 0,
            "name": values.get("name") or f"Webhook created on {now:%b %d, %Y @ %I:%M %p}",
            "status": values.get("status") or "active",
            "topic": topic,
            "resource": resource,
            "event": event,
            "hooks": hooks,
            "delivery_url": url,
            **dict.fromkeys(("date_created", "date_created_gmt")),
            **dict.fromkeys(("date_modified", "date_modified_gmt")),
            "_secret": values.get("secret") or "".join(chance.choices(letters, k=_SECRET_LENGTH)),
            "_failure_count": 0,
            "_pending": True,
        }
        record = call.shop.create("webhook", record)
        record |= {"date_modified": None, "date_modified_gmt": None}
        call.shop.save("webhook", record, bump=False)
        await pinging.ping(record["id"])
        return call.views.dress("webhook", record)

    async def update(self, call: rest.Call, record_id: int, values: writing.Values) -> Record:
        """Change a webhook; it is pinged again if its address changed or no ping was answered yet.

        A new status does not touch the count of failures.
        """
        record = call.shop.edit("webhook", record_id)
        if record is None:
            raise _unknown(400)
        topic = str(values.get("topic") or record["topic"])
        url = str(values.get("delivery_url") or record["delivery_url"])
        record["hooks"] = _check(call, topic, url)
        record["resource"], _, record["event"] = topic.partition(".")
        moved = url != record["delivery_url"]
        record |= {"topic": topic, "delivery_url": url}
        record |= {name: values[name] for name in ("name", "status") if values.get(name)}
        if values.get("secret"):
            record["_secret"] = str(values["secret"])
        record["_pending"] = moved or record.get("_pending", False)
        call.shop.save("webhook", record)
        if record["_pending"]:
            await pinging.ping(record_id)
        return call.views.dress("webhook", record)

    async def delete(self, call: rest.Call, record_id: int, *, force: bool) -> Record:
        """Remove a webhook for good; there is no trash."""
        record = call.shop.read("webhook", record_id)
        if record is None:
            raise _unknown(404)
        if not force:
            message = "Webhooks do not support trashing."
            raise errors.RestError(501, "woocommerce_rest_trash_not_supported", message)
        shown = call.views.dress("webhook", record)
        call.shop.remove("webhook", record_id)
        return shown


def _unknown(status: int) -> errors.RestError:
    return errors.RestError(status, "woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.")


def _check(call: rest.Call, topic: str, url: str) -> list[str]:
    """Return the actions of a topic.

    Raises:
        RestError: 400 for a topic or an address that cannot be.
    """
    hooks = topics.hooks_of(topic, call.shop.options)
    if hooks is None:
        code = "woocommerce_rest_shop_webhook_invalid_topic"
        raise errors.RestError(400, code, "Webhook topic is required and must be valid.")
    if not url.startswith(("http://", "https://")):
        code = "woocommerce_rest_shop_webhook_invalid_delivery_url"
        message = "Webhook delivery URL must be a valid URL starting with http:// or https://."
        raise errors.RestError(400, code, message)
    return hooks


writing.add(
    routes,
    "/wc/v3/webhooks",
    Webhooks(),
    writing.Checks(write_schemas.NEW_WEBHOOK, write_schemas.WEBHOOK),
)
