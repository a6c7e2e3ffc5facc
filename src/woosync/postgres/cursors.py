"""Where the next pull of an entity goes on; saved in the transaction of the rows it stands for."""

from typing import TypeVar

import msgspec

from woosync.postgres import sql
from woosync.postgres.engine import Transaction

T = TypeVar("T")

LOAD = "SELECT position::text FROM cursors WHERE store_id = %s AND entity = %s"
SAVE = """
INSERT INTO cursors (store_id, entity, position) VALUES (%s, %s, %s)
ON CONFLICT (store_id, entity) DO UPDATE SET position = excluded.position, updated_at = now()
"""
MARK_DUE = """
INSERT INTO cursors AS known (store_id, entity, position) VALUES (%s, %s, '{"due": true}')
ON CONFLICT (store_id, entity) DO UPDATE SET
  position = known.position || '{"due": true}', updated_at = now()
"""


async def load(tx: Transaction, store_id: int, entity: str, kind: type[T]) -> T | None:
    """Load the cursor as `kind`; None where there is none or an older version wrote it."""
    found = await sql.value(tx, LOAD, (store_id, entity))
    if found is None:
        return None
    try:
        return msgspec.json.decode(found, type=kind)
    except msgspec.ValidationError:
        return None


async def save(tx: Transaction, store_id: int, entity: str, position: object) -> None:
    """Save the cursor."""
    await tx.execute(SAVE, (store_id, entity, msgspec.json.encode(position).decode()))


async def mark_due(tx: Transaction, store_id: int, entity: str) -> None:
    """Note that saved rows have belongings to be seen to, whatever else the cursor says by now."""
    await tx.execute(MARK_DUE, (store_id, entity))
