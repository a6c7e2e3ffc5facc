"""Short ways to put rows into a database and to look at them."""

from collections.abc import Sequence
from datetime import UTC, datetime

from woosync.domain import ids
from woosync.postgres import engine, links

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


async def ask(tx: engine.Transaction, statement: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await (await tx.execute(statement)).fetchall()]


async def value(tx: engine.Transaction, statement: str) -> object:
    return (await ask(tx, statement))[0][0]


async def run(tx: engine.Transaction, statement: str) -> None:
    await tx.execute(statement)


async def add_products(tx: engine.Transaction, *skus: str | None) -> list[int]:
    """Insert a product for each SKU and return the ids."""
    made = []
    for sku in skus:
        text = "NULL" if sku is None else f"'{sku}'"
        statement = f"INSERT INTO products (name, sku) VALUES ('a thing', {text}) RETURNING id"
        made.append(int(str(await value(tx, statement))))
    return made


def state(woo_id: int, local_id: int, **changes: object) -> links.NewState:
    values: dict[str, object] = {
        "woo_id": woo_id,
        "local_id": local_id,
        "woo_parent_id": None,
        "wire_hash": b"hash",
        "base": b'{"name": "base"}',
        "woo_modified_at": NOW,
    }
    return links.NewState(**(values | changes))  # type: ignore[arg-type] # checked by the class


async def link(
    tx: engine.Transaction,
    store_id: int,
    entity: ids.Entity,
    pairs: Sequence[tuple[int, int]],
) -> None:
    """Link (store id, local id) pairs."""
    states = [state(woo_id, local_id) for woo_id, local_id in pairs]
    await links.save_new(tx, store_id, entity, states, now=NOW)
