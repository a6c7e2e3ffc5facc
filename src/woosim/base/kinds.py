"""All base records of one store, by kind, with their layout, looks and times."""

from typing import Any

from woosim import dates, listing, options, php_json
from woosim.base import (
    customers,
    layout,
    order_facts,
    order_schema,
    orders,
    product_schema,
    products,
    refunds,
    variations,
    webhooks,
)

_SCHEMAS = {
    "product": product_schema.schema,
    "variation": variations.schema,
    "customer": customers.schema,
    "order": order_schema.schema,
    "refund": refunds.schema,
    "webhook": webhooks.schema,
}


class Kinds:
    """The base records of every kind."""

    def __init__(self, chosen: options.Options, zone: dates.Zone) -> None:
        self.ids = layout.Layout(chosen)
        self.products = products.Products(chosen, self.ids, zone)
        self.variations = variations.Variations(chosen, self.ids, self.products)
        self.customers = customers.Customers(chosen, zone)
        facts = order_facts.OrderFacts(self.ids, self.products, self.variations, self.customers)
        self.orders = orders.Orders(chosen, zone, facts)
        self.refunds = refunds.Refunds(self.orders, zone)
        self.webhooks = webhooks.Webhooks()
        self.by_kind: dict[str, listing.Base] = {
            "product": self.products,
            "variation": self.variations,
            "customer": self.customers,
            "order": self.orders,
            "refund": self.refunds,
            "webhook": self.webhooks,
        }
        self.times: dict[str, dict[str, Any]] = {
            "product": {"date": self.products.created, "modified": self.products.modified},
            "variation": {"date": self.variations.created, "modified": self.variations.modified},
            "customer": {"date": self.customers.created},
            "order": {"date": self.orders.created, "modified": self.orders.modified},
            "refund": {"date": self.refunds.created},
            "webhook": {"date": self.webhooks.created},
        }
        self.next_ids = {"post": self.ids.next_post, "customer": self.customers.size + 1}
        self.customer_of_email = self.customers.id_of_email

    def schema(self, kind: str, home: str) -> dict[str, Any]:
        """Return what a record of a kind looks like, without `_links`."""
        return _SCHEMAS[kind](php_json.inner(home))

    def child_ids(self, parent_id: int) -> list[int]:
        """Return the ids of a base product's base variations."""
        index = self.ids.product_index(parent_id)
        if index is None or index < self.ids.simple:
            return []
        count = self.ids.children.count(index - self.ids.simple)
        return [parent_id + 1 + child for child in range(count)]

    def refund_ids(self, order_id: int) -> list[int]:
        """Return the ids of a base order's base refunds."""
        index = self.ids.order_index(order_id)
        return (
            []
            if index is None
            else [order_id + 1 + n for n in range(self.ids.refunds.count(index))]
        )
