"""Where the next pull of an entity goes on; saved in the transaction of the rows it stands for."""

from typing import TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from woosync.postgres.tables import sync

T = TypeVar("T")


async def load(connection: AsyncConnection, store_id: int, entity: str, kind: type[T]) -> T | None:
    """Load the cursor as `kind`; None where there is none or an older version wrote it."""
    cursors = sync.cursors.c
    found = await connection.scalar(
        sa.select(sa.cast(cursors.position, sa.Text)).where(
            cursors.store_id == store_id, cursors.entity == entity
        )
    )
    if found is None:
        return None
    try:
        return msgspec.json.decode(found, type=kind)
    except msgspec.ValidationError:
        return None


async def save(connection: AsyncConnection, store_id: int, entity: str, position: object) -> None:
    """Save the cursor."""
    text = msgspec.json.encode(position).decode()
    new = postgresql.insert(sync.cursors).values(
        store_id=store_id, entity=entity, position=sa.cast(sa.literal(text), postgresql.JSONB)
    )
    await connection.execute(
        new.on_conflict_do_update(
            index_elements=["store_id", "entity"],
            set_={"position": new.excluded.position, "updated_at": sa.func.now()},
        )
    )
