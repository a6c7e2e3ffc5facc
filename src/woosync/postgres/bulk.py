"""Set-based writes: COPY straight into a table, or into a temporary one and update from it."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from woosync.postgres.engine import Transaction

Row = Sequence[object]


async def next_ids(tx: Transaction, table: str, amount: int) -> list[int]:
    """Draw `amount` primary keys from the table's sequence."""
    if not amount:
        return []
    # The sequence is looked up once, not for every number.
    found = await tx.execute(
        "SELECT nextval(own.seq) FROM (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS seq"
        " OFFSET 0) AS own, generate_series(1, %s)",
        (table, amount),
    )
    return [row[0] for row in await found.fetchall()]


async def copy(tx: Transaction, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows by COPY; JSONB values go as JSON in UTF-8.

    Raises psycopg.DataError also for what psycopg itself refuses to write.
    """
    chosen, whole = tuple(columns), list(rows)
    async with tx.cursor() as cursor:
        types = await _types(cursor, table, chosen)
        try:
            async with cursor.copy(_copying(table, chosen)) as target:
                target.set_types(types)
                for row in whole:
                    await target.write_row(row)
        except psycopg.Error:
            _TYPES.pop((table, chosen), None)  # a newer program may have changed the table
            raise
        except (AttributeError, OverflowError, TypeError, UnicodeEncodeError) as error:
            raise psycopg.DataError(f"a value does not fit into {table}: {error}") from error


#: The types of columns, asked once a process.
_TYPES: dict[tuple[str, tuple[str, ...]], list[int]] = {}


async def _types(
    cursor: psycopg.AsyncCursor[Any], table: str, columns: tuple[str, ...]
) -> list[int]:
    types = _TYPES.get((table, columns))
    if types is None:
        nothing = sql.SQL("SELECT {} FROM {} WHERE false")
        found = await cursor.execute(nothing.format(_names(columns), sql.Identifier(table)))
        types = _TYPES[table, columns] = [column.type_code for column in found.description or ()]
    return types


def _names(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


@lru_cache
def _copying(table: str, columns: tuple[str, ...]) -> bytes:
    # The binary format needs no look at every character of the JSON.
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)")
    return statement.format(sql.Identifier(table), _names(columns)).as_bytes(None)


async def stage(tx: Transaction, table: str, columns: Sequence[str], rows: Iterable[Row]) -> str:
    """COPY rows into a temporary table with the named columns of `table`; return its name."""
    name = f"stage_{table}"
    await tx.execute(sql.SQL("DROP TABLE IF EXISTS pg_temp.{}").format(sql.Identifier(name)))
    await tx.execute(
        sql.SQL(
            "CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA"
        ).format(sql.Identifier(name), _names(columns), sql.Identifier(table))
    )
    await copy(tx, name, columns, rows)
    return name


async def update(
    tx: Transaction,
    table: str,
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    keys: Sequence[str],
    expressions: Mapping[str, LiteralString] | None = None,
) -> None:
    """Update rows found by `keys` in one statement.

    `expressions` gives SQL for a column where the plain new value will not do; in it `old` is
    the table and `new` the incoming row.
    """
    if not rows:
        return
    name = await stage(tx, table, columns, rows)
    given = expressions or {}
    changed = [column for column in columns if column not in keys]
    changed += [column for column in given if column not in columns]
    sets = [
        sql.SQL("{} = {}").format(
            sql.Identifier(column),
            sql.SQL(given[column])
            if column in given
            else sql.SQL("new.{}").format(sql.Identifier(column)),
        )
        for column in changed
    ]
    match = [sql.SQL("old.{0} = new.{0}").format(sql.Identifier(key)) for key in keys]
    await tx.execute(
        sql.SQL("UPDATE {} AS old SET {} FROM {} AS new WHERE {}").format(
            sql.Identifier(table),
            sql.SQL(", ").join(sets),
            sql.Identifier(name),
            sql.SQL(" AND ").join(match),
        )
    )
