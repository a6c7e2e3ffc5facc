"""Make a run of the stock protocol ready: the store's rules, warehouse and supplier."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from woosync.domain import conflict_policy
from woosync.flows.ingest import around
from woosync.flows.stock.job import Job, Options
from woosync.postgres import stores
from woosync.postgres.engine import Database
from woosync.woo.capabilities import Capabilities
from woosync.woo.client import StoreClient


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which store, how to reach it, and what to do."""

    database: Database
    store: stores.Store
    client: StoreClient
    capabilities: Capabilities
    policies: conflict_policy.Rules
    options: Options
    actor: str
    clock: Callable[[], datetime]
    run_id: int | None = None


async def prepare(wanted: Wanted) -> Job:
    """Return a run for a store; raises BadStockRulesError, BadMappingError."""
    store = wanted.store
    async with wanted.database.transaction() as tx:
        context = await around.load_context(
            tx,
            store,
            run_id=wanted.run_id,
            actor=wanted.actor,
            rules=wanted.policies,
            clock=wanted.clock,
        )
    return Job(
        database=wanted.database,
        client=wanted.client,
        capabilities=wanted.capabilities,
        store_key=store.key,
        context=context,
        options=wanted.options,
    )
