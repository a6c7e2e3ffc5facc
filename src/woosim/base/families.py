"""What a variable product and its variations agree on: attributes, prices, ids."""
# ruff: noqa: PLR2004  # residues of the index are the data itself

from functools import lru_cache

from woosim import chance, php_json
from woosim.base import layout, words

CHOICES = len(words.SIZES)
#: Attributes that products share: name and slug by id.
SHARED = {3: ("Colour", "pa_colour")}


class Families:
    """The variable products' families, by family number and child number (both from 0)."""

    def __init__(self, ids: layout.Layout) -> None:
        self.ids = ids
        self._seed = chance.mix(ids.seed, 3)

    def cents(self, rank: int) -> int:
        """Return a variation's price in cents."""
        return 1_000 + chance.mix(self._seed, rank) // 256 % 9_000

    def price_range(self, family: int) -> tuple[int, int]:
        """Return the family's lowest and highest price in cents."""
        children = self.ids.children
        first = children.rank(family, 0)
        prices = [self.cents(first + child) for child in range(children.count(family))]
        return min(prices), max(prices)

    def child_ids(self, family: int) -> str:
        """Return the variations' ids as a JSON list."""
        first = self.ids.product_id(self.ids.simple + family) + 1
        return f"[{','.join(str(first + n) for n in range(self.ids.children.count(family)))}]"

    def stock_mode(self, family: int, child: int) -> str:
        """Return who keeps the variation's stock: "own", "parent" or "none"."""
        if family % 5 == 4:  # the parent keeps stock, so no variation can be without
            return "own" if child % 2 else "parent"
        return "none" if (family + child) % 7 == 3 else "own"


@lru_cache(maxsize=16)
def parent_attributes(children: int) -> str:
    """Return the attributes of a variable product with so many variations, as JSON."""
    colours = words.COLOURS[: (children + 1) // CHOICES]
    colour = {"id": 3, "name": "Colour", "slug": "pa_colour", "position": 0, "visible": True}
    size = {"id": 0, "name": "Größe", "slug": "Größe", "position": 1, "visible": True}
    return php_json.dumps(
        [
            {**colour, "variation": True, "options": list(colours)},
            {**size, "variation": True, "options": list(words.SIZES[:children])},
        ]
    )


@lru_cache(maxsize=16)
def child_attributes(child: int) -> str:
    """Return the attributes of a variable product's n-th variation, as JSON."""
    colour, size = words.COLOURS[child // CHOICES], words.SIZES[child % CHOICES]
    return php_json.dumps(
        [
            {"id": 3, "name": "Colour", "slug": "pa_colour", "option": colour},
            {"id": 0, "name": "Größe", "slug": "grose", "option": size},
        ]
    )


@lru_cache(maxsize=16)
def child_name(child: int) -> str:
    """Return the n-th variation's own name as the inside of a JSON string."""
    return php_json.inner(f"{words.COLOURS[child // CHOICES]}, {words.SIZES[child % CHOICES]}")


@lru_cache(maxsize=16)
def child_query(child: int) -> str:
    """Return the query that the n-th variation's permalink ends in."""
    colour, size = words.COLOUR_SLUGS[child // CHOICES], words.SIZE_SLUGS[child % CHOICES]
    return f"?attribute_pa_colour={colour}&attribute_grose={size}"
