"""Custom fields in the metadata of back-office records, and what the stores last said of them."""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

import msgspec
from psycopg import sql as compose
from psycopg.types.json import Jsonb

from woosync.postgres.engine import Transaction

TABLES: Mapping[str, LiteralString] = {
    "customer": "customers",
    "product": "products",
    "variation": "products",
    "order": "purchase_orders",
}


class Metadata(msgspec.Struct, frozen=True):
    """A record's metadata without the stores' part, and this store's own JSON."""

    own: Mapping[str, Any]
    store: Mapping[str, Any]


async def load(
    tx: Transaction, entity: str, local_ids: Sequence[int], *, store_key: str
) -> dict[int, Metadata]:
    """Load the metadata of records by local id."""
    statement = compose.SQL(
        "SELECT id, metadata - 'woocommerce', coalesce(metadata->'woocommerce'->%s, '{{}}')"
        " FROM {} WHERE id = ANY(%s::bigint[])"
    ).format(compose.Identifier(TABLES[entity]))
    found = await (await tx.execute(statement, (store_key, list(local_ids)))).fetchall()
    return {row[0]: Metadata(row[1], row[2]) for row in found}


async def load_some(
    tx: Transaction, entity: str, store_id: int, *, store_key: str, limit: int
) -> list[tuple[int, int, Metadata]]:
    """Load (local id, store id, metadata) of the linked records edited last."""
    statement = compose.SQL(
        "SELECT own.id, known.woo_id, own.metadata - 'woocommerce',"
        " coalesce(own.metadata->'woocommerce'->%s, '{{}}')"
        " FROM {} AS own JOIN links AS known ON known.local_id = own.id"
        " AND known.entity = %s AND known.store_id = %s"
        " WHERE known.tombstoned_at IS NULL ORDER BY own.updated_at DESC, own.id DESC LIMIT %s"
    ).format(compose.Identifier(TABLES[entity]))
    found = await tx.execute(statement, (store_key, entity, store_id, limit))
    return [(row[0], row[1], Metadata(row[2], row[3])) for row in await found.fetchall()]


async def save(
    tx: Transaction, entity: str, changes: Sequence[tuple[int, Mapping[str, Any]]]
) -> None:
    """Write the metadata of records; the stores' part stays as it is."""
    statement = compose.SQL("UPDATE {} SET metadata = metadata || %s WHERE id = %s").format(
        compose.Identifier(TABLES[entity])
    )
    async with tx.cursor() as cursor:
        await cursor.executemany(
            statement, [(Jsonb(dict(own)), local_id) for local_id, own in changes]
        )
