"""Customers with an account; they are recognised by e-mail, also when they were guests before."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from woosync.domain import customer, ids
from woosync.flows.ingest.context import Context, Incoming, Settled
from woosync.flows.ingest.products import metadata
from woosync.mapping import customer as mapping
from woosync.postgres import customers
from woosync.postgres.engine import Transaction
from woosync.postgres.records import Row, Saved
from woosync.woo.wire import customer as wire

#: The role of customers that only orders tell of.
GUEST = "guest"


class CustomerNoun(msgspec.Struct, frozen=True):
    """Customers."""

    entity: ids.Entity = ids.Entity.CUSTOMER
    kind: type[customer.Customer] = customer.Customer
    locks: Sequence[ids.Entity] = (ids.Entity.CUSTOMER,)

    def read(self, raw: bytes) -> tuple[Any, customer.Customer, int | None]:
        """Decode raw JSON."""
        decoded = wire.decode(raw)
        return decoded, mapping.to_domain(decoded), None

    async def find(
        self, tx: Transaction, context: Context, unlinked: Sequence[Incoming[customer.Customer]]
    ) -> dict[int, int]:
        """Recognise customers by e-mail; each local customer once."""
        by_email = {customer.normalised_email(item.theirs.email): item.woo_id for item in unlinked}
        known = await customers.load_by_email(tx, context.store_id, list(by_email))
        return {by_email[email]: local_id for email, local_id in known.items()}

    def gives_way(self, record: customer.Customer) -> bool:
        """Tell whether an account takes a record over: a guest had no account to keep."""
        return record.role == GUEST

    async def hold(self, tx: Transaction, local_ids: Sequence[int]) -> None:
        """Let nobody else write these records until the transaction ends."""
        await customers.SHELF.hold(tx, local_ids)

    async def load(
        self, tx: Transaction, local_ids: Sequence[int]
    ) -> dict[int, Saved[customer.Customer]]:
        """Load customers by local id."""
        return await customers.SHELF.load(tx, local_ids)

    async def next_ids(self, tx: Transaction, amount: int) -> list[int]:
        """Draw local ids."""
        return await customers.SHELF.next_ids(tx, amount)

    async def save(
        self, tx: Transaction, context: Context, settled: Sequence[Settled[customer.Customer]]
    ) -> None:
        """Save customers."""
        rows = [
            (one.before, Row(one.local_id, one.value, metadata(context, one.incoming.raw)))
            for one in settled
        ]
        await customers.SHELF.save_new(tx, [row for before, row in rows if before is None])
        await customers.SHELF.save_changed(tx, [row for before, row in rows if before is not None])

    async def preview(
        self, tx: Transaction, context: Context, settled: Sequence[Settled[customer.Customer]]
    ) -> dict[int, dict[str, object]]:
        """Tell what a save would change besides fields: nothing that is worth a line."""
        return {}

    async def save_restored(self, tx: Transaction, local_ids: Sequence[int]) -> None:
        """Bring soft-deleted records back."""
        await customers.SHELF.save_restored(tx, local_ids)

    async def save_deleted(self, tx: Transaction, local_ids: Sequence[int], now: datetime) -> None:
        """Soft-delete customers."""
        await customers.SHELF.save_deleted(tx, local_ids, now=now)


CUSTOMERS = CustomerNoun()
