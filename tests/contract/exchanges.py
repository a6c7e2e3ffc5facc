"""The recorded exchanges with a real store, read from a folder with an INDEX.json."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("WOO_RECORDINGS") or Path(__file__).parent / "recordings")
KIND_OF_PATH = (
    (re.compile(r"/products/(?P<parent>\d+)/variations(/(?P<id>\d+))?"), "variation"),
    (re.compile(r"/orders/(?P<parent>\d+)/refunds(/(?P<id>\d+))?"), "refund"),
    (re.compile(r"/variations(/(?P<id>\d+))?"), "variation"),
    (re.compile(r"/refunds(/(?P<id>\d+))?"), "refund"),
    (re.compile(r"/products(/(?P<id>\d+))?"), "product"),
    (re.compile(r"/orders(/(?P<id>\d+))?"), "order"),
    (re.compile(r"/customers(/(?P<id>\d+))?"), "customer"),
    (re.compile(r"/webhooks(/(?P<id>\d+))?"), "webhook"),
)
_SEEN_NULL = {
    "customer": ("date_modified", "date_modified_gmt"),
    "webhook": ("date_modified", "date_modified_gmt"),
}
"""Null on the real store too, before the first edit, but not counted in types_*.json."""
_DATES = ("date_created", "date_created_gmt", "date_modified", "date_modified_gmt")
_SEEN_FILLED: dict[str, dict[str, frozenset[str]]] = {
    "variation": {
        "image": frozenset({"dict", "NoneType"}),
        "image.id": frozenset({"int"}),
        **dict.fromkeys((f"image.{one}" for one in _DATES), frozenset({"str"})),
        **dict.fromkeys(("image.src", "image.name", "image.alt"), frozenset({"str"})),
    }
}
"""What real stores with pictures show; the recorded one had none."""
_ROOT = "/wp-json/wc/v3"


@dataclass(frozen=True)
class Exchange:
    """One recorded request with its answer."""

    file: str
    data: dict[str, Any]

    @property
    def method(self) -> str:
        return str(self.data["request"]["method"])

    @property
    def path(self) -> str:
        return str(self.data["request"]["path"])

    @property
    def query(self) -> dict[str, Any]:
        return dict(self.data["request"].get("query") or {})

    @property
    def sent(self) -> Any:
        return self.data["request"].get("body")

    @property
    def status(self) -> int:
        return int(self.data["response"]["status"])

    @property
    def body(self) -> Any:
        return self.data["response"]["body"]

    @property
    def code(self) -> str | None:
        return self.body.get("code") if isinstance(self.body, dict) and self.status >= 400 else None

    @property
    def trimmed(self) -> bool:
        return bool(self.data["response"].get("trimmed") or self.data.get("trimmed"))

    @property
    def secure(self) -> bool:
        return str(self.data.get("base", "https:")).startswith("https:")

    @property
    def target(self) -> tuple[str | None, int | None, int | None]:
        """Return (kind, id, parent id) of what the address names."""
        for pattern, kind in KIND_OF_PATH:
            match = pattern.fullmatch(self.path.removeprefix(_ROOT))
            if match:
                found = match.groupdict()
                parent, own = found.get("parent"), found.get("id")
                return kind, int(own) if own else None, int(parent) if parent else None
        if self.path.endswith("/batch"):
            for pattern, kind in KIND_OF_PATH:
                match = pattern.fullmatch(self.path.removeprefix(_ROOT).removesuffix("/batch"))
                if match:
                    parent = match.groupdict().get("parent")
                    return kind, None, int(parent) if parent else None
        return None, None, None

    def records(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (kind, record) for every record in the answer."""
        kind, _, parent = self.target
        if kind is None or self.status >= 400:
            return
        found = self.body if isinstance(self.body, list) else [self.body]
        if self.path.endswith("/batch"):
            if not isinstance(self.body, dict):
                return
            found = [r for part in ("update", "delete") for r in self.body.get(part, [])]
        for record in found:
            if not isinstance(record, dict) or not record.get("id") or "error" in record:
                continue
            if kind == "product" and record.get("type") == "variation":
                yield "variation", record
            else:
                extra = {"parent_id": parent} if parent is not None else {}
                yield kind, {**extra, **record}


@cache
def load() -> tuple[Exchange, ...]:
    """Return all exchanges of the folder's INDEX.json, in recorded order."""
    found = []
    for entry in json.loads((FOLDER / "INDEX.json").read_text(encoding="utf-8")):
        data = json.loads((FOLDER / entry["file"]).read_text(encoding="utf-8"))
        if isinstance(data, dict) and "request" in data and "response" in data:
            found.append(Exchange(entry["file"], data))
    return tuple(sorted(found, key=lambda e: (e.data.get("recorded_at") or "", e.file)))


@cache
def known_types(kind: str) -> dict[str, frozenset[str]]:
    """Return the JSON types seen at each key of a kind, from types_<kind>s.json if there is one.

    The lines of refunds are like those of orders.
    """
    file = FOLDER / f"types_{'order' if kind == 'refund' else kind}s.json"
    types = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if kind == "refund":
        types = {key: names for key, names in types.items() if key.startswith("line_items")}
    nullable = {key: frozenset({"str", "NoneType"}) for key in _SEEN_NULL.get(kind, ())}
    seen = nullable | _SEEN_FILLED.get(kind, {})
    return {key: frozenset(names) for key, names in types.items()} | seen
