"""Writing to stores: pushes and what people decide about them, as methods of `Application`."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from woosync import errors
from woosync.bootstrap import opening, scheduling, stocking
from woosync.domain import ids
from woosync.flows import push
from woosync.flows import resolve as resolving
from woosync.flows import undo as undoing
from woosync.flows.ingest import stock_settings
from woosync.flows.pull import prepare as pull_prepare
from woosync.flows.push import prepare, previewing, refunding
from woosync.flows.push import rules as push_rules
from woosync.mapping import custom
from woosync.postgres import deciding, links, outbox, runs, stock_ops, stores

log = logging.getLogger("woosync")
#: A push of everything that waits looks after the levels again after so many parts.
CLAIMS = 5
#: The parts of a store's settings that people write, and what reads each.
SETTINGS: Mapping[str, Callable[[Mapping[str, object]], object]] = {
    "push": push_rules.rules_of,
    "mapping": custom.rules_of,
    "stock": stock_settings.rules_of,
    "policies": pull_prepare.check_policies,
    "schedule": scheduling.schedule_of,
}


class UnknownPartError(errors.RefusedError):
    """A store's settings have no such part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushing(stocking.Stocking):
    """Brings what changed here into stores."""

    async def push(
        self,
        key: str,
        chosen: push.Options,
        *,
        actor: str,
        on_plan: Callable[[dict[str, object]], None],
        run_id: int | None = None,
    ) -> push.Report:
        """Push customers, products and orders, as the run that was asked for if any.

        Raises the errors of the parts.
        """
        async with self.open_store(key) as (store, opened):
            opening.refuse_paused(store)
            log.debug("push starts", extra={"store": key, "url": store.url, "options": str(chosen)})
            job = prepare.Job(
                database=self.database,
                store=store,
                client=opened,
                learn=lambda: self.learn(store, opened),
                options=chosen,
                policies=pull_prepare.rules_of(store.settings),
                actor=actor,
                clock=self.clock,
                on_plan=on_plan,
                run_id=run_id,
            )
            report = await prepare.push(job)
            log.debug("push ended", extra={"store": key, "report": str(report)})
            return report

    async def push_changes(self, store_id: int) -> None:
        """Push what waits for a store; the worker calls it when something was changed here.

        Levels go first, also where none waits: a write may have been left open. They go again
        between parts of the rest. What another process is pushing is left to it.
        Raises the first error of the parts, after both had their turn.
        """
        key = await self._key_of_active(store_id)
        seen_to = False
        while key is not None:
            due = await self._due(store_id)
            failed: list[errors.WoosyncError] = []
            if outbox.STOCK in due or not seen_to:
                seen_to = True
                try:
                    await self.push_stock_changes(store_id)
                except errors.WoosyncError as error:
                    failed.append(error)
            if due - {outbox.STOCK}:
                try:
                    chosen = push.Options(claims=CLAIMS, automatic=True)
                    await self.push(key, chosen, actor="worker", on_plan=lambda _: None)
                except errors.WoosyncError as error:
                    failed.append(error)
            if failed:
                _raise_first(failed)
            if not due - {outbox.STOCK} or failed:
                return

    async def _due(self, store_id: int) -> set[str]:
        """Return the kinds of record of which something can be claimed now."""
        async with self.database.transaction() as tx:
            waiting = await outbox.load_waiting(tx, store_id)
        return {kind for kind, one in waiting.items() if one.next_at <= self.clock()}

    async def refund(self, key: str, order_id: int, wanted: refunding.Refund) -> int:
        """Refund an order (the store's id of it) in the store; return the refund's id there.

        Raises RefundRefusedError, RefundUnderWayError, OutcomeUnknown (ask again),
        and the errors of opening a store.
        """
        async with self.open_store(key) as (store, opened):
            opening.refuse_paused(store)
            async with self.database.transaction() as tx:
                known = await links.load_local_ids(tx, store.id, ids.Entity.ORDER, [order_id])
            if order_id not in known:
                raise refunding.UnknownOrderError(
                    f"There is no order {order_id} of the store {key}.",
                    remedy="Pull it first, and name it by the id that the store has for it.",
                )
            job = refunding.Job(
                database=self.database,
                client=opened,
                store_id=store.id,
                store_key=store.key,
                clock=self.clock,
            )
            return await refunding.refund(job, order_id, wanted)

    async def resolve(self, conflict_id: int, decision: resolving.Decision) -> resolving.Resolved:
        """Settle a conflict; both sides hear of it by the next push.

        Raises the errors of `flows.resolve`; a stale decision carries what the sides hold now.
        """
        return await resolving.resolve(self.database, conflict_id, decision, now=self.clock())

    async def resolve_all(
        self,
        decision: resolving.Decision,
        *,
        store_id: int | None = None,
        entity: str | None = None,
        field: str | None = None,
        among: Sequence[int] | None = None,
        limit: int = 1000,
    ) -> resolving.Settled:
        """Settle all open conflicts that the filter means (of `among`, if given), one by one."""
        wanted = deciding.Filter(store_id=store_id, entity=entity, field=field, among=among)
        async with self.database.transaction() as tx:
            found = await deciding.load_open_ids(tx, wanted, limit=limit)
        return await resolving.resolve_all(self.database, found, decision, now=self.clock())

    async def undo(self, run_id: int, options: undoing.Options, *, actor: str) -> undoing.Report:
        """Put back what a run changed, here at once and in stores by the next push.

        Raises NothingToUndoError, UndoTooWideError.
        """
        return await undoing.undo(self.database, run_id, options, actor=actor, now=self.clock())

    async def preview_mapping(
        self, key: str, rules: list[object] | None = None, *, limit: int = 10
    ) -> list[previewing.Line]:
        """Show what rules of custom fields (a store's own without any) make of real records.

        Raises BadMappingError.
        """
        store = await self.load_store(key)
        given = store.settings if rules is None else {"mapping": rules}
        return await previewing.preview(self.database, store, custom.rules_of(given), limit=limit)

    async def change_settings(self, key: str, parts: Mapping[str, object]) -> Mapping[str, object]:
        """Replace the `SETTINGS` that are named; return all settings.

        Raises BadRulesError, BadMappingError, BadStockRulesError, BadPolicyError, BadScheduleError
        before anything is saved, and UnknownPartError.
        """
        await self.load_store(key)
        unknown = sorted(set(parts) - set(SETTINGS))
        if unknown:
            raise UnknownPartError(
                f"The settings of a store have no part {unknown[0]!r}.",
                remedy=f"There are {', '.join(SETTINGS)}.",
            )
        for name in parts:
            SETTINGS[name](parts)
        async with self.database.transaction() as tx:
            await stock_settings.check_warehouses(tx, parts)
            known = await stores.load(tx, key, lock=True)
            changed = {**known.settings, **parts}
            await stores.save(tx, known.id, {"settings": changed})
        return changed

    async def _key_of_active(self, store_id: int) -> str | None:
        async with self.database.transaction() as tx:
            found = [one for one in await stores.load_all(tx) if one.id == store_id]
        return found[0].key if found and found[0].state == "active" else None


def _raise_first(failed: list[errors.WoosyncError]) -> None:
    """Raise what stopped a push, unless another process is doing the same work."""
    for error in failed:
        if not isinstance(error, runs.RunUnderWayError | stock_ops.StockBusyError):
            raise error
