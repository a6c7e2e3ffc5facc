"""The base webhooks: a new store has none."""

from typing import Any

from woosim.base import timeline


def schema(home: str) -> dict[str, Any]:
    """Return what a base webhook looks like: there is none."""
    del home
    return {}


class Webhooks:
    """No base webhooks."""

    kind = "webhook"
    slots: tuple[str, ...] = ("id",)
    size = 0
    created = timeline.Even(0, start=0, end=0)

    def id_of(self, index: int) -> int:
        """Return an id; never asked for."""
        return index

    def index_of(self, record_id: int) -> int | None:
        """Return None: no id is a base webhook's."""
        del record_id
        return None  # the protocol's answer, said

    def draw(self, index: int) -> tuple[str, ...]:
        """Return nothing; never asked for."""
        del index
        return ()
