"""The routes of the simulated store, one module per noun; each has `routes` and is listed here."""

from woosim import rest
from woosim.routes import products

ALL: list[rest.Routes] = [products.routes]
