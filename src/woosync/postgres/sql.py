"""Reading rows: what the modules of this package say most often."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, LiteralString

from psycopg import sql
from psycopg.rows import dict_row

from woosync.postgres.engine import Transaction

Params = Sequence[Any] | Mapping[str, Any] | None


def spellings(texts: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return (lower, spelling) pairs in two lists, to find texts whatever their capitals.

    What lower() makes of letters beyond ASCII is a matter of the database's locale (C
    leaves "Ä" as it is), so both spellings are asked for, and both sides lowered there.
    """
    wanted = sorted({text.lower() for text in texts} - {""})
    pairs = [
        (text, spelling)
        for text in wanted
        for spelling in ((text,) if text.isascii() else (text, text.upper()))
        if spelling.lower() == text  # not so with "ß", whose capitals are others' small letters
    ]
    return [text for text, _ in pairs], [spelling for _, spelling in pairs]


async def rows(tx: Transaction, statement: LiteralString, params: Params = None) -> list[Any]:
    """Return all rows as tuples."""
    return await (await tx.execute(statement, params)).fetchall()


async def value(tx: Transaction, statement: LiteralString, params: Params = None) -> Any:
    """Return the first column of the first row, None without a row."""
    row = await (await tx.execute(statement, params)).fetchone()
    return None if row is None else row[0]


async def mappings(
    tx: Transaction, statement: LiteralString, params: Params = None
) -> list[dict[str, Any]]:
    """Return all rows by column name."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, params)
        return await cursor.fetchall()


async def filtered(
    tx: Transaction,
    select: LiteralString,
    wanted: Mapping[str, Any],
    tail: LiteralString,
    *,
    limit: int,
) -> list[dict[str, Any]]:
    """Return rows where every column of `wanted` that is not None has its value.

    `select` ends before WHERE, `tail` begins with ORDER BY and ends before LIMIT.
    """
    chosen = {column: value for column, value in wanted.items() if value is not None}
    conditions = [
        sql.SQL("{} = {}").format(sql.Identifier(*column.split(".")), sql.Placeholder())
        for column in chosen
    ]
    where = sql.SQL(" WHERE ") + sql.SQL(" AND ").join(conditions) if conditions else sql.SQL("")
    statement = sql.SQL(select) + where + sql.SQL(" " + tail + " LIMIT ") + sql.Placeholder()
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, (*chosen.values(), limit))
        return await cursor.fetchall()
