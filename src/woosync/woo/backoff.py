"""How long to wait before the next attempt; the client sleeps by it.

Our own few lines, since no retry library knows Retry-After in both forms, a pause shared by all
requests to a store, and a breaker.
"""

import email.utils
from datetime import UTC, datetime

#: Above this a wait is not slept through here: the error goes up with its `retry_after`, so that a
#: person hears of a maintenance (WordPress says 600 s) at once and a job frees its worker.
LONGEST_WAIT = 120.0


def delay(attempt: int, *, base: float, ceiling: float, fraction: float) -> float:
    """Return seconds to wait after failed attempt number `attempt` (from 1), with full jitter."""
    return fraction * min(ceiling, base * 2.0 ** min(attempt - 1, 62))


def retry_after(value: str | None, *, now: datetime) -> float | None:
    """Read a Retry-After header (RFC 9110: seconds or an HTTP date), in seconds from `now`.

    None when it is absent or unreadable; never negative.
    """
    text = (value or "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text[:12])
    moment = http_date(text)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def http_date(text: str | None) -> datetime | None:
    """Read an HTTP date as aware UTC; None when there is none."""
    if not text:
        return None
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
