"""Which products were read in the second of their last change; for stores without /variations."""

from datetime import datetime, timedelta

from woosync.flows.ingest.streams import Stream
from woosync.flows.pull.run import Run
from woosync.woo import paging

#: The Date header may come from another clock than the dates of records, so much off at most.
CLOCKS_APART = timedelta(minutes=1)


class Recent:
    """The products with the latest modified time.

    A variation that is sold moves its product's time. When it is sold again in the same second,
    and that second had been read in between, nothing tells. Once the store shows any later time,
    the second is over; so only the products of the latest second can be concerned.
    """

    def __init__(self) -> None:
        self._latest: datetime | None = None
        self._horizon: datetime | None = None
        self._ids: list[int] = []

    def add(self, page: paging.Page) -> None:
        """Take note of a page."""
        horizon = page.store_time
        if horizon is not None:
            self._horizon = max(horizon, self._horizon or horizon)
        for record in page.records:
            modified = record.modified
            if modified is None or (self._latest is not None and modified < self._latest):
                continue
            if horizon is not None and modified > horizon + CLOCKS_APART:
                continue  # a date in the future says nothing about now
            if modified != self._latest:
                self._latest, self._ids = modified, []
            self._ids.append(record.id)

    def unsettled(self, run: Run, stream: Stream) -> tuple[int, ...]:
        """Return the products whose variations are to be asked for again."""
        if not run.lists_variations_by_product(stream) or self._latest is None:
            return ()
        over = self._horizon is not None and self._latest < self._horizon - CLOCKS_APART
        return () if over else tuple(dict.fromkeys(self._ids))
