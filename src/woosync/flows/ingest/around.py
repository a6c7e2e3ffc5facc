"""What every flow does around its work: the context it begins with, the end it leaves in a row."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Required, TypedDict, Unpack

import msgspec

from woosync import errors
from woosync.domain import conflict_policy, ids
from woosync.flows.ingest import stock_settings
from woosync.flows.ingest.context import Context
from woosync.mapping import custom
from woosync.postgres import cursors, quarantine, runs, stores
from woosync.postgres.engine import Database, Transaction

Counts = Mapping[str, Mapping[str, int]]


class Said(TypedDict, total=False):
    """The fields of a context that the caller decides."""

    run_id: Required[int | None]
    actor: Required[str]
    rules: Required[conflict_policy.Rules]
    clock: Required[Callable[[], datetime]]
    force: bool
    dry_run: bool
    baseline_orders: bool


async def load_context(tx: Transaction, store: stores.Store, **said: Unpack[Said]) -> Context:
    """Return the context of a run for a store, with what the store's settings say of it.

    Raises BadStockRulesError and BadMappingError. In a dry run no default rows are made.
    """
    supplier_id, warehouse_id = 0, store.warehouse_id
    if not said.get("dry_run"):
        supplier_id = await stores.save_default_supplier(tx)
        warehouse_id = warehouse_id or await stores.save_default_warehouse(tx)
    return Context(
        store_id=store.id,
        store_key=store.key,
        warehouse_id=warehouse_id,
        supplier_id=supplier_id,
        quarantined=await quarantine.load_names(tx, store.id),
        stock=stock_settings.rules_of(store.settings),
        custom=custom.rules_of(store.settings),
        **said,
    )


class _Pulled(msgspec.Struct, frozen=True):
    watermark: datetime | None = None


async def has_read_orders(tx: Transaction, store_id: int) -> bool:
    """Tell whether a pull has ever read all orders: else the first levels hold what they took."""
    pulled = await cursors.load(tx, store_id, ids.Entity.ORDER.value, _Pulled)
    return pulled is not None and pulled.watermark is not None


async def note_end(
    database: Database, run_id: int, error: BaseException, counts: Counts | None = None
) -> None:
    """Note the end of a run that the flow itself did not get to close."""
    if isinstance(error, asyncio.CancelledError | KeyboardInterrupt):
        state, text = "interrupted", "stopped by a person"
    elif isinstance(error, errors.WoosyncError):
        state, text = "failed", error.message
    else:
        state, text = "failed", f"a defect of woosync: {type(error).__name__}"
    try:
        async with database.transaction() as tx:
            if any(run["state"] == "running" for run in await runs.load(tx, run_id=run_id)):
                await runs.finish(tx, run_id, state=state, counts=counts or {}, error=text)
    except errors.WoosyncError:
        return  # the database is what failed; the next run marks this one as interrupted
