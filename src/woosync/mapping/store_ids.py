"""Which ids one store gives to what products name: categories, tags, pictures, attributes.

Ids mean nothing to another store, so they are no part of the record. They are read from the store's
own JSON, which is kept beside the record.
"""

from collections.abc import Iterable, Mapping

import msgspec

from woosync.mapping import scalars
from woosync.woo.wire import parts
from woosync.woo.wire.product import WooProduct
from woosync.woo.wire.variation import WooVariation


class StoreIds(msgspec.Struct, frozen=True, kw_only=True):
    """Terms by slug, pictures by address and by file name, shared attributes by name."""

    categories: Mapping[str, int] = msgspec.field(default_factory=dict)
    tags: Mapping[str, int] = msgspec.field(default_factory=dict)
    images: Mapping[str, int] = msgspec.field(default_factory=dict)
    attributes: Mapping[str, int] = msgspec.field(default_factory=dict)


#: What is known of a store that has not been asked.
NONE = StoreIds()


def of(wire: WooProduct | WooVariation) -> StoreIds:
    """Return the ids that a record of the store tells."""
    images = list(parts.each(wire.images))
    if isinstance(wire, WooVariation) and isinstance(wire.image, parts.Image):
        images.append(wire.image)
    terms = wire if isinstance(wire, WooProduct) else None
    return StoreIds(
        categories=_terms(terms.categories if terms else None),
        tags=_terms(terms.tags if terms else None),
        images=_images(images),
        attributes={
            scalars.plain(attribute.name): known
            for attribute in parts.each(wire.attributes)
            if (known := scalars.whole_id(attribute.id))
        },
    )


def slug_of(term: parts.Term) -> str:
    """Return what a category or tag is known by; its name where a plugin leaves the slug out."""
    return term.slug or scalars.plain(term.name)


def _terms(terms: parts.Many[parts.Term]) -> dict[str, int]:
    return {
        slug_of(term): known for term in parts.each(terms) if (known := scalars.whole_id(term.id))
    }


def _images(images: Iterable[parts.Image]) -> dict[str, int]:
    found: dict[str, int] = {}
    for image in images:
        known = scalars.whole_id(image.id)
        if known and isinstance(image.src, str):
            found[image.src] = known
            found.setdefault(image.src.partition("?")[0].rpartition("/")[2], known)
    return found
