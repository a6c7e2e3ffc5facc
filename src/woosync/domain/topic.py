"""Webhook topics: what a delivery may be about, as the address it came to says."""

import re

import msgspec

_SHAPE = re.compile(r"[a-z][a-z_]{0,30}\.[a-z][a-z_0-9]{0,90}")
#: The kinds of record that deliveries tell of; variations come as products.
RESOURCES = frozenset({"product", "order", "customer"})
DELETED = "deleted"

#: What a store is asked to send. `product.published` adds nothing to `product.updated`.
WANTED = (
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "product.created",
    "product.updated",
    "product.deleted",
    "product.restored",
    "order.created",
    "order.updated",
    "order.deleted",
    "order.restored",
)


class Topic(msgspec.Struct, frozen=True):
    """A topic such as `product.updated`."""

    resource: str
    event: str

    @property
    def is_followed(self) -> bool:
        """Tell whether records of this kind are kept here."""
        return self.resource in RESOURCES

    def __str__(self) -> str:
        return f"{self.resource}.{self.event}"


def parse(text: str) -> Topic | None:
    """Read a topic; None for what cannot be one."""
    if not _SHAPE.fullmatch(text):
        return None
    resource, _, event = text.partition(".")
    return Topic(resource, event)
