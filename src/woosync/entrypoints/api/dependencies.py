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


async def _store(opened: Opened, store: schemas.StoreKey = bootstrap.DEFAULT_STORE) -> stores.Store:
    """Load the store of `/stores/{store}/...` or `?store=`, else the default one."""
    return await opened.load_store(store)


async def _any_store(opened: Opened, store: schemas.StoreKey | None = None) -> stores.Store | None:
    """Load the store that was asked for; None where none was, which means all of them."""
    return None if store is None else await opened.load_store(store)


#: The store that a request is about; 404 where there is none of that key.
Store = Annotated[stores.Store, fastapi.Depends(_store)]
#: As above, for reports and numbers that also make sense without a store.
AnyStore = Annotated[stores.Store | None, fastapi.Depends(_any_store)]
