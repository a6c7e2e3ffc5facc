"""Lists a page at a time: allow-listed filters and sorts, and a cursor that no insert shifts.

A cursor holds the place of the last row, not a number of rows: pages neither skip nor repeat.
"""

import base64
import binascii
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, LiteralString

import msgspec
from psycopg import sql
from psycopg.rows import dict_row

from woosync.domain import ids
from woosync.postgres.engine import Database, Transaction
from woosync.postgres.nouns import errors

#: Rows of a page, unless asked for otherwise, and at most.
PAGE, LARGEST_PAGE = 50, 500
LARGEST_CURSOR = 2_000
BIGINT = 2**63
#: A question that takes longer is given up: what it costs is bounded whatever it asks.
PATIENCE = "SET LOCAL statement_timeout = '15s'"
PLACE = "place_in_list"
STORES: LiteralString = """coalesce((
  SELECT jsonb_agg(jsonb_build_object('store', shop.key, 'wc_id', own.woo_id,
    'modified_at', own.woo_modified_at, 'synced_at', own.synced_at,
    'deleted_at', own.tombstoned_at) ORDER BY shop.id)
  FROM links AS own JOIN stores AS shop ON shop.id = own.store_id
  WHERE own.local_id = {alias}.id AND own.entity IN ({known}) AND shop.state <> 'removed'
), '[]') AS stores"""
KNOWN_TO: LiteralString = """EXISTS (
  SELECT FROM links AS own WHERE own.local_id = {alias}.id AND own.entity IN ({known})
  AND own.store_id = %(store_id)s AND own.tombstoned_at IS NULL)"""


class Sort(msgspec.Struct, frozen=True):
    """An order: an SQL expression that is never NULL, its type, and how a cursor reads it."""

    expression: LiteralString
    kind: LiteralString
    read: Callable[[str], object]


def by_time(expression: LiteralString) -> Sort:
    """Order by a moment."""
    return Sort(expression, "timestamptz", datetime.fromisoformat)


def by_text(expression: LiteralString) -> Sort:
    """Order by text, byte by byte, so that every database sorts alike."""
    return Sort(f'({expression}) COLLATE "C"', "text", _text)


def by_number(expression: LiteralString) -> Sort:
    """Order by a number."""
    return Sort(expression, "numeric", Decimal)


def _text(value: str) -> str:
    if "\0" in value:
        raise ValueError
    return value


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """What can be asked of a table.

    `columns` and `joins` see the rows of the page alone, under `alias`. `filters` are conditions
    by name; each finds its value under `%(name)s`. `keys` make an order total: unique bigints.
    `known_as`: what stores call such records; each row then has `stores`, a JSON list of which
    store knows it under which number, and the filter `store_id`.
    """

    source: LiteralString
    alias: LiteralString
    columns: LiteralString
    joins: LiteralString = ""
    keys: tuple[LiteralString, ...]
    sorts: Mapping[str, Sort]
    filters: Mapping[str, LiteralString] = msgspec.field(default_factory=dict)
    known_as: tuple[ids.Entity, ...] = ()

    def selected(self) -> sql.Composable:
        """Return what is selected of a row."""
        if not self.known_as:
            return sql.SQL(self.columns)
        return sql.SQL("{}, {}").format(sql.SQL(self.columns), self._of_stores(STORES))

    def condition(self, name: str) -> sql.Composable:
        """Return the condition of a filter."""
        if name == "store_id" and self.known_as:
            return self._of_stores(KNOWN_TO)
        return sql.SQL(self.filters[name])

    def _of_stores(self, text: LiteralString) -> sql.Composed:
        known = sql.SQL(", ").join(sql.Literal(entity.value) for entity in self.known_as)
        return sql.SQL(text).format(alias=sql.SQL(self.alias), known=known)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A page that is asked for: `sort` is a name, with a minus for descending; None filters not."""

    sort: str
    filters: Mapping[str, object] = msgspec.field(default_factory=dict)
    limit: int = PAGE
    cursor: str | None = None


class Page(msgspec.Struct, frozen=True):
    """Rows by column name, and the cursor of the next page if there is one."""

    rows: list[dict[str, Any]]
    next: str | None


@contextlib.asynccontextmanager
async def reading(database: Database) -> AsyncIterator[Transaction]:
    """Open a transaction that only reads, and that gives up what takes too long."""
    async with database.transaction() as tx:
        await tx.execute("SET TRANSACTION READ ONLY")
        await tx.execute(PATIENCE)
        yield tx


async def load_page(tx: Transaction, listing: Listing, question: Question) -> Page:
    """Load a page; raises UnfitError for a sort, filter or cursor that there is not."""
    name, descending = question.sort.removeprefix("-"), question.sort.startswith("-")
    sort = listing.sorts.get(name)
    limit = min(max(question.limit, 1), LARGEST_PAGE)
    if sort is None:
        raise errors.UnfitError(
            "The list cannot be sorted so.", remedy=f"Sort by {', '.join(listing.sorts)}."
        )
    given = {key: value for key, value in question.filters.items() if value is not None}
    conditions = [listing.condition(key) for key in given]
    if question.cursor is not None:
        conditions.append(sql.SQL(_beyond(listing, sort, descending=descending)))
        given |= _place(question, listing, sort)
    statement = _statement(listing, sort, conditions, descending=descending)
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, given | {"page_size": limit + 1})
        rows = await cursor.fetchall()
    places = [(row.pop(PLACE), *(row.pop(f"{PLACE}_{n}") for n in _each(listing))) for row in rows]
    more = len(rows) > limit
    return Page(rows[:limit], _cursor(question.sort, places[limit - 1]) if more else None)


def _each(listing: Listing) -> range:
    return range(len(listing.keys))


def _statement(
    listing: Listing, sort: Sort, conditions: Sequence[sql.Composable], *, descending: bool
) -> sql.Composed:
    direction: LiteralString = " DESC" if descending else " ASC"
    where = sql.SQL("WHERE {}").format(sql.SQL(" AND ").join(conditions or [sql.SQL("true")]))
    order: LiteralString = ", ".join(one + direction for one in (sort.expression, *listing.keys))
    places: LiteralString = ", ".join(
        f"{key} AS {PLACE}_{number}" for number, key in enumerate(listing.keys)
    )
    return sql.SQL(
        "SELECT {columns}, {sort} AS {place}, {places} FROM (SELECT {alias}.* FROM {source} {where}"
        " ORDER BY {order} LIMIT %(page_size)s) AS {alias} {joins} ORDER BY {order}"
    ).format(
        columns=listing.selected(),
        sort=sql.SQL(sort.expression),
        place=sql.SQL(PLACE),
        places=sql.SQL(places),
        alias=sql.SQL(listing.alias),
        source=sql.SQL(listing.source),
        where=where,
        order=sql.SQL(order),
        joins=sql.SQL(listing.joins),
    )


def _beyond(listing: Listing, sort: Sort, *, descending: bool) -> LiteralString:
    """Return the condition that a row lies beyond the cursor's place."""
    sides: LiteralString = ", ".join((sort.expression, *listing.keys))
    marks: LiteralString = ", ".join(f"%({PLACE}_{number})s::bigint" for number in _each(listing))
    than: LiteralString = "<" if descending else ">"
    return f"({sides}) {than} (%({PLACE})s::{sort.kind}, {marks})"


def _cursor(sort: str, place: tuple[Any, ...]) -> str:
    value, *keys = place
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    packed = msgspec.json.encode([sort, text, *keys])
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _place(question: Question, listing: Listing, sort: Sort) -> dict[str, object]:
    """Read the cursor; raises UnfitError when it is none of this list's."""
    try:
        text = question.cursor or ""
        if len(text) > LARGEST_CURSOR:
            raise ValueError  # noqa: TRY301 - all that is wrong with a cursor ends alike
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        known, value, *keys = msgspec.json.decode(packed, type=list[str | int])
        if known != question.sort or not isinstance(value, str) or not _are_keys(listing, keys):
            raise ValueError  # noqa: TRY301 - as above
        place = {PLACE: sort.read(value)}
    except (ValueError, binascii.Error, InvalidOperation, msgspec.MsgspecError):
        raise errors.UnfitError(
            "The cursor is not one of this list and order.",
            remedy="Take the cursor from the answer before, with the same sort; or begin anew "
            "without one.",
        ) from None
    return place | {f"{PLACE}_{number}": key for number, key in enumerate(keys)}


def _are_keys(listing: Listing, keys: Sequence[object]) -> bool:
    fit = all(isinstance(key, int) and abs(key) < BIGINT for key in keys)
    return fit and len(keys) == len(listing.keys)


def containing(text: str | None) -> str | None:
    """Return the LIKE pattern of values that contain the text, in which nothing is a wildcard."""
    if text is None:
        return None
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
