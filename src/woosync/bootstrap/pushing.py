"""Writing to stores: pushes and what people decide about them, as methods of `Application`."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from woosync.bootstrap import opening
from woosync.flows import connect, push
from woosync.flows.pull import prepare as pull_prepare
from woosync.flows.push import prepare
from woosync.postgres import runs, stores
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

    async def _key_of_active(self, store_id: int) -> str | None:
        async with self.database.transaction() as tx:
            found = [one for one in await stores.load_all(tx) if one.id == store_id]
        return found[0].key if found and found[0].state == "active" else None
