"""The names of the fields that both sides agree on, as conflicts and policies have them."""

import functools

import msgspec
from msgspec import structs

from woosync.domain.customer import Customer
from woosync.domain.ids import Entity
from woosync.domain.order import Order, Refund
from woosync.domain.product import Product

RECORDS: dict[Entity, type[msgspec.Struct]] = {
    Entity.CUSTOMER: Customer,
    Entity.PRODUCT: Product,
    Entity.VARIATION: Product,
    Entity.ORDER: Order,
    Entity.REFUND: Refund,
}


@functools.cache
def of_entity(entity: Entity) -> frozenset[str]:
    """Return the dotted names of a kind's fields, and those of what they are parts of."""
    return frozenset(_names(RECORDS[entity], ""))


def _names(record: type[msgspec.Struct], prefix: str) -> list[str]:
    found = []
    for field in structs.fields(record):
        found.append(prefix + field.name)
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            found += _names(field.type, f"{prefix}{field.name}.")
    return found
