"""Record text straight from drawn values: one compiled template per view and `_fields` set.

A schema maps each key, in the order WooCommerce sends it, to JSON text in which «name» stands for
a drawn value, or to an object of the same. Untouched records are written from it without
ever being a dict; touched ones are dicts and go through `pick` and `php_json`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

Wanted = dict[str, Any]
"""A tree of the fields asked for: {"id": {}, "billing": {"email": {}}}; an empty one means all."""

Drawn = Sequence[str]
Renderer = Callable[[Drawn], str]
Schema = Mapping[str, Any]

_MARK = re.compile("«([a-z_]+)»")
_LISTS = {
    *("attributes", "categories", "coupon_lines", "fee_lines", "line_items", "meta_data"),
    *("refunds", "related_ids", "shipping_lines", "tax_lines", "variations"),
}


def parse_fields(text: str | None) -> Wanted | None:
    """Read `_fields`: comma or blank separated, dots for nested keys. None asks for everything."""
    if not text:
        return None
    wanted: Wanted = {}
    for name in text.replace(",", " ").split():
        branch = wanted
        parts = name.split(".")
        for part in parts[:-1]:
            known = branch.get(part)
            if known == {}:
                break
            branch = branch.setdefault(part, {})
        else:
            branch[parts[-1]] = {}
    return wanted


def compile_renderer(schema: Schema, slots: Sequence[str], wanted: Wanted | None) -> Renderer:
    """Return a function that writes one record's JSON from its drawn values.

    Args:
        schema: the view.
        slots: the names of the drawn values, in their order.
        wanted: the fields asked for, or None for all.
    """
    positions = {name: index for index, name in enumerate(slots)}
    used: list[int] = []
    template = _object(schema, wanted, positions, used)
    if not used:
        constant = template.replace("%%", "%")
        return lambda _: constant
    if len(used) == 1:
        only = used[0]
        return lambda drawn: template % drawn[only]
    getter = itemgetter(*used)
    return lambda drawn: template % getter(drawn)


def _object(
    schema: Schema, wanted: Wanted | None, positions: Mapping[str, int], used: list[int]
) -> str:
    parts = []
    for key, spec in schema.items():
        if wanted and key not in wanted:
            continue
        parts.append(
            f'"{key}":' + _value(spec, wanted.get(key) if wanted else None, positions, used)
        )
    return "{" + ",".join(parts) + "}" if parts else "[]"


def _value(spec: Any, wanted: Wanted | None, positions: Mapping[str, int], used: list[int]) -> str:
    if not isinstance(spec, str):
        return _object(spec, wanted, positions, used)
    if wanted and (spec.startswith("[") or spec.strip("«»") in _LISTS):
        return "[]"  # WordPress does not look into lists: `_fields=line_items.id` leaves nothing
    used.extend(positions[name] for name in _MARK.findall(spec))
    return _MARK.sub("%s", spec.replace("%", "%%"))


def pick(record: Mapping[str, Any], wanted: Wanted | None) -> dict[str, Any] | list[Any]:
    """Return the fields asked for of a record that is a dict; nothing left is PHP's empty array."""
    if not wanted:
        return dict(record)
    found: dict[str, Any] = {}
    for key, value in record.items():
        if key not in wanted:
            continue
        inner = wanted[key]
        if not inner or not isinstance(value, dict | list):
            found[key] = value
        else:
            found[key] = pick(value, inner) if isinstance(value, dict) else []
    return found or []
