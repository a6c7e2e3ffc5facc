"""All routes that write."""

from woosim import rest
from woosim.routes import customers_write, orders_write, products_write, webhooks_write

ALL: list[rest.Routes] = [
    products_write.routes,
    customers_write.routes,
    orders_write.routes,
    webhooks_write.routes,
]
