"""Putting a server together: the API and the dashboard, and the worker beside, in one process."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

from woosync import bootstrap, settings
from woosync.entrypoints import dashboard, worker
from woosync.entrypoints.api import app as api
from woosync.entrypoints.api import dependencies, server, signing
from woosync.settings import keyfile


def secret_of(given: settings.Settings) -> str:
    """Return what signs access tokens; raises BadSettingsError where nothing may."""
    alone = given.database_url is None
    return keyfile.signing_secret(given.jwt_secret, given.data_folder, alone=alone)


@contextlib.asynccontextmanager
async def keeping_database(opened: bootstrap.Application) -> AsyncIterator[None]:
    """Start the embedded database again when it ends, while the block lasts."""
    task = asyncio.create_task(opened.keep_database())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def serving(
    opened: bootstrap.Application,
    bound: socket.socket,
    *,
    secret: str,
    work: worker.Options | None,
) -> AsyncIterator[asyncio.Task[None]]:
    """Serve both while the block lasts, and work in the background unless `work` is None."""
    served = dependencies.Serving(signing.Signer(secret))
    app = api.create_app(opened, served)
    dashboard.include(app)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(keeping_database(opened))
        if work is not None:
            await stack.enter_async_context(worker.working(opened, work))
        proxies = opened.settings.trusted_proxies
        yield await stack.enter_async_context(server.serving(app, bound, proxies=proxies))
