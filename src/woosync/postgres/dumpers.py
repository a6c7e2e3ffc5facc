"""Values that come by the thousand, written for PostgreSQL quicker than psycopg does.

Lists go as arrays at once instead of element by element, moments without a look at what they are.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec
import psycopg
from psycopg import adapt, pq
from psycopg.types.array import ListDumper

_MINUTE = timedelta(minutes=1)
_encode = msgspec.json.Encoder().encode
INTEGERS, NUMBERS = (psycopg.adapters.types[name].array_oid for name in ("int8", "numeric"))


class _Integers(adapt.Dumper):
    oid = INTEGERS

    def dump(self, obj: list[Any]) -> bytes:
        return b"{" + _encode(obj)[1:-1] + b"}"  # but for the brackets the same as JSON


class _Numbers(adapt.Dumper):
    oid = NUMBERS

    def dump(self, obj: list[Any]) -> bytes:
        return f"{{{','.join(map(str, obj))}}}".encode()


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


class MomentDumper(adapt.Dumper):
    """Dumps moments, which always know their zone here; raises DataError for one that does not."""

    oid = psycopg.adapters.types["timestamptz"].oid

    def dump(self, obj: datetime) -> bytes:
        """Return ISO 8601; `isoformat` takes eight times as long for it as a JSON encoder."""
        offset = obj.utcoffset()
        if offset is None:
            raise psycopg.DataError("a time without a zone is no moment")
        if type(obj) is not datetime or offset % _MINUTE:
            return obj.isoformat().encode()  # JSON's times know whole minutes only
        return _encode(obj)[1:-1]


class _ByType(adapt.Dumper):
    """Found by the type of a column, as binary COPY does; no value is of this class."""

    format = pq.Format.BINARY


class JsonDumper(_ByType):
    """Dumps JSON that is written already, in UTF-8, into columns of jsonb."""

    oid = psycopg.adapters.types["jsonb"].oid
    #: The version of jsonb's binary form goes first; no function of ours, as it is called so often.
    dump = staticmethod(b"\x01".__add__)  # type: ignore[assignment] # takes bytes alone


class SmallDumper(_ByType):
    """Dumps numbers into columns of integer; raises OverflowError where psycopg would wrap."""

    oid = psycopg.adapters.types["int4"].oid

    @staticmethod
    @lru_cache(maxsize=1024, typed=True)
    def dump(obj: int) -> bytes:
        """Return integer's binary form."""
        return obj.to_bytes(4, "big", signed=True)


class AmountDumper(_ByType):
    """Dumps amounts into columns of numeric; most of them come again and again.

    Of equal amounts the scale of the first is written: they are canonical (`domain.money`).
    """

    oid = psycopg.adapters.types["numeric"].oid

    @staticmethod
    @lru_cache(maxsize=16384)
    def dump(obj: Decimal | int) -> bytes:
        """Return numeric's binary form."""
        return bytes(_DECIMALS.dump(obj if type(obj) is Decimal else Decimal(obj)) or b"")


_DECIMALS = psycopg.adapters.get_dumper(Decimal, adapt.PyFormat.BINARY)(Decimal)
_RAW = psycopg.adapters.get_dumper(bytes, adapt.PyFormat.BINARY)


def register() -> None:
    """Let every connection of this process write so."""
    psycopg.adapters.register_dumper(list, QuickListDumper)
    psycopg.adapters.register_dumper(datetime, MomentDumper)
    psycopg.adapters.register_dumper(JsonDumper, JsonDumper)
    psycopg.adapters.register_dumper(SmallDumper, SmallDumper)
    psycopg.adapters.register_dumper(AmountDumper, AmountDumper)
    psycopg.adapters.register_dumper(bytes, _RAW)  # by type, too, where it was one in Python
