"""Stock: what stores show, written and audited, as methods of `Application`."""

import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from woosync.bootstrap import opening
from woosync.flows import stock
from woosync.flows.pull import prepare as pull_prepare
from woosync.flows.stock import asking, holding
from woosync.postgres import outbox, stock_links, stock_ops, stores

log = logging.getLogger("woosync")
PLAIN = stock.Options()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stocking(opening.Opening):
    """Keeps the levels of stores at what they may sell."""

    async def push_stock(
        self,
        key: str,
        chosen: stock.Options = PLAIN,
        *,
        actor: str,
        run_id: int | None = None,
    ) -> stock.Report:
        """Write the levels that changed to a store, as the run that was asked for if any.

        Raises StockBrakeError before a run that would take away much, StockBusyError while
        another process writes, and the errors of reading the store.
        """
        async with self._stock_job(key, chosen, actor, run_id) as job:
            report = await stock.push(job)
            log.debug("stock push ended", extra={"store": key, "report": str(report)})
            return report

    async def push_stock_changes(self, store_id: int) -> None:
        """Write the levels that wait for a store; the worker calls it when stock moved here.

        What the brake stops is asked where people look: among the runs, and in `stock_status`.
        """
        async with self.database.transaction() as tx:
            active = {one.id: one.key for one in await stores.load_all(tx) if one.state == "active"}
        if store_id not in active:
            return
        try:
            await self.push_stock(active[store_id], actor="worker")
        except stock_ops.StockBusyError:
            pass  # another process that writes takes this up too
        except stock.StockBrakeError as stopped:
            await asking.ask(self.database, store_id, stopped, now=self.clock())

    async def audit_stock(
        self,
        key: str,
        *,
        actor: str,
        products: Sequence[int] | None = None,
        run_id: int | None = None,
    ) -> stock.Report:
        """Compare the store's levels with those expected and settle what they mean.

        Writes nothing to the store; a push does. Raises as `push_stock`.
        """
        chosen = stock.Options(products=None if products is None else tuple(products))
        async with self._stock_job(key, chosen, actor, run_id) as job:
            return await stock.audit(job)

    async def hold_stock(
        self, key: str, products: Sequence[int], *, reason: str, actor: str
    ) -> int:
        """Leave the levels of products (local ids) alone until they are released."""
        async with self._stock_job(key, PLAIN, actor) as job:
            return await holding.hold(job, products, reason=reason)

    async def release_stock(
        self, key: str, products: Sequence[int], *, take: holding.Take, actor: str
    ) -> int:
        """Decide about held levels: "store" takes the store's, "ours" writes ours over it."""
        async with self._stock_job(key, PLAIN, actor) as job:
            return await holding.release(job, products, take=take)

    async def limit_stock(self, key: str, product: int, *, units: int | None, actor: str) -> None:
        """Let a store sell at most so many units of goods that several stores share."""
        async with self._stock_job(key, PLAIN, actor) as job:
            await holding.limit(job, product, units=units)

    async def stock_status(self, key: str) -> dict[str, object]:
        """Count a store's levels by state, open operations and what waits to be written."""
        async with self.open_store(key) as (store, _), self.database.transaction() as tx:
            waiting = (await outbox.load_waiting(tx, store.id)).get(outbox.STOCK)
            return {
                "store": key,
                "levels": await stock_links.count(tx, store.id),
                "operations": {
                    state: {"count": count, "sent_since": since}
                    for state, (count, since) in (await stock_ops.count_open(tx, store.id)).items()
                },
                "waiting": waiting.count if waiting else 0,
                "waiting_since": waiting.since if waiting else None,
                "asks": await asking.asked(tx, store.id),
                "held": await stock_links.load_held(tx, store.id),
            }

    @contextlib.asynccontextmanager
    async def _stock_job(
        self, key: str, chosen: stock.Options, actor: str, run_id: int | None = None
    ) -> AsyncIterator[stock.Job]:
        async with self.open_store(key) as (store, opened):
            opening.refuse_paused(store)
            found = await self.learn(store, opened)
            yield await stock.prepare(
                stock.Wanted(
                    database=self.database,
                    store=store,
                    client=opened,
                    capabilities=found,
                    policies=pull_prepare.rules_of(store.settings),
                    options=chosen,
                    actor=actor,
                    clock=self.clock,
                    run_id=run_id,
                )
            )
