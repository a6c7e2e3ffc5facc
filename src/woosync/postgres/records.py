"""Reading and writing back-office records in bulk, the same way for every noun."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec
from psycopg import sql
from psycopg.rows import dict_row

from woosync.postgres import bulk
from woosync.postgres.engine import Transaction
from woosync.postgres.shape import Shape

T = TypeVar("T", bound=msgspec.Struct)

# New metadata of one store goes beside that of the others.
MERGED_METADATA = (
    "old.metadata || jsonb_build_object('woocommerce',"
    " coalesce(old.metadata->'woocommerce', '{}') || (new.metadata->'woocommerce'))"
)


class Saved(msgspec.Struct, Generic[T], frozen=True):
    """A record as it stands here, and when somebody other than the sync last wrote it, if ever."""

    record: T
    edited_at: datetime | None


class Row(msgspec.Struct, Generic[T], frozen=True):
    """A record to write; `metadata` is JSON, `extra` goes into further columns."""

    local_id: int
    record: T
    metadata: bytes
    extra: tuple[object, ...] = ()


class Shelf(msgspec.Struct, Generic[T], frozen=True):
    """A table of records and their shape; `extra` names columns besides the shape's."""

    table: str
    shape: Shape[T]
    extra: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Name the columns that are written."""
        return ("id", *self.shape.names, "metadata", *self.extra)

    def rows(self, rows: Iterable[Row[T]]) -> list[tuple[object, ...]]:
        """Return the values of `columns`."""
        return [(r.local_id, *self.shape.row(r.record), r.metadata, *r.extra) for r in rows]

    async def load(self, tx: Transaction, ids: Sequence[int]) -> dict[int, Saved[T]]:
        """Load records by local id."""
        mappings = await self.load_rows(tx, ids)
        return {row["id"]: Saved(self.shape.record(row), row["edited_at"]) for row in mappings}

    async def hold(self, tx: Transaction, ids: Sequence[int]) -> None:
        """Let nobody else write these records until the transaction ends.

        Whoever is writing one is waited for; what is loaded next is as they left it.
        """
        if ids:
            statement = sql.SQL(
                "SELECT FROM {} WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE"
            ).format(sql.Identifier(self.table))
            await tx.execute(statement, (list(ids),))

    async def load_rows(self, tx: Transaction, ids: Sequence[int]) -> list[dict[str, Any]]:
        """Load the rows themselves, by column name."""
        if not ids:
            return []
        statement = sql.SQL("SELECT {} FROM {} WHERE id = ANY(%s::bigint[])").format(
            sql.SQL(", ").join(map(sql.Identifier, ("id", *self.shape.names, "edited_at"))),
            sql.Identifier(self.table),
        )
        async with tx.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(statement, (list(ids),))
            return await cursor.fetchall()

    async def next_ids(self, tx: Transaction, amount: int) -> list[int]:
        """Draw local ids for new records."""
        return await bulk.next_ids(tx, self.table, amount)

    async def save_new(self, tx: Transaction, rows: Sequence[Row[T]]) -> None:
        """Insert records."""
        if rows:
            await bulk.copy(tx, self.table, self.columns, self.rows(rows))

    async def save_changed(self, tx: Transaction, rows: Sequence[Row[T]]) -> None:
        """Update records; one that was deleted here stays so."""
        await bulk.update(
            tx,
            self.table,
            self.columns,
            self.rows(rows),
            keys=("id",),
            expressions={"metadata": MERGED_METADATA},
        )

    async def save_restored(self, tx: Transaction, ids: Sequence[int]) -> None:
        """Bring soft-deleted records back."""
        statement = sql.SQL("UPDATE {} SET deleted_at = NULL WHERE id = ANY(%s::bigint[])").format(
            sql.Identifier(self.table)
        )
        await tx.execute(statement, (list(ids),))

    async def save_deleted(self, tx: Transaction, ids: Sequence[int], *, now: datetime) -> None:
        """Soft-delete records."""
        statement = sql.SQL(
            "UPDATE {} SET deleted_at = %s WHERE id = ANY(%s::bigint[]) AND deleted_at IS NULL"
        ).format(sql.Identifier(self.table))
        await tx.execute(statement, (now, list(ids)))
