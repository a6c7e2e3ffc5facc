"""Fields of a store's own: which metadata here is which field there, told by settings. Pure.

A rule names a place in the record's metadata here ("metadata.erp.code"), one in the store's JSON
("meta_data._erp_code"), and how the value changes on the way.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from woosync import errors
from woosync.domain import ids
from woosync.mapping import transforms

ROOT = "metadata."
META = "meta_data."
#: Keys of the metadata here that have an owner.
RESERVED = frozenset({"woocommerce", "notes"})
#: Fields beside meta_data that no record carries, by kind of record.
PLAIN: Mapping[ids.Entity, frozenset[str]] = {
    ids.Entity.PRODUCT: frozenset({"purchase_note", "button_text"}),
    ids.Entity.VARIATION: frozenset(),
    ids.Entity.CUSTOMER: frozenset(),
    ids.Entity.ORDER: frozenset(),
}


class BadMappingError(errors.PermanentError):
    """The store's mapping of custom fields cannot be read."""

    exit_code = 78


class Direction(StrEnum):
    """Which way a field goes."""

    BOTH = "both"
    PUSH = "push"
    PULL = "pull"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One custom field; `values` translates for transforms.Transform.VALUES (here -> store)."""

    entity: ids.Entity
    source: str
    target: str
    transform: transforms.Transform = transforms.Transform.COPY
    direction: Direction = Direction.BOTH
    values: Mapping[str, str] = msgspec.field(default_factory=dict)


class _Rule(msgspec.Struct, forbid_unknown_fields=True):
    entity: ids.Entity
    source: str
    target: str
    transform: transforms.Transform = transforms.Transform.COPY
    direction: Direction = Direction.BOTH
    values: dict[str, str] = {}


def rules_of(settings: Mapping[str, object]) -> tuple[Rule, ...]:
    """Read `settings["mapping"]`, a list of rules; raises BadMappingError naming the rule.

    Form: [{"entity": "product", "source": "metadata.erp.code", "target": "meta_data._erp_code",
    "transform": "upper", "direction": "both"}].
    """
    given = settings.get("mapping") or []
    rules: list[Rule] = []
    if not isinstance(given, list):
        raise _bad(0, "it is a list of rules")
    for number, one in enumerate(given, 1):
        try:
            read = msgspec.convert(one, _Rule)
        except msgspec.ValidationError as error:
            raise _bad(number, str(error)) from error
        rule = Rule(
            entity=read.entity,
            source=read.source,
            target=read.target,
            transform=read.transform,
            direction=read.direction,
            values=read.values,
        )
        for reason in _problems(rule, rules):
            raise _bad(number, reason)
        rules.append(rule)
    return tuple(rules)


def _bad(number: int, reason: str) -> BadMappingError:
    return BadMappingError(
        f"Rule {number} of the mapping of custom fields cannot be used: {reason}.",
        remedy="See docs/guide/custom-fields.md; `woosync mapping preview` shows what rules do.",
    )


def _problems(rule: Rule, before: list[Rule]) -> Iterator[str]:
    path = rule.source.removeprefix(ROOT).split(".")
    if rule.entity not in PLAIN:
        yield f"a {rule.entity} has no custom fields"
    if not rule.source.startswith(ROOT) or not all(path):
        yield f"source is a path such as {ROOT}erp.code, not {rule.source!r}"
    if path[0] in RESERVED:
        yield f"{ROOT}{path[0]} belongs to woosync"
    key = rule.target.removeprefix(META)
    plain = PLAIN.get(rule.entity, frozenset())
    if rule.target not in plain and (not rule.target.startswith(META) or not key):
        allowed = " or ".join([f"{META}<key>", *sorted(plain)])
        yield f"target is {allowed}, not {rule.target!r}"
    if rule.entity is ids.Entity.CUSTOMER and key.startswith("_"):
        yield "a store does not take metadata of customers whose key begins with _"
    if key in {"_stock", "_price", "_sku", "_woosync_id", "_woosync_op"}:
        yield f"{rule.target} is written by WooCommerce or woosync itself"
    if rule.transform is transforms.Transform.VALUES and len(set(rule.values.values())) != len(
        rule.values
    ):
        yield "two values here would become one in the store, which has no way back"
    if (rule.transform is transforms.Transform.VALUES) != bool(rule.values):
        yield "values go with the transform values, and only with it"
    if any(
        one.entity is rule.entity and rule.target == one.target and one.source != rule.source
        for one in before
    ):
        yield f"another rule writes {rule.target} already"


def here(rule: Rule, metadata: Mapping[str, Any]) -> Any:
    """Return the value in a record's metadata; None where there is none."""
    return at(metadata, path_of(rule))


def at(metadata: Any, path: Iterable[str]) -> Any:
    """Return the value at a path of nested objects; None where there is none."""
    for key in path:
        if not isinstance(metadata, Mapping):
            return None
        metadata = metadata.get(key)
    return metadata


def is_said(rule: Rule, metadata: Mapping[str, Any]) -> bool:
    """Tell whether anything was ever said about the value here: null says that there is none."""
    *way, last = path_of(rule)
    inner = at(metadata, way)
    return isinstance(inner, Mapping) and last in inner


def path_of(rule: Rule) -> list[str]:
    """Return the keys that lead to the value in the metadata here."""
    return rule.source.removeprefix(ROOT).split(".")


def there(rule: Rule, wire: Mapping[str, Any]) -> Any:
    """Return the value in a store's JSON; None where there is none."""
    if not rule.target.startswith(META):
        return wire.get(rule.target) or None
    key = rule.target.removeprefix(META)
    entries = wire.get("meta_data")
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, Mapping) and entry.get("key") == key:
            return entry.get("value")
    return None


def body(changes: Iterable[tuple[Rule, Any]]) -> dict[str, Any]:
    """Return what to send for values in the store's form; None takes an entry away."""
    found: dict[str, Any] = {}
    for rule, value in changes:
        if rule.target.startswith(META):
            entry = {"key": rule.target.removeprefix(META), "value": value}
            found.setdefault("meta_data", []).append(entry)
        else:
            found[rule.target] = "" if value is None else value
    return found


def to_store(rule: Rule, value: Any) -> Any:
    """Turn a value of here into the store's form; raises ValueError with the reason."""
    if value is None:
        return None
    if rule.transform is transforms.Transform.VALUES:
        if str(value) not in rule.values:
            raise ValueError(f"{value!r:.40} is none of {', '.join(rule.values)}")
        return rule.values[str(value)]
    return transforms.TO_STORE[rule.transform](value)


def to_here(rule: Rule, value: Any) -> Any:
    """Turn a value of the store into the form of here; raises ValueError with the reason."""
    if value is None or value == "":
        return None
    if rule.transform is transforms.Transform.VALUES:
        back = {told: own for own, told in rule.values.items()}
        if str(value) not in back:
            raise ValueError(f"{value!r:.40} is none of {', '.join(back)}")
        return back[str(value)]
    return transforms.TO_HERE[rule.transform](value)


def same(one: Any, other: Any) -> bool:
    """Tell whether two values in a store's form are equal: it gives numbers back as text."""
    return bool(one == other) or (
        isinstance(one, int | float | str)
        and isinstance(other, int | float | str)
        and str(one) == str(other)
    )


def agrees(rule: Rule, value: Any, there: Any) -> bool:
    """Tell whether a value here and one in the store's form say the same; raises ValueError.

    What a store's value became here is that value still, unless the rule only sends.
    """
    if same(to_store(rule, value), there) or (value is None and there == ""):
        return True
    if rule.direction is Direction.PUSH:
        return False
    try:
        return bool(to_here(rule, there) == value)
    except ValueError:
        return False
