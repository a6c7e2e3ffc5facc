"""The smallest body that makes a store's record into ours; push plans with it. Pure."""

import functools
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from msgspec import structs

from woosync import errors
from woosync.domain import merge, money
from woosync.domain.customer import Customer
from woosync.domain.ids import Entity
from woosync.domain.order import Order
from woosync.domain.product import Product
from woosync.mapping import customer, order, product, store_ids, variation

R = TypeVar("R", bound=merge.Record)
#: What a creation needs not say: the store begins with it.
_BLANK: Collection[object] = ("", None, [], {}, False)


def value_at(record: object, name: str) -> Any:
    """Return a field by its dotted name."""
    return functools.reduce(getattr, name.split("."), record)


def with_field(record: R, name: str, value: object) -> R:
    """Return the record with one field, given by its dotted name, replaced."""
    head, _, rest = name.partition(".")
    if rest:
        value = with_field(getattr(record, head), rest, value)
    return structs.replace(record, **{head: value})


def with_fields(base: R, ours: R, names: Iterable[str]) -> R:
    """Return the base with these fields as ours has them."""
    for name in names:
        base = with_field(base, name, value_at(ours, name))
    return base


def to_wire(
    entity: Entity, record: object, ids: store_ids.StoreIds, *, creating: bool = False
) -> dict[str, Any]:
    """Return everything that can be sent of a record."""
    match entity, record:
        case Entity.PRODUCT, Product():
            return product.to_wire(record, ids)
        case Entity.VARIATION, Product():
            return variation.to_wire(record, ids)
        case Entity.CUSTOMER, Customer():
            return customer.to_wire(record, creating=creating)
        case Entity.ORDER, Order():
            return order.to_wire(record)
        case _:
            raise TypeError(f"a {entity} is not sent")


def smallest(base: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """Return what differs between two bodies; of nested ones (addresses, measures) likewise."""
    found: dict[str, Any] = {}
    for key, value in ours.items():
        before = base.get(key)
        if value == before:
            continue
        nested = isinstance(value, Mapping) and isinstance(before, Mapping)
        found[key] = smallest(before, value) if nested else value  # type: ignore[arg-type] # seen
    return found


def body(
    entity: Entity, base: R, ours: R, names: Iterable[str], ids: store_ids.StoreIds
) -> dict[str, Any]:
    """Return the smallest body that carries these fields of ours to a store that has the base."""
    target = with_fields(base, ours, names)
    return smallest(to_wire(entity, base, ids), to_wire(entity, target, ids))


def new_body(entity: Entity, record: R, ids: store_ids.StoreIds) -> dict[str, Any]:
    """Return the body that makes a record, without what a new one has anyway."""
    whole = to_wire(entity, record, ids, creating=True)
    found = {key: _dense(value) for key, value in whole.items()}
    return {key: value for key, value in found.items() if value not in _BLANK}


def _dense(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: entry for key, entry in value.items() if entry not in _BLANK}
    return value


class NotAValueError(errors.RefusedError):
    """A value does not fit the field that it is meant for."""


def with_plain(record: R, name: str, value: object) -> R:
    """Return the record with one field set from a JSON value; raises NotAValueError."""
    kind = type(record)
    plain = msgspec.to_builtins(record)
    place = plain
    *path, last = name.split(".")
    try:
        for step in path:
            place = place[step]
        place.pop(last)
        place[last] = value
        made = msgspec.convert(plain, kind, strict=False)
        found = value_at(made, name)
        if isinstance(found, Decimal):
            found = money.canonical(found)
    except (KeyError, TypeError, ValueError) as error:
        raise NotAValueError(
            f"{value!r:.80} is no value for {name}.",
            remedy="Give amounts as text such as 15.50, yes or no as true or false.",
        ) from error
    return with_field(record, name, found)
