"""Finding records by a text that is unique in a store: SKU, global unique id, e-mail."""

from collections.abc import Callable
from typing import Any


class TextIndex:
    """Touched records by the lower-cased text of one field, beside the base's own arithmetic."""

    def __init__(self, field: str, base_find: Callable[[str], int | None]) -> None:
        self._field = field
        self._base_find = base_find
        self._ids: dict[str, set[int]] = {}
        self._texts: dict[int, str] = {}

    def put(self, record: dict[str, Any]) -> None:
        """Take note of a record's present text."""
        self.remove(record["id"])
        text = str(record.get(self._field) or "").lower()
        if text:
            self._ids.setdefault(text, set()).add(record["id"])
            self._texts[record["id"]] = text

    def remove(self, record_id: int) -> None:
        """Forget a record."""
        text = self._texts.pop(record_id, None)
        if text is not None:
            self._ids[text].discard(record_id)

    def find(self, text: str) -> list[int]:
        """Return the ids of touched records with the text, then that of the base record if any.

        The caller must check that a base record is still untouched.
        """
        found = sorted(self._ids.get(text.lower(), ()))
        base_id = self._base_find(text)
        return found if base_id is None else [*found, base_id]
