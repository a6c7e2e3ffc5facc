"""The stores: address, encrypted credentials, settings, capabilities."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from woosync import errors
from woosync.postgres.tables import back_office, sync

DEFAULT_WAREHOUSE = "MAIN"
DEFAULT_SUPPLIER = "WooCommerce"


class UnknownStoreError(errors.RefusedError):
    """No store has this key."""


class StoreExistsError(errors.RefusedError):
    """A store of this key exists already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A store as saved; the credentials are ciphertext."""

    id: int
    key: str
    name: str
    url: str
    state: str
    consumer_key: bytes
    consumer_secret: bytes
    webhook_secret: bytes | None
    auth_mode: str
    ca_file: str
    allow_private: bool
    warehouse_id: int
    settings: Mapping[str, object]
    capabilities: Mapping[str, object]
    fingerprint: str


FIELDS = tuple(Store.__dataclass_fields__)
LIVE = sync.stores.c.state != "removed"


async def _default_row(
    connection: AsyncConnection, table: sa.Table, found: sa.ColumnElement[bool], **values: object
) -> int:
    known = await connection.scalar(sa.select(table.c.id).where(found))
    if known is None:
        await connection.execute(postgresql.insert(table).values(**values).on_conflict_do_nothing())
        known = await connection.scalar(sa.select(table.c.id).where(found))
    return int(known or 0)


async def save_default_warehouse(connection: AsyncConnection) -> int:
    """Return the default warehouse, made on first need."""
    table = back_office.warehouses
    return await _default_row(
        connection,
        table,
        table.c.is_default,
        code=DEFAULT_WAREHOUSE,
        name="Main warehouse",
        is_default=True,
    )


async def save_default_supplier(connection: AsyncConnection) -> int:
    """Return the supplier that pulled products belong to, made on first need."""
    table = back_office.suppliers
    return await _default_row(
        connection, table, table.c.name == DEFAULT_SUPPLIER, name=DEFAULT_SUPPLIER
    )


async def load(connection: AsyncConnection, key: str) -> Store:
    """Load a store by key; raises UnknownStoreError."""
    query = sa.select(*(sync.stores.c[name] for name in FIELDS))
    found = (await connection.execute(query.where(sync.stores.c.key == key, LIVE))).mappings()
    row = found.first()
    if row is None:
        raise UnknownStoreError(
            f"There is no store with the key {key!r}.",
            remedy="`woosync stores list` shows the stores; `woosync stores add` adds one.",
        )
    return Store(**row)


async def load_all(connection: AsyncConnection) -> list[Store]:
    """Load all stores, oldest first."""
    query = sa.select(*(sync.stores.c[name] for name in FIELDS)).where(LIVE)
    rows = (await connection.execute(query.order_by(sync.stores.c.id))).mappings()
    return [Store(**row) for row in rows]


async def save_new(connection: AsyncConnection, key: str, values: Mapping[str, object]) -> Store:
    """Save a new store; raises StoreExistsError."""
    warehouse = await save_default_warehouse(connection)
    made = await connection.scalar(
        postgresql.insert(sync.stores)
        .values(key=key, warehouse_id=warehouse, **values)
        .on_conflict_do_nothing()
        .returning(sync.stores.c.id)
    )
    if made is None:
        raise StoreExistsError(
            f"A store with the key {key!r} exists already.",
            remedy="Choose another key, or `woosync stores remove` the old one first.",
        )
    return await load(connection, key)


async def save(connection: AsyncConnection, store_id: int, values: Mapping[str, object]) -> None:
    """Change columns of a store."""
    await connection.execute(
        sync.stores.update()
        .where(sync.stores.c.id == store_id)
        .values(**values, updated_at=sa.func.now())
    )
