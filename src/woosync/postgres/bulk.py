"""Set-based writes: COPY straight into a table, or into a temporary one and update from it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from psycopg import AsyncConnection as Driver
from psycopg import sql
from sqlalchemy.ext.asyncio import AsyncConnection

Row = Sequence[object]


async def driver(connection: AsyncConnection) -> Driver[Any]:
    """Return psycopg's own connection under SQLAlchemy's, in the same transaction."""
    raw = await connection.get_raw_connection()
    return raw.driver_connection  # type: ignore[return-value] # SQLAlchemy types it as object


async def next_ids(connection: AsyncConnection, table: sa.Table, amount: int) -> list[int]:
    """Draw `amount` primary keys from the table's sequence."""
    if not amount:
        return []
    async with (await driver(connection)).cursor() as cursor:
        await cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            (table.name, amount),
        )
        return [row[0] for row in await cursor.fetchall()]


async def copy(
    connection: AsyncConnection, table: str, columns: Sequence[str], rows: Iterable[Row]
) -> None:
    """Insert rows by COPY; JSONB values go as JSON text."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    async with (
        (await driver(connection)).cursor() as cursor,
        cursor.copy(statement) as target,
    ):
        for row in rows:
            await target.write_row(row)


async def stage(
    connection: AsyncConnection, table: sa.Table, columns: Sequence[str], rows: Iterable[Row]
) -> str:
    """COPY rows into a temporary table with the named columns of `table`; return its name."""
    name = f"stage_{table.name}"
    chosen = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL(
        "CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA"
    ).format(sql.Identifier(name), chosen, sql.Identifier(table.name))
    async with (await driver(connection)).cursor() as cursor:
        await cursor.execute(
            sql.SQL("DROP TABLE IF EXISTS pg_temp.{}").format(sql.Identifier(name))
        )
        await cursor.execute(statement)
    await copy(connection, name, columns, rows)
    return name


async def update(
    connection: AsyncConnection,
    table: sa.Table,
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    keys: Sequence[str],
    expressions: Mapping[str, str] | None = None,
) -> None:
    """Update rows found by `keys` in one statement.

    `expressions` gives SQL for a column where the plain new value will not do; in it `old` is
    the table and `new` the incoming row.
    """
    if not rows:
        return
    name = await stage(connection, table, columns, rows)
    given = expressions or {}
    sets = [
        sql.SQL("{} = {}").format(
            sql.Identifier(column),
            sql.SQL(given.get(column, ""))
            if column in given
            else sql.SQL("new.{}").format(sql.Identifier(column)),
        )
        for column in [
            *(c for c in columns if c not in keys),
            *(c for c in given if c not in columns),
        ]
    ]
    match = sql.SQL(" AND ").join(
        sql.SQL("old.{0} = new.{0}").format(sql.Identifier(key)) for key in keys
    )
    async with (await driver(connection)).cursor() as cursor:
        await cursor.execute(
            sql.SQL("UPDATE {} AS old SET {} FROM {} AS new WHERE {}").format(
                sql.Identifier(table.name),
                sql.SQL(", ").join(sets),
                sql.Identifier(name),
                match,
            )
        )
