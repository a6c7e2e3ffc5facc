"""Opening stores: settings and saved credentials become clients; the base of `Application`."""

import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import structs

from woosync import errors
from woosync import settings as configuration
from woosync.flows import connect
from woosync.flows.ingest import accounting
from woosync.postgres import engine, secrets, stores
from woosync.settings import keyfile
from woosync.woo import address, capabilities, client, options, probe

log = logging.getLogger("woosync")
DEFAULT_STORE = "default"
KEYS = ("consumer_key", "consumer_secret")
CREDENTIALS = (*KEYS, "webhook_secret")
#: So long a webhook secret that was replaced still opens.
OLD_SECRET = timedelta(days=1)


class StorePausedError(errors.RefusedError):
    """Somebody said that this store is to be left alone."""


def refuse_paused(store: stores.Store) -> None:
    """Raise StorePausedError for a store that is to be left alone."""
    if store.state == "paused":
        raise StorePausedError(
            f"The store {store.key} is paused.",
            remedy=f"Resume it: `woosync stores resume {store.key}`.",
        )


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """An open database and the settings; opens stores.

    `replica` is where reports are read: the same database unless the settings name another.
    """

    settings: configuration.Settings
    database: engine.Database
    replica: engine.Database
    clock: Callable[[], datetime] = field(default=utc_now)

    def keyring(self) -> secrets.Keyring:
        """Return the keys of stored credentials; the key file is made on first need."""
        return secrets.Keyring(self.settings.secret_keys or keyfile.load(self.settings.data_folder))

    @contextlib.asynccontextmanager
    async def open_store(
        self, key: str = DEFAULT_STORE
    ) -> AsyncIterator[tuple[stores.Store, client.StoreClient]]:
        """Open a store by key; the default one follows the settings.

        Raises UnknownStoreError, BadSettingsError, SecretUnreadableError, StoreNotAllowed.
        """
        store, changes = await self._load_with_changes(key)
        async with client.StoreClient(self._store_options(store, changes)) as opened:
            if changes:
                await connect.adopt(self.database, store, opened, changes, now=self.clock())
                store = await self.load_store(key)
            try:
                yield store, opened
            finally:
                await self._save_calls(store, opened)

    @contextlib.asynccontextmanager
    async def look_at_store(
        self, key: str = DEFAULT_STORE
    ) -> AsyncIterator[tuple[stores.Store, client.StoreClient]]:
        """Open a store as `open_store` does, and save nothing, not even a store that is new."""
        async with self.database.transaction() as tx:
            try:
                saved = await stores.load(tx, key)
            except stores.UnknownStoreError:
                if key != DEFAULT_STORE:
                    raise
                if not self.settings.site_url:
                    raise _nothing_set() from None
                given = self._wanted() | self._sealed(*CREDENTIALS)
                saved = stores.unsaved(key, given, now=self.clock())
        store = structs.replace(saved, **self._changes(saved))
        async with client.StoreClient(self._store_options(store, {})) as opened:
            yield store, opened

    async def _save_calls(self, store: stores.Store, opened: client.StoreClient) -> None:
        """Count the requests that no flow has counted; what fails here must hide no error."""
        if opened.calls.pending:
            with contextlib.suppress(errors.WoosyncError):
                async with self.database.transaction(relaxed=True) as tx:
                    await accounting.save_calls(tx, store.id, opened)

    async def learn(
        self, store: stores.Store, opened: client.StoreClient, *, refresh: bool = False
    ) -> capabilities.Capabilities:
        """Return what a store can do, asked anew when what is known is old, or to `refresh`."""
        return await connect.load_capabilities(
            self.database, store, opened, now=self.clock(), refresh=refresh
        )

    async def examine(self, key: str = DEFAULT_STORE) -> tuple[probe.Finding, ...]:
        """Look a store over with the settings as they are now; saves and changes nothing."""
        store, changes = await self._load_with_changes(key)
        async with client.StoreClient(self._store_options(store, changes)) as opened:
            return await connect.check_store(self.database, store, opened)

    async def load_store(self, key: str = DEFAULT_STORE) -> stores.Store:
        """Load a store by key; the default one is made on first need.

        What the settings change about it counts when `open_store` has tried it.
        Raises UnknownStoreError, BadSettingsError, StoreNotAllowed.
        """
        if key == DEFAULT_STORE and self.settings.site_url:
            await self._save_default()
        async with self.database.transaction() as tx:
            try:
                return await stores.load(tx, key)
            except stores.UnknownStoreError:
                if key == DEFAULT_STORE:
                    raise _nothing_set() from None
                raise

    async def make_default(self) -> None:
        """Make the store of the settings, if they name one; what stands against it is logged."""
        if not self.settings.site_url:
            return
        try:
            await self._save_default()
        except (errors.RefusedError, errors.PermanentError) as error:
            log.warning("no store of the settings", extra={"cause": error.message})

    def sealed(self, store_key: str, plain: dict[str, str]) -> dict[str, object]:
        """Encrypt credentials for the columns of a store; an empty one becomes NULL."""
        ring = self.keyring()
        return {
            column: ring.encrypt(value, store_key=store_key, column=column) if value else None
            for column, value in plain.items()
        }

    def opened(self, store: stores.Store, column: str) -> str:
        """Decrypt a credential of a store; empty where there is none."""
        sealed = getattr(store, column)
        if sealed is None:
            return ""
        return self.keyring().decrypt(bytes(sealed), store_key=store.key, column=column)

    def replaced(self, store: stores.Store, plain: dict[str, str]) -> dict[str, object]:
        """Encrypt credentials that take the place of a store's.

        An old webhook secret is kept for a while: what is on its way is signed with it.
        """
        new = self.sealed(store.key, plain)
        if "webhook_secret" not in plain:
            return new
        try:
            old = self.opened(store, "webhook_secret")
        except secrets.SecretUnreadableError:
            old = ""
        kept = self.sealed(store.key, {"previous_webhook_secret": old})
        return new | kept | {"previous_webhook_secret_until": self.clock() + OLD_SECRET}

    async def rekey(self) -> int:
        """Encrypt stored credentials anew where an older key did; return how many it were.

        All or none: raises SecretUnreadableError when a key is not here any more.
        """
        ring, renewed = self.keyring(), 0
        async with self.database.transaction() as tx:
            for store_id, store_key, sealed in await stores.load_sealed(tx):
                stale = {
                    column: ring.decrypt(value, store_key=store_key, column=column)
                    for column, value in sealed.items()
                    if not ring.is_newest(value)
                }
                if stale:
                    await stores.save(tx, store_id, self.sealed(store_key, stale))
                renewed += len(stale)
        return renewed

    async def _save_default(self) -> None:
        """Make the default store of the settings; one that is there gets the webhook secret."""
        async with self.database.transaction() as tx:
            try:
                store = await stores.load(tx, DEFAULT_STORE)
            except stores.UnknownStoreError:
                new = self._wanted() | self._sealed(*CREDENTIALS)
                with contextlib.suppress(stores.StoreExistsError):  # another process was quicker
                    await stores.save_new(tx, DEFAULT_STORE, new)
            else:
                if self._differs(store, "webhook_secret"):
                    plain = {"webhook_secret": self.settings.webhook_secret}
                    await stores.save(tx, store.id, self.replaced(store, plain))

    async def _load_with_changes(self, key: str) -> tuple[stores.Store, dict[str, object]]:
        """Load a store, and what the settings say otherwise of it, to be tried before it is saved.

        Keys that the settings leave empty stay, but they are not sent to another address.
        """
        store = await self.load_store(key)
        return store, self._changes(store)

    def _changes(self, store: stores.Store) -> dict[str, Any]:
        if store.key != DEFAULT_STORE or not self.settings.site_url:
            return {}
        changes: dict[str, Any] = {
            name: v for name, v in self._wanted().items() if getattr(store, name) != v
        }
        if "url" in changes or any(self._differs(store, column) for column in KEYS):
            changes |= self._sealed(*KEYS)
        if changes:  # what was learned of the store is asked for again
            changes |= {"auth_mode": options.AuthMode.AUTO.value, "capabilities": {}}
        return changes

    def _wanted(self) -> dict[str, object]:
        given = self.settings
        return {
            "url": address.normalise(given.site_url, allow_private=given.allow_private_stores),
            "ca_file": str(given.ca_file or ""),
            "allow_private": given.allow_private_stores,
        }

    def _sealed(self, *columns: str) -> dict[str, object]:
        return self.sealed(DEFAULT_STORE, {name: getattr(self.settings, name) for name in columns})

    def _differs(self, store: stores.Store, column: str) -> bool:
        """Tell whether the settings have another secret; left empty, they say nothing."""
        value = getattr(self.settings, column)
        try:
            return bool(value) and self.opened(store, column) != value
        except secrets.SecretUnreadableError:
            return True

    def _store_options(
        self, saved: stores.Store, changes: Mapping[str, Any]
    ) -> options.StoreOptions:
        store = structs.replace(saved, **changes)
        key, secret = (self.opened(store, column) for column in KEYS)
        if not key or not secret:
            raise _no_keys(store.key)
        given = self.settings
        return options.StoreOptions(
            url=store.url,
            key=key,
            secret=secret,
            ca_file=Path(store.ca_file) if store.ca_file else None,
            allow_private=store.allow_private,
            auth=options.AuthMode(store.auth_mode),
            timeout=given.timeout,
            retries=given.retries,
            backoff=given.backoff,
            rate_limit=given.rate_limit,
            concurrency=given.concurrency,
        )


def _nothing_set() -> configuration.BadSettingsError:
    return configuration.BadSettingsError(
        "No store is set up: WOOCOMMERCE_SITE_URL is not set.",
        remedy="Run `woosync init`, or put address and keys into .env.local (see "
        ".env.woocommerce.example).",
    )


def _no_keys(key: str) -> configuration.BadSettingsError:
    remedy = "Set WOOCOMMERCE_CONSUMER_KEY and WOOCOMMERCE_CONSUMER_SECRET, or run `woosync init`."
    if key != DEFAULT_STORE:
        remedy = f"Give them: `woosync stores update {key} --key ck_... --secret cs_...`."
    return configuration.BadSettingsError(
        f"The store {key} has no consumer key and secret.", remedy=remedy
    )
