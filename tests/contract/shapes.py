"""The shape of a JSON value: which keys it has and which types stand there."""

from collections.abc import Mapping
from typing import Any

Shape = dict[str, set[str]]
_MAPS = frozenset({"options", "routes", "taxonomies", "product_visibility_terms", "args"})
"""Objects whose keys are data, not structure."""
_FREE = frozenset({"value", "display_value"})
"""Values of meta data: any type."""


def of(value: Any, path: str = "", shape: Shape | None = None) -> Shape:
    """Return path -> types; list elements share the path "name[]"."""
    shape = {} if shape is None else shape
    name = path.rpartition(".")[2]
    shape.setdefault(path, set()).add("any" if name in _FREE else type(value).__name__)
    if isinstance(value, dict) and name not in _MAPS:
        for key, inner in value.items():
            of(inner, f"{path}.{key}" if path else key, shape)
    if isinstance(value, list) and name not in _FREE:
        for inner in value:
            of(inner, f"{path}[]", shape)
    return shape


def differences(
    ours: Any, theirs: Any, known: Mapping[str, frozenset[str]], *, trimmed: bool
) -> list[str]:
    """Return one sentence for every key or type of our answer that the recorded store has not.

    Args:
        ours: our answer.
        theirs: the recorded one.
        known: types seen elsewhere at a record's keys, beyond the recorded answer's own.
        trimmed: the recorded answer lacks keys that the store sent.
    """
    mine, recorded = of(ours), of(theirs)
    found = []
    for path, types in recorded.items():
        if path not in mine and not _parent_is_empty(path, mine):
            found.append(f"{path} is missing")
        elif path in mine:
            allowed = types | known.get(_inside_record(path), frozenset())
            odd = {t for t in mine[path] if t not in _widened(allowed)}
            if odd:
                found.append(f"{path} is {sorted(odd)}, recorded {sorted(allowed)}")
    for path in mine:
        unknown = path not in recorded and _inside_record(path) not in known
        if unknown and not trimmed and not _parent_is_empty(path, recorded):
            found.append(f"{path} is more than recorded")
    return found


def _widened(types: set[str] | frozenset[str]) -> set[str]:
    return {*types, "int"} if "float" in types else set(types)


def _inside_record(path: str) -> str:
    """Return the path below the record: "[].sku" and "sku" are the same key."""
    for prefix in ("[].", "create[].", "update[].", "delete[]."):
        if path.startswith(prefix):
            return path.removeprefix(prefix)
    return path


def _parent_is_empty(path: str, shape: Shape) -> bool:
    """Tell whether the path lies in a list without elements, or in an object that is not there."""
    while "[]" in path:
        path = path[: path.rindex("[]")]
        if path in shape and f"{path}[]" not in shape:
            return True
    parts = path.split(".")
    return any("NoneType" in shape.get(".".join(parts[:n]), ()) for n in range(1, len(parts)))
