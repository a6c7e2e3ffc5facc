"""Stock that people move: adjusted, transferred, counted. Nothing here writes a level.

An act names its cause (`source_ref`): the same cause again changes nothing and answers alike,
also when both arrive at once, and a cause that was used for another act is refused. Levels are
locked while an act is decided, so two that fit only one at a time do not both go through.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from woosync.postgres import sql
from woosync.postgres.engine import Transaction
from woosync.postgres.nouns import editing, errors

ZERO = Decimal(0)
PRODUCT = "SELECT manage_stock FROM products WHERE id = %s AND deleted_at IS NULL"
WAREHOUSE = """
SELECT id FROM warehouses
WHERE deleted_at IS NULL AND CASE WHEN %(code)s::text IS NULL THEN is_default ELSE code = %(code)s
  END
"""
# A level that there is not yet is made, so that there is a row to lock.
MAKE_LEVELS = """
INSERT INTO inventory (product_id, warehouse_id)
SELECT %s, id FROM unnest(%s::bigint[]) AS wanted (id) ORDER BY id ON CONFLICT DO NOTHING
"""
LOCK_LEVELS = """
SELECT warehouse_id, on_hand FROM inventory
WHERE product_id = %s AND warehouse_id = ANY(%s::bigint[]) ORDER BY warehouse_id FOR UPDATE
"""
KNOWN = """
SELECT source_ref, product_id, warehouse_id, qty, kind, note FROM inventory_movements
WHERE source_ref = ANY(%s::text[])
"""
SAVE = """
INSERT INTO inventory_movements
  (product_id, warehouse_id, qty, kind, source_ref, actor, note, at)
SELECT %(product)s, new.warehouse, new.qty, %(kind)s, new.ref, %(actor)s, %(note)s, %(now)s
FROM unnest(%(warehouses)s::bigint[], %(quantities)s::numeric[], %(refs)s::text[])
  AS new (warehouse, qty, ref)
ON CONFLICT (source_ref) DO NOTHING
"""
SAVED = """
SELECT move.id, move.product_id, item.sku, place.code AS warehouse, move.qty, move.kind,
  move.source_ref, move.actor, move.note, move.at
FROM inventory_movements AS move JOIN products AS item ON item.id = move.product_id
JOIN warehouses AS place ON place.id = move.warehouse_id
WHERE move.source_ref = ANY(%s::text[]) ORDER BY move.id
"""


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody does to the stock of a product; `warehouse` None is the default one."""

    product_id: int
    warehouse: str | None
    source_ref: str
    note: str = ""


class Done(msgspec.Struct, frozen=True):
    """The movements of an act; `repeated` when it had been done before."""

    movements: list[dict[str, Any]]
    repeated: bool


class Part(msgspec.Struct, frozen=True):
    """A movement to be: `qty` None is known only once the level is locked (a count)."""

    warehouse_id: int
    source_ref: str
    qty: Decimal | None


async def adjust(
    tx: Transaction,
    act: Act,
    qty: Decimal,
    *,
    kind: str,
    may_go_below_zero: bool,
    edit: editing.Edit,
) -> Done:
    """Book a change of `qty`; raises UnfitError, TakenError, and InUseError below zero."""
    await _check_product(tx, act.product_id)
    place = await _warehouse(tx, act.warehouse)
    levels = await _locked(tx, act.product_id, [place])
    parts = [Part(place, act.source_ref, qty)]
    if await _is_known(tx, act, kind, parts):
        return Done(await _saved(tx, parts), repeated=True)
    if qty < 0 and not may_go_below_zero:
        _check_enough(levels[place], -qty)
    return await _book(tx, act, kind, parts, edit)


async def transfer(
    tx: Transaction, act: Act, qty: Decimal, *, to_warehouse: str, edit: editing.Edit
) -> Done:
    """Book `qty` out of one warehouse and into another, both or neither; raises as `adjust`."""
    await _check_product(tx, act.product_id)
    source, goal = await _warehouse(tx, act.warehouse), await _warehouse(tx, to_warehouse)
    if source == goal:
        raise errors.UnfitError(
            "A transfer goes from one warehouse to another.", remedy="Name two different ones."
        )
    levels = await _locked(tx, act.product_id, [source, goal])
    parts = [
        Part(source, f"{act.source_ref}:out", -qty),
        Part(goal, f"{act.source_ref}:in", qty),
    ]
    if await _is_known(tx, act, "transfer", parts):
        return Done(await _saved(tx, parts), repeated=True)
    _check_enough(levels[source], qty)
    return await _book(tx, act, "transfer", parts, edit)


async def count(tx: Transaction, act: Act, counted: Decimal, *, edit: editing.Edit) -> Done:
    """Book what makes the level the counted quantity, which may be nothing; raises as `adjust`."""
    await _check_product(tx, act.product_id)
    place = await _warehouse(tx, act.warehouse)
    levels = await _locked(tx, act.product_id, [place])
    said = f"counted {format(counted, 'f')}" + (f": {act.note}" if act.note else "")
    known = Act(
        product_id=act.product_id, warehouse=act.warehouse, source_ref=act.source_ref, note=said
    )
    if await _is_known(tx, known, "count", [Part(place, act.source_ref, None)]):
        return Done(await _saved(tx, [Part(place, act.source_ref, None)]), repeated=True)
    parts = [Part(place, act.source_ref, counted - levels[place])]
    return await _book(tx, known, "count", parts, edit)


async def _check_product(tx: Transaction, product_id: int) -> None:
    manages = await sql.value(tx, PRODUCT, (product_id,))
    if manages is None:
        raise errors.UnfitError(
            f"productId {product_id} names no product.", remedy="Send the id of one that exists."
        )
    if manages == "parent":
        raise errors.UnfitError(
            f"The stock of product {product_id} is counted at its parent.",
            remedy="Send the parent's id.",
        )


async def _warehouse(tx: Transaction, code: str | None) -> int:
    found = await sql.value(tx, WAREHOUSE, {"code": code})
    if found is None:
        named = "default warehouse" if code is None else f"warehouse {code!r}"
        raise errors.UnfitError(
            f"There is no {named}.", remedy="/api/warehouses shows which there are."
        )
    return int(found)


async def _locked(tx: Transaction, product_id: int, places: Sequence[int]) -> dict[int, Decimal]:
    """Lock the levels, always in one order, and return them by warehouse."""
    await tx.execute(MAKE_LEVELS, (product_id, list(places)))
    return dict(await sql.rows(tx, LOCK_LEVELS, (product_id, list(places))))


async def _is_known(tx: Transaction, act: Act, kind: str, parts: Sequence[Part]) -> bool:
    """Tell whether this very act was done before; raises TakenError if it was another."""
    found = await sql.rows(tx, KNOWN, ([part.source_ref for part in parts],))
    wanted = {part.source_ref: part for part in parts}
    for ref, product_id, place, qty, known_kind, note in found:
        part = wanted[ref]
        same = (product_id, place, known_kind, note) == (
            act.product_id,
            part.warehouse_id,
            kind,
            act.note,
        )
        if not same or part.qty not in {None, qty}:
            raise _used(act)
    return bool(found)


def _used(act: Act) -> errors.TakenError:
    return errors.KeyUsedError(
        f"{act.source_ref} names another movement that was booked before.",
        remedy="Take a new Idempotency-Key or sourceRef for each act.",
    )


def _check_enough(on_hand: Decimal, wanted: Decimal) -> None:
    if on_hand < wanted:
        raise errors.InUseError(
            f"Only {format(on_hand, 'f')} are on hand.",
            remedy="Count the stock, or send less.",
        )


async def _book(
    tx: Transaction, act: Act, kind: str, parts: Sequence[Part], edit: editing.Edit
) -> Done:
    saved = await tx.execute(
        SAVE,
        {
            "product": act.product_id,
            "kind": kind,
            "actor": edit.actor,
            "note": act.note,
            "now": edit.now,
            "warehouses": [part.warehouse_id for part in parts],
            "quantities": [part.qty for part in parts],
            "refs": [part.source_ref for part in parts],
        },
    )
    if saved.rowcount != len(parts):  # at the same moment, for another product
        raise _used(act)
    return Done(await _saved(tx, parts), repeated=False)


async def _saved(tx: Transaction, parts: Sequence[Part]) -> list[dict[str, Any]]:
    return await sql.mappings(tx, SAVED, ([part.source_ref for part in parts],))
