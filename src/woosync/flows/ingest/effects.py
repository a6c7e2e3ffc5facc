"""What orders did to stock: a movement for every change of what a line holds, counted once."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec
from msgspec import structs

from woosync.domain import money, stock_rules
from woosync.domain import order as orders
from woosync.flows.ingest.context import Context, Settled
from woosync.postgres import links, stock, stock_links
from woosync.postgres.engine import Transaction

Records = Sequence[Settled[orders.Order]]
Key = tuple[int, int]


class Change(msgspec.Struct, frozen=True):
    """A line that holds more (or less) than before; `woo_ids` may count it, first choice first."""

    effect: stock.Effect
    woo_ids: tuple[int, ...]
    more: Decimal


async def save(tx: Transaction, context: Context, settled: Records) -> None:
    """Save what the lines of orders hold, and move stock by what changed.

    An order that is read again changes nothing. Of orders that were there before the products
    were counted (`baseline_orders`) only what they hold is noted: the level has it already.
    """
    fresh = [one for one in settled if not one.linked] if context.baseline_orders else []
    await stock.save_new_effects(tx, context.store_id, _held(fresh))
    rest = [one for one in settled if one.linked or not context.baseline_orders]
    if not rest:
        return
    known = await stock.load_effects(tx, context.store_id, [one.incoming.woo_id for one in rest])
    changes = _changes(rest, known)
    if changes:
        saved = await _book(tx, context, changes)
        await stock.save_effects(tx, context.store_id, saved)


def _held(settled: Records) -> list[stock.Effect]:
    return [
        stock.Effect(
            order_id=one.incoming.woo_id,
            line_id=line.id,
            woo_product_id=line.variation or line.product or 0,
            reduced_qty=line.reduced_stock,
        )
        for one in settled
        for line in one.incoming.theirs.lines
        if line.reduced_stock
    ]


def _changes(settled: Records, known: Mapping[Key, stock.Effect]) -> list[Change]:
    """Return the lines that hold another amount than is known; a line that is gone holds none."""
    changes = []
    seen: set[Key] = set()
    for one in settled:
        for line in one.incoming.theirs.lines:
            key = (one.incoming.woo_id, int(line.id))
            seen.add(key)
            before = known.get(key)
            more = money.canonical(line.reduced_stock - (before.reduced_qty if before else 0))
            if not more:
                continue
            woo_ids = tuple(i for i in (line.variation, line.product) if i)
            effect = stock.Effect(
                order_id=key[0],
                line_id=key[1],
                woo_product_id=woo_ids[0] if woo_ids else 0,
                reduced_qty=line.reduced_stock,
                warehouse_id=before.warehouse_id if before else None,
                version=before.version + 1 if before else 1,
            )
            changes.append(Change(effect, woo_ids, more))
    for key, before in known.items():
        if key not in seen and before.reduced_qty:
            gone = structs.replace(before, reduced_qty=Decimal(0), version=before.version + 1)
            changes.append(Change(gone, (before.woo_product_id,), -Decimal(before.reduced_qty)))
    return changes


async def _book(tx: Transaction, context: Context, changes: Sequence[Change]) -> list[stock.Effect]:
    """Move stock and expected levels; return the effects with the warehouses they took from."""
    counted = await _counted(tx, context, changes)
    found = sorted(set(counted.values()))
    known = await stock_links.load(tx, context.store_id, found) if found else {}
    places = await _places(tx, context, found)
    movements: list[stock.Movement] = []
    saved: list[stock.Effect] = []
    for change in changes:
        effect = change.effect
        product_id = next((counted[i] for i in change.woo_ids if i in counted), None)
        if product_id is not None:
            place = effect.warehouse_id or places.get(product_id, context.warehouses[0])
            effect = structs.replace(effect, warehouse_id=place)
            known[product_id] = known[product_id].moved(-change.more)
            movements.append(_movement(context, product_id, effect, change.more))
        saved.append(effect)
    if movements:
        await stock.news_of(tx, context.store_id)
        await stock.save_movements(tx, movements, actor=context.actor, now=context.clock())
        await stock_links.save(tx, known.values())
    return saved


def _movement(
    context: Context, product_id: int, effect: stock.Effect, more: Decimal
) -> stock.Movement:
    return stock.Movement(
        product_id=product_id,
        warehouse_id=effect.warehouse_id or context.warehouses[0],
        qty=-more,
        kind="sale" if more > 0 else "sale_returned",
        source_ref=f"store:{context.store_id}:order:{effect.order_id}:{effect.line_id}"
        f":{effect.version}",
        note=f"order {effect.order_id} holds {effect.reduced_qty:f}",
    )


async def _counted(tx: Transaction, context: Context, changes: Sequence[Change]) -> dict[int, int]:
    """Return the local product that counts the stock, by store id of product or variation.

    Where a variation does not count itself its parent does.
    """
    wanted = sorted({woo_id for change in changes for woo_id in change.woo_ids if woo_id})
    found = await stock_links.load_by_woo(tx, context.store_id, wanted)
    alone = [c.woo_ids[0] for c in changes if c.woo_ids and not any(i in found for i in c.woo_ids)]
    if alone:
        parents = await links.load_parents(tx, context.store_id, alone)
        of_parents = await stock_links.load_by_woo(
            tx, context.store_id, sorted(set(parents.values()))
        )
        for child, parent in parents.items():
            if parent in of_parents:
                found[child] = of_parents[parent]
    return found


async def _places(
    tx: Transaction, context: Context, product_ids: Sequence[int]
) -> Mapping[int, int]:
    """Return the warehouse each product is taken from, where it is not the first."""
    if len(context.warehouses) == 1 or not product_ids:
        return {}
    if context.stock.order_warehouse is stock_rules.OrderWarehouse.FIRST:
        return {}
    return await stock.load_fullest(tx, context.warehouses, product_ids)
