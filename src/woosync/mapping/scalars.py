"""Single values between the wire and the domain: amounts, times, flags, text. For every noun."""

import html
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from woosync import errors
from woosync.domain import money
from woosync.domain.ids import WooId
from woosync.woo.wire import parts

_REMEDY = "Correct the value in the store; the record is tried again when the store changes it."
_ZERO = Decimal(0)
_LARGEST_COUNT = 2**31 - 1
_LARGEST_ID = 2**63 - 1
_LENGTH_OF_MOMENT = len("2026-11-22T20:53:21")
_LONE_LESS_THAN = re.compile(
    r"<(?!/?(?:abbr|b|br|cite|code|del|em|i|ins|mark|q|s|small|span|strong|sub|sup|u)(?:\s[^<>]*)?/?>)",
    re.IGNORECASE,
)
_TRUE = frozenset({"1", "yes", "true", "on"})


class BadValue(errors.RecordError):
    """A field holds what it cannot mean."""

    def of(self, noun: str, record_id: int) -> "BadValue":
        """Return the error with the name of the record in it."""
        record = f"{noun} {record_id}"
        return BadValue(
            f"The {record} cannot be used: {self.message}.", remedy=_REMEDY, record=record
        )


def amount(value: parts.Number, field: str) -> Decimal | None:
    """Read an amount or a measure; "" and null are None."""
    if value is None or value == "":
        return None
    try:
        return money.parse(value if type(value) is str else repr(value))
    except money.NotAnAmount:
        raise BadValue(f"{field} is {value!r:.60}, which is no amount") from None


def total(value: parts.Number, field: str) -> Decimal:
    """Read an amount that is always there; "" and null are 0."""
    if type(value) is str and value:  # the usual way, without another call
        try:
            return money.parse(value)
        except money.NotAnAmount:
            pass
    return amount(value, field) or _ZERO


def count(value: parts.Number, field: str) -> int | None:
    """Read a whole number; "" and null are None, fractions are refused rather than rounded."""
    if type(value) is int and -_LARGEST_COUNT <= value <= _LARGEST_COUNT:
        return value
    exact = amount(value, field)
    if exact is None:
        return None
    if exact % 1 or abs(exact) > _LARGEST_COUNT:
        raise BadValue(f"{field} is {value!r:.60}, which is no whole number that can be counted")
    return int(exact)


def quantity(value: parts.Number, field: str) -> Decimal | None:
    """Read how much of something; "" and null are None. Plugins sell by weight, so 1.5 is fine."""
    if type(value) is int and -_LARGEST_COUNT <= value <= _LARGEST_COUNT:
        return Decimal(value)
    exact = amount(value, field)
    if exact is not None and abs(exact) > _LARGEST_COUNT:
        raise BadValue(f"{field} is {value!r:.60}, which is more than can be counted")
    return exact


def number(value: Decimal) -> int | float:
    """Write a quantity as the JSON number that the store wants."""
    return int(value) if value == value.to_integral_value() else float(value)


def reference(value: parts.Reference, field: str) -> WooId | None:
    """Read another record's id; 0, "" and null are None."""
    if not value or value == "0":
        return None
    try:
        found = value if type(value) is int else int(value)
    except ValueError:
        found = -1
    if not 0 < found <= _LARGEST_ID:
        raise BadValue(f"{field} is {value!r:.60}, which is no id")
    return WooId(found)


def whole_id(value: parts.Reference) -> int | None:
    """Read an id that is no part of the record, so that a bad one is as good as none."""
    try:
        return reference(value, "id")
    except BadValue:
        return None


def negated(value: Decimal) -> Decimal:
    """Turn the sign, exactly and without a minus zero; refunds are negative on the wire."""
    return value.copy_negate() if value else value


def flag(value: parts.Flag) -> bool:
    """Read truth in any of the forms that PHP and its plugins write."""
    return value.strip().lower() in _TRUE if isinstance(value, str) else bool(value)


def moment(value: parts.Text, field: str) -> datetime | None:
    """Read a time of the _gmt fields, which name no zone; unset and PHP's zero dates are None."""
    if not value:
        return None
    try:
        if len(value) == _LENGTH_OF_MOMENT:
            return datetime.fromisoformat(value + "Z")
        found = datetime.fromisoformat(value)
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return aware.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        if value.startswith(("0000-", "-")):
            return None
        raise BadValue(f"{field} is {value!r:.60}, which is no date and time") from None


def moment_text(value: datetime | None) -> str:
    """Write a time for a _gmt field; None is "" (null would be ignored)."""
    if value is None:
        return ""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def amount_text(value: Decimal | None) -> str:
    """Write an amount; None is "" (null would be ignored)."""
    return "" if value is None else money.text_of(value)


def measure_text(value: Decimal | None) -> str:
    """Write a weight or length; None is ""."""
    return "" if value is None else format(money.canonical(value), "f")


def text(value: parts.LooseText) -> str:
    """Read text; null is ""."""
    return value if type(value) is str else "" if value is None else str(value)


def plain(value: parts.LooseText) -> str:
    """Read text that the store escapes for HTML, such as a product's name, as it was meant."""
    found = value if type(value) is str else text(value)
    return html.unescape(found) if "&" in found else found


def escaped(value: str) -> str:
    """Write text so that `plain` of what the store makes of it is the same text.

    A store keeps entities and drops tags that it does not allow, so whatever reads as an entity and
    every "<" are escaped, but for the inline markup that names do carry ("<b>", "<sup>").
    """
    if "&" in value and html.unescape(value) != value:
        value = value.replace("&", "&amp;")
    return _LONE_LESS_THAN.sub("&lt;", value) if "<" in value else value


def nothing_to_none(value: str) -> str | None:
    """Make "" None, for identifiers that are either there or not."""
    return value.strip() or None


def meta_value(entries: parts.Many[parts.Meta], key: str) -> Any:
    """Return the value of the first meta entry with this key; None if there is none."""
    for entry in parts.each(entries):
        if entry.key == key:
            return entry.value
    return None
