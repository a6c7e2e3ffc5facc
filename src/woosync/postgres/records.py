"""Reading and writing back-office records in bulk, the same way for every noun."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from woosync.postgres import bulk, links
from woosync.postgres.shape import Shape

T = TypeVar("T")

# New metadata of one store goes beside that of the others.
MERGED_METADATA = (
    "old.metadata || jsonb_build_object('woocommerce',"
    " coalesce(old.metadata->'woocommerce', '{}') || (new.metadata->'woocommerce'))"
)


@dataclass(frozen=True, slots=True)
class Saved(Generic[T]):
    """A record as it stands here, and when it last changed."""

    record: T
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """A record to write; `metadata` is JSON text, `extra` goes into further columns."""

    local_id: int
    record: T
    metadata: str
    extra: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Shelf(Generic[T]):
    """A table of records and their shape; `extra` names columns besides the shape's."""

    table: sa.Table
    shape: Shape[T]
    extra: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Name the columns that are written."""
        return ("id", *self.shape.names, "metadata", *self.extra)

    def rows(self, rows: Iterable[Row[T]]) -> list[tuple[object, ...]]:
        """Return the values of `columns`."""
        return [(r.local_id, *self.shape.row(r.record), r.metadata, *r.extra) for r in rows]

    async def load(self, connection: AsyncConnection, ids: Sequence[int]) -> dict[int, Saved[T]]:
        """Load records by local id."""
        mappings = await self.load_rows(connection, ids)
        return {row["id"]: Saved(self.shape.record(row), row["updated_at"]) for row in mappings}

    async def load_rows(
        self, connection: AsyncConnection, ids: Sequence[int]
    ) -> Sequence[sa.RowMapping]:
        """Load the rows themselves, by column name."""
        if not ids:
            return []
        chosen = [self.table.c[name] for name in ("id", *self.shape.names, "updated_at")]
        query = sa.select(*chosen).where(links.among(self.table.c.id, ids))
        return (await connection.execute(query)).mappings().all()

    async def next_ids(self, connection: AsyncConnection, amount: int) -> list[int]:
        """Draw local ids for new records."""
        return await bulk.next_ids(connection, self.table, amount)

    async def save_new(self, connection: AsyncConnection, rows: Sequence[Row[T]]) -> None:
        """Insert records."""
        if rows:
            await bulk.copy(connection, self.table.name, self.columns, self.rows(rows))

    async def save_changed(self, connection: AsyncConnection, rows: Sequence[Row[T]]) -> None:
        """Update records; one that was soft-deleted comes back."""
        await bulk.update(
            connection,
            self.table,
            self.columns,
            self.rows(rows),
            keys=("id",),
            expressions={"metadata": MERGED_METADATA, "deleted_at": "NULL"},
        )

    async def save_deleted(
        self, connection: AsyncConnection, ids: Sequence[int], *, now: datetime
    ) -> None:
        """Soft-delete records."""
        await connection.execute(
            self.table.update()
            .where(links.among(self.table.c.id, ids), self.table.c.deleted_at.is_(None))
            .values(deleted_at=now)
        )
