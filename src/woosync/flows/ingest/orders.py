"""Orders with their lines, the guests who placed them, and what the lines hold of the stock."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from woosync.domain import customer, ids, order
from woosync.flows.ingest import effects
from woosync.flows.ingest.context import Context, Incoming, Settled
from woosync.flows.ingest.products import metadata
from woosync.mapping import order as mapping
from woosync.postgres import customers, links, orders
from woosync.postgres.engine import Transaction
from woosync.postgres.records import Row, Saved
from woosync.woo.wire import order as wire

Records = Sequence[Settled[order.Order]]


class OrderNoun(msgspec.Struct, frozen=True):
    """Orders."""

    entity: ids.Entity = ids.Entity.ORDER
    kind: type[order.Order] = order.Order
    # Guests become customers, so nobody else may add customers meanwhile.
    locks: Sequence[ids.Entity] = (ids.Entity.CUSTOMER, ids.Entity.ORDER)

    def read(self, raw: bytes) -> tuple[Any, order.Order, int | None]:
        """Decode raw JSON."""
        decoded = wire.decode(raw)
        return decoded, mapping.to_domain(decoded), None

    async def find(
        self, tx: Transaction, context: Context, unlinked: Sequence[Incoming[order.Order]]
    ) -> dict[int, int]:
        """Recognise nothing: an order exists in one store only."""
        return {}

    def gives_way(self, record: order.Order) -> bool:
        """Tell whether the store takes a record over at the first link: never."""
        return False

    async def hold(self, tx: Transaction, local_ids: Sequence[int]) -> None:
        """Let nobody else write these records until the transaction ends."""
        await orders.SHELF.hold(tx, local_ids)

    async def load(
        self, tx: Transaction, local_ids: Sequence[int]
    ) -> dict[int, Saved[order.Order]]:
        """Load orders by local id."""
        return await orders.load(tx, local_ids)

    async def next_ids(self, tx: Transaction, amount: int) -> list[int]:
        """Draw local ids."""
        return await orders.SHELF.next_ids(tx, amount)

    async def save(self, tx: Transaction, context: Context, settled: Records) -> None:
        """Save orders, items, guests and line effects."""
        owners = await _owners(tx, context, settled)
        product_ids = await _product_ids(tx, context, settled)
        new: list[Row[order.Order]] = []
        changed: list[Row[order.Order]] = []
        for one in settled:
            row = Row(
                one.local_id,
                one.value,
                metadata(context, one.incoming.raw),
                (owners.get(one.incoming.woo_id),),
            )
            (new if one.before is None else changed).append(row)
        await orders.SHELF.save_new(tx, new)
        await orders.SHELF.save_changed(tx, changed)
        await orders.save_items(tx, new, product_ids, replace=False)
        await orders.save_items(tx, changed, product_ids, replace=True)
        await effects.save(tx, context, settled)

    async def preview(
        self, tx: Transaction, context: Context, settled: Sequence[Settled[order.Order]]
    ) -> dict[int, dict[str, object]]:
        """Tell what a save would change besides fields: nothing that is worth a line."""
        return {}

    async def save_restored(self, tx: Transaction, local_ids: Sequence[int]) -> None:
        """Bring soft-deleted records back."""
        await orders.SHELF.save_restored(tx, local_ids)

    async def save_deleted(self, tx: Transaction, local_ids: Sequence[int], now: datetime) -> None:
        """Soft-delete orders."""
        await orders.SHELF.save_deleted(tx, local_ids, now=now)


ORDERS = OrderNoun()


async def _product_ids(tx: Transaction, context: Context, settled: Records) -> Mapping[int, int]:
    wanted: dict[ids.Entity, set[int]] = {ids.Entity.PRODUCT: set(), ids.Entity.VARIATION: set()}
    for one in settled:
        for line in one.value.lines:
            if line.variation:
                wanted[ids.Entity.VARIATION].add(line.variation)
            elif line.product:
                wanted[ids.Entity.PRODUCT].add(line.product)
    found: dict[int, int] = {}
    for entity, woo_ids in wanted.items():
        if woo_ids:
            found |= await links.load_local_ids(tx, context.store_id, entity, sorted(woo_ids))
    return found


async def _owners(tx: Transaction, context: Context, settled: Records) -> dict[int, int]:
    """Return the local customer of each order, by the order's store id; guests are made."""
    accounts = {one.value.customer for one in settled if one.value.customer}
    known = await links.load_local_ids(tx, context.store_id, ids.Entity.CUSTOMER, sorted(accounts))
    owners = {
        one.incoming.woo_id: known[one.value.customer]
        for one in settled
        if one.value.customer in known
    }
    guests = {
        one.incoming.woo_id: guest
        for one in settled
        if not one.value.customer and (guest := customer.guest_of(one.value))
    }
    by_email = await _guests(tx, context, {guest.email: guest for guest in guests.values()})
    return owners | {woo_id: by_email[guest.email] for woo_id, guest in guests.items()}


async def _guests(
    tx: Transaction, context: Context, guests: Mapping[str, customer.Customer]
) -> dict[str, int]:
    """Return the customer of each e-mail, making those that nobody knows."""
    known = await customers.load_known(tx, list(guests)) if guests else {}
    missing = [guest for email, guest in guests.items() if email not in known]
    new_ids = await customers.SHELF.next_ids(tx, len(missing))
    note = metadata(context, b'{"id":0,"guest":true}')
    rows = [Row(local_id, guest, note) for local_id, guest in zip(new_ids, missing, strict=True)]
    await customers.SHELF.save_new(tx, rows)
    return known | {row.record.email: row.local_id for row in rows}
