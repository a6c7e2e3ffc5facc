"""One module a noun; `ROUTERS` is the one list of what the API consists of.

How to add a noun:

1. `routes/<noun>.py` with `router = routing.guarded("/api/<noun>", "<noun>")`, which makes every
   route need a token of a viewer. A route that changes something takes more:
   `@router.post("", dependencies=[access.OPERATOR])` or `access.ADMIN`. What needs no token at all
   is in `routing.unguarded(...)`, and by name in the test of the security list.
2. Its module into `ROUTERS` (or `PER_STORE`, where it is about one store: then it is served under
   `/api/woocommerce-sync/...?store=key` and `/api/woocommerce-sync/stores/{store}/...` alike, and
   its routes take `store: dependencies.Store`; its prefix begins after `/api/woocommerce-sync`).
3. Parameters: `opened: dependencies.Opened` is the application (`opened.database.transaction()`,
   `opened.replica` for reports, `opened.clock()`), `who: access.Who` the caller (`who.name` is the
   actor for logs). Ids are `schemas.Id`. Bodies derive from `schemas.Body` (camelCase, unknown
   fields are 422), answers from `schemas.Answer` and stand in `response_model`.
4. Raise, never answer, errors: `problems.not_found("customer", id)`,
   `problems.ProblemError(HTTPStatus.PRECONDITION_FAILED, "...")`, or let the project's own errors
   go up; a new class of error gets its status in `problems.STATUSES`.
5. What must run with the server (a writer, a cache) is an async context manager taking the FastAPI
   app, in `LIFESPANS`; it may put things on `app.state`. What must see raw requests before FastAPI
   does is an ASGI middleware class taking `(app, api)`, where `api` is the FastAPI app, in
   `MIDDLEWARE`: it stands outside of everything else, body limit and security headers included.
6. Tests: the fixture `api` of `tests/acceptance/api/conftest.py` serves a database of its own and a
   simulated store over real HTTP: `await api.get("/api/...", role="viewer")`.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from types import ModuleType
from typing import Any

import fastapi

from woosync.entrypoints.api import deliveries, keeping, starting, streaming
from woosync.entrypoints.api.routes import (
    analytics,
    connecting,
    connection,
    customers,
    deciding,
    documents,
    export,
    health,
    inventory,
    login,
    metrics,
    products,
    pulling,
    purchase_orders,
    pushing,
    receiving,
    refunds,
    reports,
    rules,
    runs,
    status,
    stocking,
    stores,
    suppliers,
    syncing,
    users,
    warehouses,
    webhooks,
)

BASE = starting.BASE
ROUTERS: tuple[ModuleType, ...] = (
    documents,
    health,
    metrics,
    login,
    users,
    connecting,
    stores,
    customers,
    products,
    suppliers,
    warehouses,
    inventory,
    purchase_orders,
)
PER_STORE: tuple[ModuleType, ...] = (
    connection,
    status,
    analytics,
    syncing,
    pushing,
    pulling,
    runs,
    reports,
    deciding,
    refunds,
    rules,
    stocking,
    export,
    webhooks,
    receiving,
)
LIFESPANS: tuple[Callable[[fastapi.FastAPI], AbstractAsyncContextManager[None]], ...] = (
    keeping.keeping,
    streaming.streaming,
    receiving.lifespan,
)
MIDDLEWARE: tuple[Callable[..., Any], ...] = (deliveries.Deliveries,)


def include(app: fastapi.FastAPI) -> None:
    """Give the app all routes; those under a store's own address are not documented twice."""
    for module in ROUTERS:
        app.include_router(module.router)
    for module in PER_STORE:
        app.include_router(module.router, prefix=BASE)
    for module in PER_STORE:
        app.include_router(
            module.router, prefix=f"{BASE}/stores/{{store}}", include_in_schema=False
        )
