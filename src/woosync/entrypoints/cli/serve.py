"""`woosync serve`: dashboard, API, and by default the background work, until it is stopped."""

import asyncio
import contextlib
from typing import Annotated

import typer

from woosync import bootstrap
from woosync.entrypoints import worker
from woosync.entrypoints.api import server
from woosync.entrypoints.cli import output, running, serving
from woosync.postgres import users

app = typer.Typer(add_completion=False)

PORT = 4000
Port = Annotated[int, typer.Option("--port", min=0, max=65_535, help="0: any free one.")]
Host = Annotated[str, typer.Option("--host", help="0.0.0.0 for every network of this machine.")]
WithWorker = Annotated[
    bool, typer.Option("--worker/--no-worker", help="Also do the background work.")
]


@app.command()
def command(*, host: Host = "127.0.0.1", port: Port = PORT, with_worker: WithWorker = True) -> None:
    """Serve dashboard and API, and do the background work; Ctrl-C or SIGTERM ends it cleanly.

    Behind a proxy that speaks TLS set WOOSYNC_TRUSTED_PROXIES and WOOSYNC_PUBLIC_URL.
    """
    loaded = running.load_settings()
    secret = serving.secret_of(loaded)
    bound = server.bind(host, port)

    async def work(opened: bootstrap.Application) -> None:
        options = worker.Options() if with_worker else None
        with contextlib.suppress(asyncio.CancelledError):
            async with serving.serving(opened, bound, secret=secret, work=options) as task:
                shown = f"[{host}]" if ":" in host else host
                address = f"http://{shown}:{bound.getsockname()[1]}"
                output.say(f"Serving at {address}, the API is described at {address}/docs")
                async with opened.database.transaction() as tx:
                    if not await users.load_all(tx):
                        output.say("Nobody may log in yet: woosync users add NAME --role admin")
                await asyncio.wait({task})
                await task

    running.run(work, loaded)
