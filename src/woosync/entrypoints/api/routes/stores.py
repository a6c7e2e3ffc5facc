"""store_models.Stores: add, change, pause, resume, remove and look over."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import fastapi

from woosync import bootstrap
from woosync.entrypoints.api import (
    access,
    dependencies,
    problems,
    routing,
    starting,
    store_models,
)
from woosync.flows.pull import prepare
from woosync.postgres import secrets, stores
from woosync.woo import address, options

PATH = f"{starting.BASE}/stores"
router = fastapi.APIRouter()
_seen = routing.guarded(PATH, "stores")
_changed = routing.guarded(PATH, "stores", role=access.ADMIN)

RESERVED = {"connect"}


def described(opened: bootstrap.Application, store: stores.Store) -> store_models.Store:
    """Return a store as callers see it."""
    return store_models.Store(
        key=store.key,
        name=store.name,
        url=store.url,
        state=store.state,
        auth_mode=store.auth_mode,
        version=str(store.capabilities.get("version", "")),
        consumer_key=_last(opened, store),
        has_webhook_secret=store.webhook_secret is not None,
        policies=_part(store.settings, "policies"),
        schedule=_part(store.settings, "schedule"),
    )


def _part(settings: Mapping[str, object], name: str) -> dict[str, Any]:
    found = settings.get(name)
    return dict(found) if isinstance(found, Mapping) else {}


def _last(opened: bootstrap.Application, store: stores.Store) -> str:
    """Return the last four characters of the key, which tell keys apart and nothing else."""
    try:
        key = opened.opened(store, "consumer_key")
    except secrets.SecretUnreadableError:
        return "unreadable"
    return f"...{key[-4:]}" if key else ""


@_seen.get("", response_model=store_models.Stores)
async def list_stores(
    opened: dependencies.Opened, only: dependencies.AnyStore
) -> store_models.Stores:
    """List the stores."""
    async with opened.database.transaction() as tx:
        found = await stores.load_all(tx)
    kept = [store for store in found if only is None or store.id == only.id]
    return store_models.Stores(stores=[described(opened, store) for store in kept])


@_seen.get("/{store}", response_model=store_models.Store)
async def get_store(opened: dependencies.Opened, store: dependencies.Store) -> store_models.Store:
    """Show a store."""
    return described(opened, store)


@_changed.post("", response_model=store_models.Store, status_code=201)
async def add_store(opened: dependencies.Opened, body: store_models.NewStore) -> store_models.Store:
    """Add a store; its address must lead out of private networks."""
    if body.key in RESERVED:
        raise stores.StoreExistsError(f"The key {body.key} is taken.", remedy="Choose another.")
    private = opened.settings.allow_private_stores
    new: dict[str, object] = {
        "url": address.normalise(body.url, allow_private=private),
        "allow_private": private,
        "ca_file": "",
        "settings": _settings({}, body),
    }
    async with opened.database.transaction() as tx:
        made = await stores.save_new(tx, body.key, new | opened.sealed(body.key, body.secrets()))
    return described(opened, made)


@_changed.patch("/{store}", response_model=store_models.Store)
async def change_store(
    opened: dependencies.Opened, store: dependencies.Store, body: store_models.ChangedStore
) -> store_models.Store:
    """Change a store; another address needs the keys given again."""
    async with opened.database.transaction() as tx:
        known = await stores.load(tx, store.key, lock=True)  # others may be changing it too
        if known.id != store.id:  # removed and made anew; the caller was let in to the old one
            raise stores.unknown(store.key)
        changes = opened.replaced(known, body.secrets()) | _moved(opened, known, body)
        if changes:
            changes |= {"auth_mode": options.AuthMode.AUTO.value, "capabilities": {}}
        changes["settings"] = _settings(known.settings, body)
        await stores.save(tx, known.id, changes)
        return described(opened, await stores.load(tx, known.key))


def _moved(
    opened: bootstrap.Application, known: stores.Store, body: store_models.ChangedStore
) -> dict[str, object]:
    if body.url is None:
        return {}
    url = address.normalise(body.url, allow_private=opened.settings.allow_private_stores)
    if url != known.url and body.consumer_key is None:
        raise problems.ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "Keys are not sent to another address than they were given for.",
            remedy="Give consumerKey and consumerSecret with the new url.",
        )
    return {"url": url}


@_changed.delete("/{store}", status_code=204)
async def remove_store(opened: dependencies.Opened, store: dependencies.Store) -> None:
    """Forget a store and its keys; what was pulled from it stays."""
    gone: dict[str, object] = dict.fromkeys(bootstrap.CREDENTIALS)
    async with opened.database.transaction() as tx:
        await stores.save(tx, store.id, {"state": "removed", **gone})


@_seen.post("/{store}/pause", response_model=store_models.Store, dependencies=[access.OPERATOR])
async def pause_store(opened: dependencies.Opened, store: dependencies.Store) -> store_models.Store:
    """Leave a store alone until it is resumed."""
    return await _save(opened, store, {"state": "paused"})


@_seen.post("/{store}/resume", response_model=store_models.Store, dependencies=[access.OPERATOR])
async def resume_store(
    opened: dependencies.Opened, store: dependencies.Store
) -> store_models.Store:
    """Take a paused store up again."""
    return await _save(opened, store, {"state": "active"})


@_seen.post("/{store}/probe", response_model=store_models.Probe, dependencies=[access.OPERATOR])
async def probe_store(opened: dependencies.Opened, store: dependencies.Store) -> store_models.Probe:
    """Look a store over: address, keys, clock, what it can do; changes nothing."""
    findings = await opened.examine(store.key)
    return store_models.Probe(
        findings=[
            store_models.Finding(
                name=one.name, state=one.state.value, says=one.says, remedy=one.remedy
            )
            for one in findings
        ]
    )


async def _save(
    opened: bootstrap.Application, store: stores.Store, changes: Mapping[str, object]
) -> store_models.Store:
    async with opened.database.transaction() as tx:
        await stores.save(tx, store.id, changes)
        return described(opened, await stores.load(tx, store.key))


def _settings(known: Mapping[str, object], body: store_models.ChangedStore) -> dict[str, object]:
    """Return a store's settings with what was given; raises BadPolicyError."""
    changed = dict(known)
    if body.policies is not None:
        changed["policies"] = body.policies.model_dump()
    if body.schedule is not None:
        changed["schedule"] = body.schedule.model_dump()
    if body.policies is not None:
        prepare.check_policies(changed)
    return changed


router.include_router(_changed)
router.include_router(_seen)
