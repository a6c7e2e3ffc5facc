"""Reading stores: pulls and audits, as methods of `Application`."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from woosync.bootstrap import opening
from woosync.flows import audit, connect, pull
from woosync.flows.pull import prepare
from woosync.woo import capabilities

log = logging.getLogger("woosync")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(opening.Opening):
    """Brings what stores say into the database."""

    async def pull(
        self,
        key: str,
        chosen: pull.Options,
        *,
        actor: str,
        on_progress: pull.OnProgress,
        on_plan: Callable[[dict[str, object]], None],
        run_id: int | None = None,
    ) -> pull.Report:
        """Pull a store, as the run that was asked for if any; a dry run writes nothing at all."""
        opened_so = self.look_at_store if chosen.dry_run else self.open_store
        async with opened_so(key) as (store, opened):
            opening.refuse_paused(store)

            async def learn() -> capabilities.Capabilities:
                if chosen.dry_run:
                    return await connect.look(self.database, store, opened, now=self.clock())
                return await self.learn(store, opened, refresh=chosen.full or chosen.force)

            log.debug("pull starts", extra={"store": key, "url": store.url, "options": str(chosen)})
            job = prepare.Job(
                database=self.database,
                store=store,
                client=opened,
                learn=learn,
                options=chosen,
                actor=actor,
                clock=self.clock,
                on_progress=on_progress,
                on_plan=on_plan,
                run_id=run_id,
            )
            report = await prepare.pull(job)
            log.debug("pull ended", extra={"store": key, "report": str(report)})
            return report

    async def audit(self, key: str) -> list[audit.Agreement]:
        """Compare a store with the back office; raises the errors of the parts."""
        async with self.open_store(key) as (store, opened):
            found = await self.learn(store, opened)
            return await audit.audit(
                audit.Audit(
                    database=self.database,
                    client=opened,
                    capabilities=found,
                    store_id=store.id,
                    warehouse_id=store.warehouse_id,
                )
            )
