"""What an undo answers: what is put back, and what is left with the reason."""

from collections.abc import Mapping

import msgspec


class Restored(msgspec.Struct, frozen=True):
    """Fields of a record that are as they were before the run: (now, before) as JSON values.

    Of the entity stock the field is `on_hand`, and both numbers are units.
    """

    store_id: int
    entity: str
    local_id: int
    woo_id: int | None
    fields: Mapping[str, tuple[object, object]]


class Left(msgspec.Struct, frozen=True):
    """Something that the run did and that stays, with the reason."""

    entity: str
    local_id: int | None
    woo_id: int | None
    field: str
    reason: str


class Report(msgspec.Struct):
    """What an undo put back, and what it left."""

    run_id: int
    restored: list[Restored] = msgspec.field(default_factory=list)
    left: list[Left] = msgspec.field(default_factory=list)
