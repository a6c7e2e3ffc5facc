"""Writing to stores: pushes and what people decide about them, as methods of `Application`."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from woosync.bootstrap import opening
from woosync.flows import connect, push
from woosync.flows import resolve as resolving
from woosync.flows import undo as undoing
from woosync.flows.pull import prepare as pull_prepare
from woosync.flows.push import prepare, previewing
from woosync.mapping import custom
from woosync.postgres import deciding, runs, stores
from woosync.woo import capabilities

log = structlog.stdlib.get_logger("woosync")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushing(opening.Opening):
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

            async def learn() -> capabilities.Capabilities:
                return await connect.load_capabilities(
                    self.database, store, opened, now=self.clock(), refresh=False
                )

            log.debug("push starts", store=key, url=store.url, options=str(chosen))
            job = prepare.Job(
                database=self.database,
                store=store,
                client=opened,
                learn=learn,
                options=chosen,
                policies=pull_prepare.rules_of(store.settings),
                actor=actor,
                clock=self.clock,
                on_plan=on_plan,
                run_id=run_id,
            )
            report = await prepare.push(job)
            log.debug("push ended", store=key, report=str(report))
            return report

    async def push_changes(self, store_id: int) -> None:
        """Push what waits for a store; the worker calls it when something was changed here."""
        key = await self._key_of_active(store_id)
        if key is None:
            return
        # Another process that pushes to the store takes this up too.
        with contextlib.suppress(runs.RunUnderWayError):
            await self.push(key, push.Options(), actor="worker", on_plan=lambda _: None)

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
        limit: int = 1000,
    ) -> resolving.Settled:
        """Settle all open conflicts that the filter means, each by itself."""
        async with self.database.transaction() as tx:
            found = await deciding.load_open_ids(
                tx, store_id=store_id, entity=entity, field=field, limit=limit
            )
        return await resolving.resolve_all(self.database, found, decision, now=self.clock())

    async def undo(self, run_id: int, *, actor: str, dry_run: bool = False) -> undoing.Report:
        """Put back what a run changed, here at once and in stores by the next push."""
        return await undoing.undo(
            self.database, run_id, actor=actor, now=self.clock(), dry_run=dry_run
        )

    async def preview_mapping(
        self, key: str, rules: list[object] | None = None, *, limit: int = 10
    ) -> list[previewing.Line]:
        """Show what rules of custom fields (a store's own without any) make of real records.

        Raises BadMappingError.
        """
        store = await self.load_store(key)
        given = store.settings if rules is None else {"mapping": rules}
        return await previewing.preview(self.database, store, custom.rules_of(given), limit=limit)

    async def _key_of_active(self, store_id: int) -> str | None:
        async with self.database.transaction() as tx:
            found = [one for one in await stores.load_all(tx) if one.id == store_id]
        return found[0].key if found and found[0].state == "active" else None
