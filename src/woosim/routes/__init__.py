"""The routes of the simulated store, one module per noun; each has `routes` and is listed here."""

from woosim import rest
from woosim.routes import customers, orders, products, system, terms, variations, webhooks, writes

ALL: list[rest.Routes] = [
    products.routes,
    variations.routes,
    orders.routes,
    customers.routes,
    terms.routes,
    webhooks.routes,
    system.routes,
    *writes.ALL,
]
