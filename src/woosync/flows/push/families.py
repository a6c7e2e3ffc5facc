"""Variations that are to be made: their products in the store, and what they show of these."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from woosync.flows.ingest.streams import VARIATIONS, Stream
from woosync.flows.push.run import Run
from woosync.postgres import pushing
from woosync.postgres.engine import Transaction


class Families(msgspec.Struct, frozen=True):
    """The store's ids of products by local id of variation, and pictures that are the products'."""

    parents: Mapping[int, int] = msgspec.field(default_factory=dict)
    pictures: frozenset[tuple[int, str]] = frozenset()

    def shown(self, local_id: int, record: Any) -> tuple[str, ...]:
        """Return the fields that the store shows of the product, so that nothing is to be sent."""
        if self.parents and any((local_id, one.src) in self.pictures for one in record.images[:1]):
            return ("images",)
        return ()


NONE = Families()


async def load(tx: Transaction, run: Run, stream: Stream, local_ids: Sequence[int]) -> Families:
    """Load what is known of variations; of other records nothing."""
    if stream is not VARIATIONS:
        return NONE
    return Families(
        await pushing.load_parents(tx, run.store_id, local_ids),
        frozenset(await pushing.load_family_pictures(tx, run.store_id, local_ids)),
    )
