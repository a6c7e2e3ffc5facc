"""The FastAPI app: `create_app` wires an open application to the routes; `document` needs none."""

import contextlib
import importlib.metadata
from collections.abc import AsyncIterator
from typing import Any

import fastapi

from woosync import bootstrap
from woosync.entrypoints.api import dependencies, problems, routes, shield

DESCRIPTION = """
Keeps a business back office and WooCommerce stores in agreement, both ways.

Log in at `/api/auth/login`, or make a service token with `woosync tokens add`, and send it as
`Authorization: Bearer <token>`. Everything under `/api/woocommerce-sync` takes `?store=key`; the
same addresses exist under `/api/woocommerce-sync/stores/{key}/`. Errors are problem documents
(RFC 9457) with a correlation id.
"""


@contextlib.asynccontextmanager
async def _lifespan(app: fastapi.FastAPI) -> AsyncIterator[None]:
    async with contextlib.AsyncExitStack() as stack:
        for lifespan in routes.LIFESPANS:
            await stack.enter_async_context(lifespan(app))
        yield


def create_app(opened: bootstrap.Application, served: dependencies.Serving) -> fastapi.FastAPI:
    """Return the ASGI app that serves this application."""
    app = _build()
    app.state.opened, app.state.served = opened, served
    app.add_middleware(shield.Shield)
    for middleware in routes.MIDDLEWARE:
        app.add_middleware(middleware, api=app)
    return app


def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    return _build().openapi()


class _App(fastapi.FastAPI):
    """FastAPI documents errors as JSON of any kind; ours are problem documents."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, made once."""
        if self.openapi_schema is None:
            for methods in super().openapi()["paths"].values():
                for operation in methods.values():
                    for said in operation["responses"].values():
                        content = said.get("content", {})
                        if "schemas/Problem" in str(content.get("application/json")):
                            content[problems.MEDIA_TYPE] = content.pop("application/json")
        return super().openapi()


def _build() -> fastapi.FastAPI:
    app = _App(
        title="woosync",
        version=importlib.metadata.version("woosync"),
        description=DESCRIPTION,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    problems.install(app)
    routes.include(app)
    return app
