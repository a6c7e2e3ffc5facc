"""Show what a mapping of custom fields does to records that are here; asks no store."""

from collections.abc import Sequence

import msgspec

from woosync.mapping import custom
from woosync.postgres import custom as metadata
from woosync.postgres import stores
from woosync.postgres.engine import Database


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A rule on a record: what is here, what the store last showed, and what would happen.

    `sends` is what the store would get, `takes` what would come here, `problem` why neither can.
    """

    entity: str
    local_id: int
    woo_id: int
    source: str
    target: str
    here: object
    store: object
    sends: object = None
    takes: object = None
    problem: str = ""


async def preview(
    database: Database, store: stores.Store, rules: Sequence[custom.Rule], *, limit: int
) -> list[Line]:
    """Try rules on the `limit` records edited last of each kind that they speak of."""
    lines: list[Line] = []
    async with database.transaction() as tx:
        for entity in dict.fromkeys(rule.entity for rule in rules):
            found = await metadata.load_some(
                tx, entity.value, store.id, store_key=store.key, limit=limit
            )
            lines += [_line(rule, one) for one in found for rule in rules if rule.entity is entity]
    return lines


def _line(rule: custom.Rule, one: tuple[int, int, metadata.Metadata]) -> Line:
    local_id, woo_id, known = one
    here, there = custom.here(rule, known.own), custom.there(rule, known.store)
    sends = takes = None
    problem = ""
    try:
        if rule.direction is not custom.Direction.PULL:
            sends = custom.to_store(rule, here)
        if rule.direction is not custom.Direction.PUSH and here is None:
            takes = custom.to_here(rule, there)
    except ValueError as error:
        problem = str(error)
    return Line(
        entity=rule.entity.value,
        local_id=local_id,
        woo_id=woo_id,
        source=rule.source,
        target=rule.target,
        here=here,
        store=there,
        sends=None if sends == there else sends,
        takes=takes,
        problem=problem,
    )
