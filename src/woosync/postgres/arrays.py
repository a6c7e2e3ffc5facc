"""Lists as PostgreSQL arrays, written at once where psycopg would dump element by element."""

from decimal import Decimal
from typing import Any

import psycopg
from psycopg import adapt, pq
from psycopg.types.array import ListDumper

INTEGERS, NUMBERS = (psycopg.adapters.types[name].array_oid for name in ("int8", "numeric"))


class _Integers(adapt.Dumper):
    oid = INTEGERS

    def dump(self, obj: list[Any]) -> bytes:
        return f"{{{','.join(map(str, obj))}}}".encode()


class _Numbers(_Integers):
    oid = NUMBERS


class _Texts(adapt.Dumper):
    """Writes plain texts; as with psycopg the statement says what they are (oid 0)."""

    def dump(self, obj: list[Any]) -> bytes:
        joined = '","'.join(obj)
        if "\\" in joined or joined.count('"') != 2 * (len(obj) - 1):
            joined = '","'.join([one.replace("\\", "\\\\").replace('"', '\\"') for one in obj])
        return f'{{"{joined}"}}'.encode()


_QUICK: dict[type, type[adapt.Dumper]] = {int: _Integers, Decimal: _Numbers, str: _Texts}


def _kind(obj: list[Any]) -> type | None:
    """Return the one type of all elements, if it has a quick way."""
    if len(kinds := set(map(type, obj))) != 1:
        return None
    kind: type = kinds.pop()
    if kind not in _QUICK:
        return None
    return kind if kind is not str or _is_plain("".join(obj)) else None


def _is_plain(text: str) -> bool:
    """Tell whether a text is the same in every encoding, and may be sent at all."""
    return text.isascii() and "\0" not in text


class QuickListDumper(ListDumper):
    """Dumps lists of integers, amounts and plain texts quickly, and all others as psycopg does."""

    format = pq.Format.TEXT

    def get_key(self, obj: list[Any], format: adapt.PyFormat) -> Any:  # noqa: A002 - psycopg's name
        """Tell lists apart by what they hold."""
        kind = _kind(obj)
        return super().get_key(obj, format) if kind is None else (QuickListDumper, kind)

    def upgrade(self, obj: list[Any], format: adapt.PyFormat) -> Any:  # noqa: A002 - as above
        """Return the dumper of such lists."""
        kind = _kind(obj)
        return super().upgrade(obj, format) if kind is None else _QUICK[kind](self.cls)


def register() -> None:
    """Let every connection of this process write lists so."""
    psycopg.adapters.register_dumper(list, QuickListDumper)
