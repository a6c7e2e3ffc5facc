"""What routes are handed: the application, what this server is made of, the store asked for."""

from dataclasses import dataclass, field
from typing import Annotated

import fastapi

from woosync import bootstrap
from woosync.entrypoints.api import limits, schemas, signing
from woosync.postgres import stores


@dataclass(frozen=True, slots=True)
class Serving:
    """What one server process is made of, besides the application."""

    signer: signing.Signer
    budget: limits.Limits = field(default_factory=limits.Limits)


def _opened(request: fastapi.Request) -> bootstrap.Application:
    found: bootstrap.Application = request.app.state.opened
    return found


def _served(request: fastapi.Request) -> Serving:
    found: Serving = request.app.state.served
    return found


Opened = Annotated[bootstrap.Application, fastapi.Depends(_opened)]
Served = Annotated[Serving, fastapi.Depends(_served)]


async def _store(
    request: fastapi.Request, opened: Opened, store: schemas.StoreKey | None = None
) -> stores.Store:
    """Load the store of `/stores/{store}/...` or `?store=`, else the default one."""
    only = _only_store(request)
    if store is None and only is not None:
        return await _load_only(opened, only)
    found = await opened.load_store(store or bootstrap.DEFAULT_STORE)
    if only is not None and found.id != only:
        raise stores.unknown(found.key)
    return found


def _only_store(request: fastapi.Request) -> int | None:
    """Return the one store that the caller's token is for, if it is for one."""
    only: int | None = getattr(request.state, "only_store", None)
    return only


async def _load_only(opened: Opened, store_id: int) -> stores.Store:
    async with opened.database.transaction() as tx:
        for store in await stores.load_all(tx):
            if store.id == store_id:
                return store
    raise stores.unknown("of this token")


async def _any_store(
    request: fastapi.Request, opened: Opened, store: schemas.StoreKey | None = None
) -> stores.Store | None:
    """Load the store that was asked for; None where none was, which means all of them."""
    if store is None and _only_store(request) is None:
        return None
    return await _store(request, opened, store)


#: The store that a request is about; 404 where there is none of that key.
Store = Annotated[stores.Store, fastapi.Depends(_store)]
#: As above, for reports and numbers that also make sense without a store.
AnyStore = Annotated[stores.Store | None, fastapi.Depends(_any_store)]
