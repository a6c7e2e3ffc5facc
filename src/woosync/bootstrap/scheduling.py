"""Read how often a store is looked at by itself; `change_settings` refuses what cannot be read."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from woosync import errors

Seconds = Annotated[int, msgspec.Meta(ge=0, le=31_536_000)]


class BadScheduleError(errors.PermanentError):
    """The store's schedule cannot be read."""

    exit_code = 78


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every how many seconds to pull, to audit records, and to audit stock levels; 0 is never."""

    pull: Seconds | None = None
    audit: Seconds | None = None
    stock: Seconds | None = None


def schedule_of(settings: Mapping[str, object]) -> Schedule:
    """Read `settings["schedule"]`; every part may be left out. Raises BadScheduleError."""
    try:
        return msgspec.convert(settings.get("schedule") or {}, Schedule)
    except msgspec.ValidationError as error:
        raise BadScheduleError(
            f"The store's schedule cannot be read: {error}.",
            remedy='Write it as {"schedule": {"pull": 300, "audit": 86400, "stock": 1200}}, '
            "in seconds.",
        ) from error
