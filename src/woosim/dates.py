"""Dates of the simulated store: seconds since 1970, shop-local and UTC text, and date filters."""

import re
from bisect import bisect_right
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_DAY = 86400


class _DayNames(dict[int, str]):
    """The dates by days since 1970, worked out when first asked for."""

    def __missing__(self, day: int) -> str:
        date = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)
        self[day] = date.strftime("%Y-%m-%d")
        return self[day]


_DAYS = _DayNames()
_CLOCK = [f"T{m // 60:02}:{m % 60:02}:{s:02}" for m in range(1440) for s in range(60)]
_DATE = re.compile(
    r"^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(\.\d+)?"
    r"(?:([Zz])|([+-]\d{2}(?::?\d{2})?))?$"
)


def to_text(seconds: int) -> str:
    """Write seconds since 1970 as "2026-11-22T20:53:21"."""
    return _DAYS[seconds // _DAY] + _CLOCK[seconds % _DAY]


def to_seconds(text: str) -> int:
    """Read "2026-11-22T20:53:21" (zoneless, taken as UTC) as seconds since 1970."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


class Zone:
    """The shop's time zone with its transitions worked out, so that conversion is a bisection."""

    def __init__(self, name: str, *, first_year: int = 2000, last_year: int = 2050) -> None:
        self.name = name
        self.info: tzinfo = ZoneInfo(name)
        self._starts: list[int] = []
        self._offsets: list[int] = []
        start = int(datetime(first_year, 1, 1, tzinfo=UTC).timestamp())
        end = int(datetime(last_year, 1, 1, tzinfo=UTC).timestamp())
        self._append(start)
        for moment in range(start, end, _DAY):
            if self._true_offset(moment) != self._offsets[-1]:
                self._append(self._transition(moment - _DAY, moment))

    def _append(self, moment: int) -> None:
        self._starts.append(moment)
        self._offsets.append(self._true_offset(moment))

    def _true_offset(self, seconds: int) -> int:
        offset = datetime.fromtimestamp(seconds, self.info).utcoffset()
        return int(offset.total_seconds()) if offset else 0

    def _transition(self, before: int, after: int) -> int:
        old = self._true_offset(before)
        while after - before > 1:
            middle = (before + after) // 2
            if self._true_offset(middle) == old:
                before = middle
            else:
                after = middle
        return after

    def local(self, seconds: int) -> int:
        """Return the shop's wall clock at a moment, as if it were UTC seconds."""
        return seconds + self._offsets[bisect_right(self._starts, seconds, 1) - 1]

    def pair(self, seconds: int) -> tuple[str, str]:
        """Write a moment as the shop's wall clock and as UTC."""
        wall = seconds + self._offsets[bisect_right(self._starts, seconds, 1) - 1]
        return (
            _DAYS[wall // _DAY] + _CLOCK[wall % _DAY],
            _DAYS[seconds // _DAY] + _CLOCK[seconds % _DAY],
        )

    def local_text(self, seconds: int) -> str:
        """Write the shop's wall clock at a moment."""
        return to_text(self.local(seconds))

    def to_utc(self, wall: int) -> int:
        """Return the moment of a wall clock; within DST's double hour the first one."""
        naive = datetime.fromtimestamp(wall, UTC).replace(tzinfo=self.info)
        return int(naive.timestamp())

    def settle(self, wall: int) -> int:
        """Return the wall clock PHP makes of one: times in the spring gap move an hour on."""
        return self.local(self.to_utc(wall))


@lru_cache(maxsize=16)
def zone(name: str) -> Zone:
    """Return a zone, worked out once."""
    return Zone(name)


class DateFilter:
    """One bound of after/before/modified_after/modified_before, read as WordPress reads it.

    `seconds` is compared with the column of UTC times if `gmt`, else with the column of wall
    clocks. With dates_are_gmt, a value that names a zone is turned into the shop's wall clock
    first and then compared with the UTC column: that is WordPress' error, kept here.
    """

    __slots__ = ("gmt", "seconds")

    def __init__(self, text: str, zone: Zone, *, gmt: bool, fraction_drops_zone: bool) -> None:
        match = _DATE.match(text.strip())
        if match is None:
            raise ValueError(text)
        parts = [int(part) for part in match.groups()[:6]]
        wall = int(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[arg-type, misc]  # six ints
        has_zone = bool(match[8] or match[9])
        if has_zone and not (fraction_drops_zone and match[7] and not gmt):
            wall = zone.local(wall - _offset_seconds(match[9]))
        else:
            wall = zone.settle(wall)
        self.gmt = gmt
        self.seconds = wall


def _offset_seconds(text: str | None) -> int:
    if not text:
        return 0
    digits = text[1:].replace(":", "")
    size = int(digits[:2]) * 3600 + int(digits[2:] or 0) * 60
    return -size if text[0] == "-" else size
