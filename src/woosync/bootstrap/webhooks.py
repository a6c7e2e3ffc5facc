"""Webhooks: receiving, applying, registering, as methods of `Application`."""

import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from woosync import errors, jobs
from woosync.bootstrap import opening
from woosync.flows import apply, receive, webhooks
from woosync.flows.ingest.streams import ENTITIES
from woosync.flows.pull import prepare
from woosync.flows.receive import counting, directory
from woosync.postgres import deliveries, inbox, stores
from woosync.postgres import secrets as sealing

log = logging.getLogger("woosync")

SECRET_BYTES = 32
COLUMN = "webhook_secret"
REMEDY = "Change it there; the old one stays good for a day. Then run `woosync webhooks register`."


class SecretSetElsewhereError(errors.RefusedError):
    """The secret is in the settings, where only a person can change it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks(opening.Opening):
    """Hears what stores tell, and sees that they go on telling."""

    @contextlib.asynccontextmanager
    async def receiving(self) -> AsyncIterator[receive.Receiver]:
        """Take deliveries in while the block lasts."""
        box, counts = inbox.Inbox(self.database), counting.Refusals(self.database, self.clock)
        doors = directory.Directory(self._load_doors)
        try:
            async with counts.saving():
                yield receive.Receiver(doors, box, counts, self.clock)
        finally:
            await box.close()

    async def apply(self, store_id: int) -> apply.Report:
        """Apply what a store has delivered; the worker calls it when something came.

        Raises the errors of the parts; a paused store's deliveries wait.
        """
        async with self.database.transaction() as tx:
            waiting = await deliveries.is_waiting(tx, store_id, now=self.clock())
            found = [one for one in await stores.load_all(tx) if one.id == store_id]
        if not waiting or not found or found[0].state != "active":
            return apply.Report()
        async with self.open_store(found[0].key) as (store, opened):
            return await apply.apply(
                apply.Job(
                    database=self.database,
                    store=store,
                    client=opened,
                    learn=lambda: self.learn(store, opened),
                    rules=prepare.rules_of(store.settings),
                    clock=self.clock,
                )
            )

    async def register_webhooks(self, key: str, *, actor: str) -> list[webhooks.Change]:
        """Make or mend the webhooks of a store, with a secret if it has none yet."""
        store = await self.load_store(key)
        if not self.opened(store, COLUMN):
            await self._save_secret(store, secrets.token_hex(SECRET_BYTES))
        async with self._registration(key, actor=actor) as job:
            return await webhooks.register(job)

    async def look_at_webhooks(self, key: str) -> list[webhooks.Health]:
        """Look at the webhooks of a store; changes nothing."""
        async with self._registration(key, actor="") as job:
            return await webhooks.look(job)

    async def heal_webhooks(self, key: str, *, actor: str) -> list[webhooks.Health]:
        """Activate webhooks that WooCommerce has disabled, and ask for a pull to fill the gap."""
        async with self._registration(key, actor=actor) as job:
            healed = await webhooks.heal(job)
        if healed:
            work = jobs.Work(direction="pull", mode="incremental", entities=tuple(ENTITIES))
            await jobs.request(self.database, await self.load_store(key), work, actor=actor)
        return healed

    async def rotate_webhook_secret(self, key: str, *, actor: str) -> list[webhooks.Change]:
        """Give a store's webhooks a new secret; the old one is good for another day.

        Raises SecretSetElsewhereError, and what the client raises: then `register` goes on.
        """
        store = await self.load_store(key)
        if key == opening.DEFAULT_STORE and self.settings.webhook_secret:
            raise SecretSetElsewhereError(
                "The secret of this store is set by WOOCOMMERCE_WEBHOOK_SECRET.", remedy=REMEDY
            )
        await self._save_secret(store, secrets.token_hex(SECRET_BYTES))
        return await self.register_webhooks(key, actor=actor)

    async def replay_deliveries(self, key: str, ids: Sequence[int] | None) -> int:
        """Let deliveries be applied once more, all parked ones without `ids`; return how many."""
        store = await self.load_store(key)
        async with self.database.transaction() as tx:
            return await deliveries.replay(tx, store.id, ids)

    async def allow_addresses(self, key: str, allowed: Sequence[str]) -> None:
        """Say from which addresses a store's deliveries may come; none means from anywhere.

        Raises BadNetworkError.
        """
        directory.read_networks(allowed)
        await self.load_store(key)
        async with self.database.transaction() as tx:
            store = await stores.load(tx, key, lock=True)
            changed = dict(store.settings) | {"webhooks": {"allowed": list(allowed)}}
            await stores.save(tx, store.id, {"settings": changed})

    @contextlib.asynccontextmanager
    async def _registration(self, key: str, *, actor: str) -> AsyncIterator[webhooks.Registration]:
        async with self.open_store(key) as (store, opened):
            yield webhooks.Registration(
                database=self.database,
                client=opened,
                store_id=store.id,
                store_key=store.key,
                is_default=store.key == opening.DEFAULT_STORE,
                public_url=self.settings.public_url,
                secret=self.opened(store, COLUMN),
                actor=actor,
                clock=self.clock,
            )

    async def _save_secret(self, store: stores.Store, secret: str) -> None:
        async with self.database.transaction() as tx:
            await stores.save(tx, store.id, self.replaced(store, {COLUMN: secret}))

    async def _load_doors(self) -> Mapping[str, directory.Door]:
        """Load how the deliveries of every store are recognised, by its key."""
        await self.make_default()
        async with self.database.transaction() as tx:
            found = await stores.load_all(tx)
        return {store.key: self._door(store) for store in found}

    def _door(self, store: stores.Store) -> directory.Door:
        """Return a store's door; what cannot be read keeps it shut."""
        try:
            return directory.Door(
                store_id=store.id,
                secret=self.opened(store, COLUMN),
                previous_secret=self.opened(store, f"previous_{COLUMN}"),
                previous_until=store.previous_webhook_secret_until,
                networks=directory.networks_of(store.settings),
            )
        except (sealing.SecretUnreadableError, directory.BadNetworkError) as error:
            log.warning(
                "deliveries are refused", extra={"store": store.key, "cause": error.message}
            )
            return directory.Door(store_id=store.id, secret="")
