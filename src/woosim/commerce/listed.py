"""Lists of a product as they are stored: categories and tags by id, images by id or address."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from woosim import errors, shop, slugs
from woosim.commerce import texts

Record = dict[str, Any]


def terms(chosen: shop.Shop, kind: str, sent: list[Any]) -> list[Record]:
    """Return categories or tags; one the shop was not told of gets a name out of its id."""
    found = []
    for item in sent:
        number = texts.integer(item.get("id") if isinstance(item, Mapping) else item)
        known = chosen.terms.read(kind, number)
        if known is not None:
            found.append({key: known[key] for key in ("id", "name", "slug")})
            continue
        name = item.get("name") if isinstance(item, Mapping) else None
        shown = texts.post_text(name) if name else f"Term {number}"
        found.append({"id": number, "name": shown, "slug": slugs.slug(shown)})
    return found


def images(chosen: shop.Shop, known: list[Record], sent: list[Any]) -> list[Record]:
    """Return images: those sent by id stay as they are, those sent by address are taken in anew.

    Raises:
        RestError: 400 for an address from which nothing can be fetched.
    """
    by_id = {one["id"]: one for one in known}
    found = []
    for item in sent:
        if not isinstance(item, Mapping):
            continue
        number = texts.integer(item.get("id"))
        if number:
            image = dict(by_id.get(number, _taken_in(chosen, number, f"image-{number}.jpg")))
        elif item.get("src"):
            image = _fetched(chosen, texts.to_text(item["src"]))
        else:
            continue
        told = {key: texts.to_text(item[key]) for key in ("name", "alt") if item.get(key)}
        found.append(image | told)
    return found


def _fetched(chosen: shop.Shop, address: str) -> Record:
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        code = "woocommerce_product_image_upload_error"
        raise errors.RestError(400, code, f"Invalid URL {address}.")
    name = PurePosixPath(parts.path).name or "image.jpg"
    return _taken_in(chosen, chosen.next_id("product"), name)


def _taken_in(chosen: shop.Shop, number: int, name: str) -> Record:
    record: Record = {"id": number}
    for field in ("date_created", "date_modified"):
        chosen.stamp(record, field)
    src = f"{chosen.home}/wp-content/uploads/{name}"
    return record | {"src": src, "name": PurePosixPath(name).stem, "alt": ""}
