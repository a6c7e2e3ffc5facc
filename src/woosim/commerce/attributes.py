"""Attributes of products and variations as they are kept, from what was sent.

One that the shop's products share is sent by its id, and its name is the shop's.
"""

from collections.abc import Mapping
from typing import Any

from woosim import shop, slugs
from woosim.base import families
from woosim.commerce import texts

Record = dict[str, Any]
_SWITCHES = ("visible", "variation")


def shaped(sent: list[Any]) -> list[Record]:
    """Return attributes in their stored shape; a variation's have one option, a product's many."""
    found = []
    for place, item in enumerate(one for one in sent if isinstance(one, Mapping)):
        number = texts.integer(item.get("id"))
        name, slug = families.SHARED.get(number, (texts.plain(item.get("name")), ""))
        slug = slug or item.get("slug") or (slugs.slug(name) if "option" in item else name)
        entry: Record = {"id": number, "name": name, "slug": slug}
        if "option" in item:
            found.append(entry | {"option": texts.to_text(item["option"])})
            continue
        options = item.get("options")
        options = options.split("|") if isinstance(options, str) else options or []
        entry |= {"position": texts.integer(item.get("position", place))}
        entry |= {key: texts.boolean(item.get(key, key == "visible")) for key in _SWITCHES}
        found.append(entry | {"options": [texts.to_text(option) for option in options]})
    return found


def of_parent(chosen: shop.Shop, parent_id: int, sent: list[Record]) -> list[Record]:
    """Return a variation's attributes as its parent names them; others are skipped silently."""
    parent = chosen.read("product", parent_id) or {"attributes": []}
    known = [attribute for attribute in parent["attributes"] if attribute["variation"]]
    found = []
    for entry in sent:
        for attribute in known:
            same_id = entry["id"] and entry["id"] == attribute["id"]
            if same_id or entry["name"].casefold() == attribute["name"].casefold():
                slug = attribute["slug"] if attribute["id"] else slugs.slug(attribute["name"])
                named = {"id": attribute["id"], "name": attribute["name"], "slug": slug}
                found.append(named | {"option": entry.get("option", "")})
    return found
