"""The stores: address, encrypted credentials, settings, capabilities."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from psycopg import sql as compose
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from woosync import errors
from woosync.postgres import sql
from woosync.postgres.engine import Transaction

DEFAULT_WAREHOUSE = "MAIN"
DEFAULT_SUPPLIER = "WooCommerce"


class UnknownStoreError(errors.RefusedError):
    """No store has this key."""


class StoreExistsError(errors.RefusedError):
    """A store of this key exists already."""


class ShopTakenError(errors.RefusedError):
    """Another store stands for this shop already."""

    exit_code = 78


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """A store as saved; the credentials are ciphertext."""

    id: int
    key: str
    name: str
    url: str
    state: str
    consumer_key: bytes
    consumer_secret: bytes
    webhook_secret: bytes | None
    previous_webhook_secret: bytes | None
    previous_webhook_secret_until: datetime | None
    auth_mode: str
    ca_file: str
    allow_private: bool
    warehouse_id: int
    settings: Mapping[str, object]
    capabilities: Mapping[str, object]
    fingerprint: str
    created_at: datetime


SELECT = """
SELECT id, key, name, url, state, consumer_key, consumer_secret, webhook_secret,
  previous_webhook_secret, previous_webhook_secret_until, auth_mode, ca_file, allow_private,
  warehouse_id, settings, capabilities, fingerprint, created_at
FROM stores WHERE state <> 'removed'
"""
SECRETS = ("consumer_key", "consumer_secret", "webhook_secret", "previous_webhook_secret")
SEALED = """
SELECT id, key, consumer_key, consumer_secret, webhook_secret, previous_webhook_secret
FROM stores ORDER BY id FOR NO KEY UPDATE
"""
REMOVED = """
SELECT id FROM stores AS old WHERE state = 'removed' AND url = %s
  AND NOT EXISTS (SELECT 1 FROM stores WHERE key = %s AND state <> 'removed')
ORDER BY fingerprint <> '' DESC, key = %s DESC, id DESC LIMIT 1
"""
# Before a row is locked: `alone` would let that pass, and then each would wait for the other.
CHANGING = "LOCK TABLE stores IN ROW EXCLUSIVE MODE"
ALONE = "LOCK TABLE stores IN SHARE ROW EXCLUSIVE MODE"
TAKEN = "SELECT key FROM stores WHERE url = %s AND key <> %s AND state <> 'removed' LIMIT 1"
TWIN = """
SELECT key, url, state = 'removed' FROM stores AS other
WHERE fingerprint = %(fingerprint)s AND id <> %(id)s AND (state <> 'removed'
  OR EXISTS (SELECT 1 FROM links WHERE store_id = other.id)
  AND NOT EXISTS (SELECT 1 FROM links WHERE store_id = %(id)s))
ORDER BY state = 'removed', id LIMIT 1
"""
WAREHOUSE = "SELECT id FROM warehouses WHERE is_default"
NEW_WAREHOUSE = """
INSERT INTO warehouses (code, name, is_default) VALUES (%s, 'Main warehouse', true)
ON CONFLICT DO NOTHING
"""
WAREHOUSES = "SELECT id, name FROM warehouses WHERE deleted_at IS NULL ORDER BY id"
SUPPLIER = "SELECT id FROM suppliers WHERE name = %s"
NEW_SUPPLIER = "INSERT INTO suppliers (name) VALUES (%s) ON CONFLICT DO NOTHING"


async def save_default_warehouse(tx: Transaction) -> int:
    """Return the default warehouse, made on first need."""
    known = await sql.value(tx, WAREHOUSE)
    if known is None:
        await tx.execute(NEW_WAREHOUSE, (DEFAULT_WAREHOUSE,))
        known = await sql.value(tx, WAREHOUSE)
    return int(known)


async def load_warehouses(tx: Transaction) -> dict[int, str]:
    """Load the names of all warehouses by id."""
    return {int(number): str(name) for number, name in await sql.rows(tx, WAREHOUSES)}


async def save_default_supplier(tx: Transaction) -> int:
    """Return the supplier that pulled products belong to, made on first need."""
    known = await sql.value(tx, SUPPLIER, (DEFAULT_SUPPLIER,))
    if known is None:
        await tx.execute(NEW_SUPPLIER, (DEFAULT_SUPPLIER,))
        known = await sql.value(tx, SUPPLIER, (DEFAULT_SUPPLIER,))
    return int(known)


async def load(tx: Transaction, key: str, *, lock: bool = False) -> Store:
    """Load a store by key; raises UnknownStoreError.

    `lock` lets nobody else change it until the transaction ends.
    """
    if lock:
        await tx.execute(CHANGING)
    async with tx.cursor(row_factory=class_row(Store)) as cursor:
        await cursor.execute(
            SELECT + " AND key = %s" + (" FOR NO KEY UPDATE" if lock else ""), (key,)
        )
        found = await cursor.fetchone()
    if found is None:
        raise unknown(key)
    return found


def unknown(key: str) -> UnknownStoreError:
    """Say that there is no such store; also of one that the caller may not know of."""
    return UnknownStoreError(
        f"There is no store with the key {errors.shortened(key)!r}.",
        remedy="`woosync stores list` shows the stores; `woosync stores add` adds one.",
    )


async def load_sealed(tx: Transaction) -> list[tuple[int, str, dict[str, bytes]]]:
    """Load and lock the encrypted credentials of all stores, by column: (id, key, ciphertexts)."""
    await tx.execute(CHANGING)
    found = await sql.rows(tx, SEALED)
    return [
        (store_id, key, {name: bytes(v) for name, v in zip(SECRETS, values, strict=True) if v})
        for store_id, key, *values in found
    ]


def unsaved(key: str, values: Mapping[str, Any], *, now: datetime) -> Store:
    """Return a store as `save_new` would make it, for those who only look."""
    texts = dict.fromkeys(("name", "ca_file", "fingerprint"), "")
    credentials = dict.fromkeys(("consumer_key", "consumer_secret", "webhook_secret"), b"")
    rest: dict[str, Any] = {"id": 0, "state": "active", "auth_mode": "auto", "allow_private": False}
    rest |= dict.fromkeys(("previous_webhook_secret", "previous_webhook_secret_until"))
    documents: dict[str, Any] = {"settings": {}, "capabilities": {}}
    blank = {**texts, **credentials, **rest, **documents, "warehouse_id": 0, "created_at": now}
    return Store(**(blank | dict(values) | {"key": key}))


async def load_all(tx: Transaction) -> list[Store]:
    """Load all stores, oldest first."""
    async with tx.cursor(row_factory=class_row(Store)) as cursor:
        await cursor.execute(SELECT + " ORDER BY id")
        return await cursor.fetchall()


async def save_new(tx: Transaction, key: str, values: Mapping[str, object]) -> Store:
    """Save a new store; raises StoreExistsError and ShopTakenError.

    A store of the same address that was removed comes back, so that its records are known again.
    """
    await alone(tx)
    taken = await sql.value(tx, TAKEN, (values.get("url", ""), key))
    if taken is not None:
        raise ShopTakenError(
            f"The shop at {values['url']} is the store {taken!r} already; everything would be "
            "counted twice.",
            remedy=f"Use the store {taken}, or remove it first: `woosync stores remove {taken}`.",
        )
    removed = await sql.value(tx, REMOVED, (values.get("url", ""), key, key))
    if removed is not None:
        await save(tx, removed, dict(values) | {"key": key, "state": "active"})
        return await load(tx, key)
    given = _adapted(values) | {"key": key, "warehouse_id": await save_default_warehouse(tx)}
    statement = compose.SQL("INSERT INTO stores ({}) VALUES ({}) ON CONFLICT DO NOTHING").format(
        compose.SQL(", ").join(map(compose.Identifier, given)),
        compose.SQL(", ").join(map(compose.Placeholder, given)),
    )
    if not (await tx.execute(statement, given)).rowcount:
        raise StoreExistsError(
            f"A store with the key {key!r} exists already.",
            remedy="Choose another key, or `woosync stores remove` the old one first.",
        )
    return await load(tx, key)


async def alone(tx: Transaction) -> None:
    """Let nobody else make a store, or say which shop one is, until the transaction ends."""
    await tx.execute(ALONE)


async def load_twin(
    tx: Transaction, store_id: int, fingerprint: str
) -> tuple[str, str, bool] | None:
    """Return key, address and "was removed" of another store that stands for the same shop.

    A removed one counts while its records are here, and none of the store that asks.
    """
    if not fingerprint:
        return None
    for other, url, removed in await sql.rows(
        tx, TWIN, {"fingerprint": fingerprint, "id": store_id}
    ):
        return str(other), str(url), bool(removed)
    return None


async def save(tx: Transaction, store_id: int, values: Mapping[str, object]) -> None:
    """Change columns of a store."""
    sets = [
        compose.SQL("{} = {}").format(compose.Identifier(column), compose.Placeholder(column))
        for column in values
    ]
    statement = compose.SQL("UPDATE stores SET {}, updated_at = now() WHERE id = {}").format(
        compose.SQL(", ").join(sets), compose.Literal(store_id)
    )
    await tx.execute(statement, _adapted(values))


def _adapted(values: Mapping[str, object]) -> dict[str, object]:
    return {
        column: Jsonb(value) if isinstance(value, Mapping) else value
        for column, value in values.items()
    }
