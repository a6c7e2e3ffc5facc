"""Making, changing and deleting records one at a time, each with who did it and what was before.

A change names the version it was made from: one made from an older version is refused, so nobody
overwrites unseen what another has written. Writes go through the tables, so triggers see them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, LiteralString

import msgspec
from psycopg import sql as compose
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from woosync.domain import ids
from woosync.postgres import links, log, sql
from woosync.postgres.engine import Transaction
from woosync.postgres.nouns import errors, listing

#: The log belongs to stores by number; what happens here alone has none.
BACK_OFFICE = 0
#: What a caller may not write: it is the stores' own JSON.
STORES_METADATA = "woocommerce"
LINKED_STORES = """
SELECT DISTINCT store_id FROM links WHERE local_id = %s AND entity = ANY(%s::text[]) ORDER BY 1
"""
#: What the stores say stays as it is to the byte, whatever else of the metadata changes.
STORES_KEPT: LiteralString = (
    "{} = {}::jsonb || CASE WHEN metadata ? 'woocommerce'"
    " THEN jsonb_build_object('woocommerce', metadata -> 'woocommerce') ELSE '{{}}' END"
)
Values = Mapping[str, object]


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """Who edits, and when."""

    actor: str
    now: datetime


class Held(msgspec.Struct, frozen=True):
    """A record at the version that the caller has seen."""

    id: int
    version: int


class Noun(msgspec.Struct, frozen=True, kw_only=True):
    """A table of records that people edit; `name` is what one is called.

    `locks` are the kinds that a pull locks while it writes such records: an edit waits for it, so
    neither overwrites what it has not seen.
    `blockers` maps a sentence to a query that tells whether it holds for `%(id)s`.
    """

    name: str
    table: LiteralString
    listing: listing.Listing
    locks: tuple[ids.Entity, ...] = ()
    blockers: Mapping[str, LiteralString] | None = None


async def load(tx: Transaction, noun: Noun, local_id: int) -> dict[str, Any]:
    """Load a live record as the list shows it, with all its metadata; raises NotThereError."""
    shown = noun.listing
    statement = compose.SQL(
        "SELECT {columns}, {alias}.metadata AS metadata FROM {source} {joins}"
        " WHERE {alias}.id = %(id)s AND {alias}.deleted_at IS NULL"
    ).format(
        columns=shown.selected(),
        alias=compose.SQL(shown.alias),
        source=compose.SQL(shown.source),
        joins=compose.SQL(shown.joins),
    )
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, {"id": local_id})
        found = await cursor.fetchone()
    if found is None:
        raise not_there(noun, local_id)
    return found


async def hold(tx: Transaction, noun: Noun, held: Held) -> dict[str, Any]:
    """Lock a live record against stores and other editors and return its row.

    Raises NotThereError, and StaleError when it is not of this version any more.
    """
    await _lock_out_stores(tx, noun, held.id)
    statement = compose.SQL(
        "SELECT * FROM {} WHERE id = %s AND deleted_at IS NULL FOR UPDATE"
    ).format(compose.Identifier(noun.table))
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, (held.id,))
        row = await cursor.fetchone()
    if row is None:
        raise not_there(noun, held.id)
    if row["version"] != held.version:
        raise errors.StaleError(
            f"The {noun.name} {held.id} is at version {row['version']} now, not {held.version}.",
            remedy="Read it again, apply your change to what it says now, and send its new ETag.",
        )
    return row


async def lock_new(tx: Transaction, noun: Noun) -> None:
    """Lock out everybody else who adds such records, so that what is unique stays so."""
    if noun.locks:
        await links.lock(tx, 0, noun.locks)


async def save_new(tx: Transaction, noun: Noun, values: Values, edit: Edit) -> int:
    """Insert a record and return its id; the caller has checked what must be unique."""
    statement = compose.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
        compose.Identifier(noun.table),
        compose.SQL(", ").join(map(compose.Identifier, values)),
        compose.SQL(", ").join(map(compose.Placeholder, values)),
    )
    found = await (await tx.execute(statement, _adapted(values))).fetchone()
    local_id = int(found[0]) if found else 0
    await note(tx, told(noun, local_id, "local_created", after=values), edit)
    return local_id


async def save_changes(
    tx: Transaction, noun: Noun, row: Mapping[str, Any], values: Values, edit: Edit
) -> bool:
    """Write the columns that differ from the held row; tell whether any did."""
    changed = {column: value for column, value in values.items() if row[column] != value}
    if not changed:
        return False
    sets = [
        compose.SQL(STORES_KEPT if column == "metadata" else "{} = {}").format(
            compose.Identifier(column), compose.Placeholder(column)
        )
        for column in changed
    ]
    statement = compose.SQL("UPDATE {} SET {} WHERE id = {}").format(
        compose.Identifier(noun.table), compose.SQL(", ").join(sets), compose.Literal(row["id"])
    )
    await tx.execute(statement, _adapted(changed))
    before = {column: row[column] for column in changed}
    event = told(noun, row["id"], "local_updated", before=before, after=changed)
    await note(tx, event, edit)
    return True


async def save_deleted(tx: Transaction, noun: Noun, held: Held, edit: Edit) -> None:
    """Soft-delete a record; raises as `hold`, and InUseError while others depend on it."""
    await hold(tx, noun, held)
    local_id = held.id
    for sentence, query in (noun.blockers or {}).items():
        if await sql.value(tx, query, {"id": local_id}):
            raise errors.InUseError(
                f"The {noun.name} {local_id} cannot be deleted: {sentence}.",
                remedy="Change what depends on it first.",
            )
    statement = compose.SQL("UPDATE {} SET deleted_at = %s WHERE id = %s").format(
        compose.Identifier(noun.table)
    )
    await tx.execute(statement, (edit.now, local_id))
    await note(tx, told(noun, local_id, "local_deleted"), edit)


def told(
    noun: Noun,
    local_id: int,
    event: str,
    *,
    before: Values | None = None,
    after: Values | None = None,
) -> log.Event:
    """Return what the log is to say of a change."""
    return log.Event(
        entity=noun.name.replace(" ", "_"),
        event=event,
        local_id=local_id,
        before=_logged(before),
        after=_logged(after),
    )


async def note(tx: Transaction, event: log.Event, edit: Edit) -> None:
    """Write what was done into the log, in the transaction that does it."""
    await log.save(tx, BACK_OFFICE, [event], run_id=None, actor=edit.actor, now=edit.now)


def merged_metadata(row: Mapping[str, Any] | None, given: Values | None) -> dict[str, object]:
    """Return the metadata with the given keys laid over; null takes a key away.

    Raises UnfitError for the key that belongs to the stores.
    """
    if given and STORES_METADATA in given:
        raise errors.UnfitError(
            f"metadata.{STORES_METADATA} is what the stores say.", remedy="Leave it out."
        )
    whole = {**(row["metadata"] if row else {}), **(given or {})}
    return {key: value for key, value in whole.items() if value is not None}


def not_there(noun: Noun, local_id: int) -> errors.NotThereError:
    """Say that there is no such record."""
    return errors.NotThereError(
        f"There is no {noun.name} {local_id}.", remedy="The list shows which there are."
    )


async def require(tx: Transaction, table: LiteralString, local_id: object, *, field: str) -> None:
    """Raise UnfitError unless the field names a live record of the table; None is none."""
    if local_id is None:
        return
    statement = compose.SQL("SELECT 1 FROM {} WHERE id = %s AND deleted_at IS NULL").format(
        compose.Identifier(table)
    )
    if await (await tx.execute(statement, (local_id,))).fetchone() is None:
        raise errors.UnfitError(
            f"{field} {local_id} names no record.", remedy="Send the id of one that exists."
        )


async def refuse_taken(
    tx: Transaction, query: LiteralString, params: Sequence[object], *, sentence: str
) -> None:
    """Raise TakenError when the query finds another record; None as first value is no value."""
    if params[0] and (other := await sql.value(tx, query, params)) is not None:
        raise errors.TakenError(f"{sentence} (id {other}).", remedy="Change that one instead.")


async def _lock_out_stores(tx: Transaction, noun: Noun, local_id: int) -> None:
    """Wait for pulls that are writing such records: of the stores that know it, then of all."""
    if not noun.locks:
        return
    known = [entity.value for entity in noun.listing.known_as]
    for (store_id,) in await sql.rows(tx, LINKED_STORES, (local_id, known)):
        await links.lock(tx, store_id, noun.locks)
    await links.lock(tx, 0, noun.locks)


def _adapted(values: Values) -> dict[str, object]:
    return {
        column: Jsonb(value) if isinstance(value, dict | list) else value
        for column, value in values.items()
    }


def _logged(values: Values | None) -> dict[str, object] | None:
    """Return values as the log shows them: without the stores' own JSON, which is long."""
    if values is None:
        return None
    shown = {
        column: {key: one for key, one in value.items() if key != STORES_METADATA}
        if column == "metadata" and isinstance(value, dict)
        else format(value, "f")
        if isinstance(value, Decimal)
        else value
        for column, value in values.items()
    }
    return dict(msgspec.to_builtins(shown))
