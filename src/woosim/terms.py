"""Categories and tags of a simulated store: found by id, slug or name, and made."""

from typing import Any

from woosim import errors, slugs
from woosim.base import words
from woosim.commerce import texts

Record = dict[str, Any]
KINDS = ("categories", "tags")
FIRST_NEW = 60


class Terms:
    """The terms of one store by kind; names are kept with & as &amp;, as WordPress keeps them."""

    def __init__(self) -> None:
        named = [(15, "Uncategorized", "uncategorized")]
        named += [(30 + n, name, slug) for n, (name, slug) in enumerate(words.CATEGORIES)]
        self._known: dict[str, dict[int, Record]] = {kind: {} for kind in KINDS}
        for number, name, slug in named:
            self._keep("categories", number, {"name": texts.person_text(name), "slug": slug})
        self._next = FIRST_NEW

    def read(self, kind: str, number: int) -> Record | None:
        """Return a term, or None."""
        return self._known[kind].get(number)

    def all(self, kind: str) -> list[Record]:
        """Return all terms of a kind by name, as lists show them."""
        return sorted(self._known[kind].values(), key=lambda one: str(one["name"]).casefold())

    def create(self, kind: str, values: Record) -> Record:
        """Make a term.

        Raises:
            RestError: 400 term_exists with the id of the one that has the name beside it.
        """
        name = texts.person_text(values.get("name"))
        if not name:
            raise errors.RestError(400, "empty_term_name", "A name is required for this term.")
        parent = int(values.get("parent") or 0)
        wanted = slugs.slug(texts.to_text(values.get("slug") or ""))
        for one in self._known[kind].values():
            same = str(one["name"]).casefold() == name.casefold() and one["parent"] == parent
            if same and wanted in ("", one["slug"]):
                place = "with this parent" if kind == "categories" else "in this taxonomy"
                message = f"A term with the name provided already exists {place}."
                data = {"resource_id": one["id"]}
                raise errors.RestError(400, "term_exists", message, data=data)
        number, self._next = self._next, self._next + 1
        new = {"name": name, "slug": self._free(kind, wanted or slugs.slug(name)), "parent": parent}
        return self._keep(kind, number, new | {"description": values.get("description") or ""})

    def _free(self, kind: str, slug: str) -> str:
        taken = {one["slug"] for one in self._known[kind].values()}
        free, number = slug, 2
        while free in taken:
            free, number = f"{slug}-{number}", number + 1
        return free

    def _keep(self, kind: str, number: int, values: Record) -> Record:
        record = {"id": number, "parent": 0, "description": "", **values}
        self._known[kind][number] = record
        return record
